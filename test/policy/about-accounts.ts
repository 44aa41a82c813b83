import { type Account } from '../../src/accounts/index.js';
import * as policy from '../../src/policy/index.js';
import { EVERYBODY, type Kind, OWNER } from './callers.js';
import { ADMINS, admins, OWNERS, ROOT, type Rows } from './cases.js';

const ITALIANS: readonly Kind[] = [...ADMINS, 'italian'];
const [inItaly, inFrance] = [{ country: 'IT' }, { country: 'FR' }];
const account = (name: string) => ({ id: OWNER, name }) as Account;

/** Who may do what with accounts and scopes. */
export const aboutAccounts = {
  mayAddAccount: [
    {
      what: 'add an account',
      rucio: ['add_account'],
      ask: policy.mayAddAccount,
      here: ADMINS,
      there: ROOT,
      by: 'adminsKeepAccounts',
    },
  ],
  mayDeleteAccount: [
    {
      what: 'delete an account',
      rucio: ['del_account'],
      ask: (caller) => policy.mayDeleteAccount(caller, account('owner')),
      here: ADMINS,
      there: ROOT,
      by: 'adminsKeepAccounts',
    },
  ],
  mayChangeAccount: [
    ...admins(
      (caller) => policy.mayChangeAccount(caller, account('owner')),
      'change an account, ban it',
      'update_account',
    ),
    {
      what: 'change the account root',
      rucio: ['update_account'],
      ask: (caller) => policy.mayChangeAccount(caller, account('root')),
      here: ROOT,
      there: ADMINS,
    },
  ],
  mayChangeIdentities: [
    ...admins(
      (caller) => policy.mayChangeIdentities(caller, account('owner')),
      'say who speaks for an account',
      'add_account_identity',
      'del_account_identity',
    ),
    {
      what: 'say who speaks for root',
      rucio: ['add_account_identity', 'del_account_identity'],
      ask: (caller) => policy.mayChangeIdentities(caller, account('root')),
      here: ROOT,
      there: ADMINS,
    },
  ],
  mayChangeAccountAttributes: [
    ...admins(
      (caller) => policy.mayChangeAccountAttributes(caller, account('owner')),
      'give an account attributes',
      'add_attribute',
      'del_attribute',
    ),
    {
      what: 'give root attributes',
      rucio: ['add_attribute', 'del_attribute'],
      ask: (caller) => policy.mayChangeAccountAttributes(caller, account('root')),
      here: ROOT,
      there: ADMINS,
    },
  ],
  maySetLocalLimit: [
    {
      what: 'limit an account at an RSE of a country',
      rucio: ['set_local_account_limit', 'delete_local_account_limit'],
      ask: (caller) => policy.maySetLocalLimit(caller, inItaly),
      here: ITALIANS,
    },
    ...admins(
      (caller) => policy.maySetLocalLimit(caller, {}),
      'limit an account at an RSE of no country',
      'set_local_account_limit',
      'delete_local_account_limit',
    ),
  ],
  maySetGlobalLimit: [
    {
      what: 'limit an account over RSEs of one country',
      rucio: ['set_global_account_limit', 'delete_global_account_limit'],
      ask: (caller) => policy.maySetGlobalLimit(caller, [inItaly, inItaly]),
      here: ITALIANS,
    },
    ...admins(
      (caller) => policy.maySetGlobalLimit(caller, [inItaly, inFrance]),
      'limit an account over RSEs of several countries',
      'set_global_account_limit',
      'delete_global_account_limit',
    ),
    ...admins(
      (caller) => policy.maySetGlobalLimit(caller, []),
      'limit an account over an expression that names nothing now',
      'delete_global_account_limit',
    ),
  ],
  mayReadLimits: [
    {
      what: "see an account's limits",
      rucio: [],
      ask: (caller) => policy.mayReadLimits(caller, OWNER),
      here: OWNERS,
      there: EVERYBODY,
      by: 'privateLimits',
    },
  ],
  mayReadUsage: [
    {
      what: 'see what an account uses',
      rucio: ['get_local_account_usage', 'get_global_account_usage'],
      ask: (caller) => policy.mayReadUsage(caller, OWNER),
      here: [...OWNERS, 'italian', 'french'],
    },
  ],
  mayReadShares: [
    {
      what: 'see what all accounts have and may have at an RSE',
      rucio: [],
      ask: policy.mayReadShares,
      here: ADMINS,
      there: EVERYBODY,
      by: 'privateLimits',
    },
  ],
  mayAddScope: admins(policy.mayAddScope, 'add a scope', 'add_scope'),
  mayChangeScope: [
    {
      what: 'give a scope away, close it, delete it',
      rucio: ['update_scope'],
      ask: (caller) => policy.mayChangeScope(caller, OWNER),
      here: OWNERS,
    },
    ...admins(
      (caller) => policy.mayChangeScope(caller, undefined),
      'the same for a scope that does not exist',
      'update_scope',
    ),
  ],
} satisfies Rows;
