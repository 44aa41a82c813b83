import { type Account, type AccountAttribute, type Identity } from '../../accounts/index.js';
import { AccountStatusCodec, AccountTypeCodec, IdentityTypeCodec } from '../../vocabulary/index.js';
import { isoDate } from '../wire/index.js';

/** One account, with dates in the ISO form that this answer alone has. */
export const presentAccount = (account: Account) => ({
  account: account.name,
  account_type: AccountTypeCodec.name(account.type),
  status: AccountStatusCodec.name(account.status),
  email: account.email,
  suspended_at: account.suspendedAt && isoDate(account.suspendedAt),
  deleted_at: account.deletedAt && isoDate(account.deletedAt),
  created_at: isoDate(account.createdAt),
  updated_at: isoDate(account.updatedAt),
});

/** An account as lists show it. */
export const presentListedAccount = (account: Account) => ({
  account: account.name,
  type: AccountTypeCodec.name(account.type),
  email: account.email,
});

export const presentIdentity = ({ type, identity, email }: Identity) => ({
  type: IdentityTypeCodec.name(type),
  identity,
  email,
});

/** Truth values leave as such, everything else as text. */
export const presentAttribute = ({ key, value }: AccountAttribute) => ({
  key,
  value: presentAttributeValue(value),
});

export const presentAttributeValue = (value: string): string | boolean =>
  value === 'true' ? true : value === 'false' ? false : value;
