/** Who may do what: pure functions over loaded facts, one file for each noun. */

export {
  mayAddAccount,
  mayChangeAccount,
  mayChangeAccountAttributes,
  mayChangeIdentities,
  mayDeleteAccount,
  mayReadLimits,
  mayReadShares,
  mayReadUsage,
  maySetGlobalLimit,
  maySetLocalLimit,
} from './accounts.js';
export { mayReadDoctor, mayReadHeartbeats, maySendHeartbeats } from './daemons.js';
export { demand, type May } from './decide.js';
export {
  mayChangeDids,
  mayDeclareKeys,
  mayDescribeDids,
  mayFollowAs,
  mayReopenDid,
  mayResurrectDids,
} from './dids.js';
export {
  mayChangeRses,
  mayChangeTransferLimits,
  mayDefineProtocols,
  mayExport,
  mayImport,
  maySeeProtocolSecrets,
  maySetRseUsage,
} from './rses.js';
export { mayAskException, mayDecideException } from './lifetime-exceptions.js';
export {
  mayDeclareBad,
  mayDeleteReplicas,
  mayIgnoreAvailability,
  mayNameFiles,
  mayQuarantine,
  mayRegisterReplicas,
  maySetTombstones,
  maySignUrl,
  maySuspect,
  mayUpdateReplicas,
  type WriterFacts,
} from './replicas.js';
export { mayApproveJob, mayOrderJob, maySteerJob } from './jobs.js';
export { mayListRequests, mayReadRequest } from './requests.js';
export { mayAddRule, mayApproveRule, mayChangeRule, mayGiveRule } from './rules.js';
export { mayAddScope, mayChangeScope } from './scopes.js';
export { mayChangeSettings, mayReadSettings } from './settings.js';
export { mayChangeSubscription, mayWorkOnTasks } from './subscriptions.js';
