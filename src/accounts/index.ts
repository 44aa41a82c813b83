/** Accounts, identities, login and storage tokens, limits and usage of accounts. */

export {
  type Account,
  accountsById,
  addressesOf,
  adminAddresses,
  demandActiveAccount,
  findAccount,
  findActiveAccount,
  findActiveAccounts,
} from './account.sql.js';
export { addAccount } from './add-account.js';
export { addIdentity, removeIdentity } from './add-identity.js';
export {
  type AccountAttribute,
  deleteAccountAttribute,
  insertAccountAttribute,
  listAccountAttributes,
} from './attribute.sql.js';
export { type AccountChange, changeAccount, deleteAccount } from './change-account.js';
export { ensureRoot, type RootSettings } from './ensure-root.js';
export { type ImportedAccount, importAccounts } from './import-accounts.js';
export { accountNamesOf, type Identity, listIdentities, type NewIdentity } from './identity.sql.js';
export {
  deleteGlobalLimit,
  deleteLocalLimit,
  globalLimits,
  localLimits,
  localLimitsAt,
  setGlobalLimit,
  setLocalLimit,
  UNLIMITED,
} from './limit.sql.js';
export { type AccountFilter, listAccounts } from './list-accounts.js';
export { type Credentials, logIn, type Login } from './log-in.js';
export { type PasswordLimits, Passwords, passwordsOf } from './passwords.js';
export { type Principal, ROOT } from './principal.js';
export { globalQuotaOf, globalQuotas, lockQuota, quotaOf } from './quota.js';
export { type GlobalQuota, type Quota, quotaAt } from './quota-left.js';
export {
  authenticate,
  forgetExpiredTokens,
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
  listAccountUsageHistory,
  type PastUsage,
  recordAccountUsageHistory,
  usageByAccount,
} from './usage.sql.js';
export { currentSigningKey, publishedKeys, type SigningSettings } from './signing-keys.js';
export {
  mintStorageToken,
  type StorageRight,
  storageScope,
  type StorageTokenSettings,
  type StorageTokenSpec,
} from './storage-token.js';
export { AccountEntity } from './account.entity.js';
export { AccountAttributeEntity } from './account-attribute.entity.js';
export { IdentityEntity, AccountIdentityEntity } from './identity.entity.js';
export { TokenEntity } from './token.entity.js';
export { SigningKeyEntity } from './signing-key.entity.js';
export { AccountLimitEntity, GlobalAccountLimitEntity } from './account-limit.entity.js';
export {
  AccountUsageEntity,
  AccountUsageDeltaEntity,
  AccountUsageHistoryEntity,
} from './account-usage.entity.js';
