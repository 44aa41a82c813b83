export { type Account, accountsById, findAccount } from './account.sql.js';
export {
  deleteGlobalLimit,
  deleteLocalLimit,
  globalLimits,
  localLimits,
  setGlobalLimit,
  setLocalLimit,
  UNLIMITED,
} from './limit.sql.js';
export { type Principal, ROOT } from './principal.js';
export { globalQuotas, lockQuota, quotaOf } from './quota.js';
export { type GlobalQuota, type Quota } from './quota-left.js';
export {
  authenticate,
  forgetExpiredTokens,
  issueToken,
  principalOf,
  revokeTokens,
  type Session,
  sessionOf,
} from './token.sql.js';
export {
  accountUsage,
  type AccountUsage,
  addAccountUsage,
  foldAccountUsage,
  usageByAccount,
} from './usage.sql.js';
