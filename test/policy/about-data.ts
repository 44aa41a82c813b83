import * as policy from '../../src/policy/index.js';
import { EVERYBODY, type Kind, NOBODY, OWNER } from './callers.js';
import { ADMINS, admins, mock, own, OWNERS, ROOT, type Rows } from './cases.js';

const SIGNERS: readonly Kind[] = ['root', 'signer'];
const quota = { rse: 'SITE-DISK', localLimit: 10n };
const noQuota = { rse: 'SITE-DISK', localLimit: undefined };
const scratch = { rse: 'SITE-SCRATCHDISK', localLimit: 0n };

/** Who may do what with DIDs, copies and RSEs. */
export const aboutData = {
  mayChangeDids: [
    {
      what: 'add DIDs to a scope, attach and detach there',
      rucio: ['add_did', 'add_dids', 'attach_dids', 'detach_dids', 'create_did_sample'],
      ask: (caller) => policy.mayChangeDids(caller, own),
      here: OWNERS,
    },
    {
      what: 'the same in the scope `mock`',
      rucio: ['add_did', 'add_dids', 'attach_dids', 'detach_dids', 'create_did_sample'],
      ask: (caller) => policy.mayChangeDids(caller, mock),
      here: EVERYBODY,
    },
    ...admins(
      (caller) => policy.mayChangeDids(caller, [...own, { name: 'other', accountId: 98 }]),
      'the same in several scopes, one of them of somebody else',
      'attach_dids_to_dids',
    ),
  ],
  mayDescribeDids: [
    {
      what: 'set metadata in a scope, close collections there',
      rucio: ['set_metadata', 'set_metadata_bulk', 'set_status'],
      ask: (caller) => policy.mayDescribeDids(caller, own),
      here: OWNERS,
    },
    {
      what: 'the same in the scope `mock`',
      rucio: ['set_metadata', 'set_metadata_bulk', 'set_status'],
      ask: (caller) => policy.mayDescribeDids(caller, mock),
      here: EVERYBODY,
      there: ADMINS,
      by: 'playgroundForAll',
    },
  ],
  mayReopenDid: admins(policy.mayReopenDid, 'open a collection again', 'set_status'),
  mayResurrectDids: admins(policy.mayResurrectDids, 'bring DIDs back', 'resurrect'),
  mayFollowAs: [
    {
      what: 'follow a DID for an account, or stop to',
      rucio: ['remove_did_from_followed', 'remove_dids_from_followed'],
      ask: (caller) => policy.mayFollowAs(caller, OWNER),
      here: OWNERS,
    },
  ],
  mayDeclareKeys: admins(policy.mayDeclareKeys, 'declare metadata keys', 'add_key', 'add_value'),
  mayRegisterReplicas: [
    {
      what: 'register copies at an RSE where one has quota',
      rucio: ['add_replicas'],
      ask: (caller) => policy.mayRegisterReplicas(caller, quota),
      here: EVERYBODY,
      there: ADMINS,
      by: 'quotaRegisters',
    },
    {
      what: 'register copies at an RSE where one has none',
      rucio: ['add_replicas'],
      ask: (caller) => policy.mayRegisterReplicas(caller, noQuota),
      here: [...ADMINS, 'registrar'],
      there: ADMINS,
      by: 'quotaRegisters',
    },
    {
      what: 'the same at an RSE …SCRATCHDISK, …USERDISK, …MOCK, …LOCALGROUPDISK',
      rucio: ['add_replicas'],
      ask: (caller) => policy.mayRegisterReplicas(caller, scratch),
      here: ADMINS,
      there: EVERYBODY,
      by: 'quotaRegisters',
    },
  ],
  mayUpdateReplicas: [
    {
      what: 'say what became of copies where one has quota',
      rucio: ['update_replicas_states'],
      ask: (caller) => policy.mayUpdateReplicas(caller, quota),
      here: EVERYBODY,
      there: ADMINS,
      by: 'quotaRegisters',
    },
    ...admins(
      (caller) => policy.mayUpdateReplicas(caller, scratch),
      'say what became of copies where one has none',
      'update_replicas_states',
    ),
  ],
  mayIgnoreAvailability: admins(
    policy.mayIgnoreAvailability,
    'register copies at an RSE that takes no writes',
    'skip_availability_check',
  ),
  mayNameFiles: [
    {
      what: 'give new files a name in a scope',
      rucio: ['add_dids'],
      ask: (caller) => own.every((scope) => policy.mayNameFiles(caller, scope)),
      here: OWNERS,
    },
    {
      what: 'give new files a name in the scope `mock`',
      rucio: ['add_dids'],
      ask: (caller) => mock.every((scope) => policy.mayNameFiles(caller, scope)),
      here: EVERYBODY,
    },
  ],
  mayDeleteReplicas: [
    {
      what: 'delete copies by name',
      rucio: ['delete_replicas'],
      ask: policy.mayDeleteReplicas,
      here: ADMINS,
      there: NOBODY,
      by: 'adminsDeleteReplicas',
    },
  ],
  maySetTombstones: admins(policy.maySetTombstones, 'let copies be deleted', 'set_tombstone'),
  mayDeclareBad: [
    {
      what: 'declare copies bad or unreadable',
      rucio: ['declare_bad_file_replicas', 'add_bad_pfns'],
      ask: policy.mayDeclareBad,
      here: ADMINS,
      there: ROOT,
      by: 'adminsDeclareBad',
    },
  ],
  mayQuarantine: admins(policy.mayQuarantine, 'quarantine files', 'quarantine_file_replicas'),
  maySuspect: [
    {
      what: 'suspect copies',
      rucio: ['declare_suspicious_file_replicas'],
      ask: policy.maySuspect,
      here: EVERYBODY,
    },
  ],
  maySignUrl: [
    {
      what: 'get a URL to read a file',
      rucio: ['get_signed_url'],
      ask: (caller) => policy.maySignUrl(caller, 'read', noQuota),
      here: EVERYBODY,
      there: SIGNERS,
      by: 'signedUrlsForAll',
    },
    {
      what: 'get a URL to write a file where one has quota',
      rucio: ['get_signed_url'],
      ask: (caller) => policy.maySignUrl(caller, 'write', quota),
      here: EVERYBODY,
      there: SIGNERS,
      by: 'signedUrlsForAll',
    },
    {
      what: 'get a URL to write a file where one has none',
      rucio: ['get_signed_url'],
      ask: (caller) => policy.maySignUrl(caller, 'write', noQuota),
      here: [...ADMINS, 'registrar'],
      there: SIGNERS,
      by: 'signedUrlsForAll',
    },
    {
      what: 'get a URL to delete a file',
      rucio: ['get_signed_url'],
      ask: (caller) => policy.maySignUrl(caller, 'delete', quota),
      here: ADMINS,
      there: SIGNERS,
      by: 'signedUrlsForAll',
    },
  ],
  mayChangeRses: admins(
    policy.mayChangeRses,
    'add, change, delete RSEs, their attributes, limits, distances',
    'add_rse',
    'update_rse',
    'del_rse',
    'add_rse_attribute',
    'del_rse_attribute',
    'set_rse_limits',
    'delete_rse_limits',
    'add_distance',
    'update_distance',
    'delete_distance',
  ),
  mayDefineProtocols: admins(
    policy.mayDefineProtocols,
    'define protocols',
    'add_protocol',
    'update_protocol',
    'del_protocol',
  ),
  maySeeProtocolSecrets: [
    {
      what: 'see the secrets of protocols',
      rucio: [],
      ask: policy.maySeeProtocolSecrets,
      here: ADMINS,
      there: EVERYBODY,
    },
  ],
  mayExport: [{ what: 'export', rucio: ['export'], ask: policy.mayExport, here: ROOT }],
  mayImport: [
    {
      what: 'import, passwords too',
      rucio: ['import'],
      ask: policy.mayImport,
      here: ROOT,
      there: ADMINS,
    },
  ],
  mayChangeTransferLimits: admins(
    policy.mayChangeTransferLimits,
    'limit transfers, see their limits',
    'list_transfer_limits',
    'set_transfer_limit',
    'delete_transfer_limit',
  ),
  maySetRseUsage: [
    {
      what: 'say what a storage reports',
      rucio: ['set_rse_usage'],
      ask: policy.maySetRseUsage,
      here: ROOT,
    },
  ],
} satisfies Rows;
