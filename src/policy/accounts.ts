import { type Account, ROOT } from '../accounts/index.js';
import { isAdmin, isSelfOrAdmin, type May } from './decide.js';

/** Add an account. */
export const mayAddAccount: May = isAdmin;

/** Change or delete an account. root answers to itself alone. */
export const mayChangeAccount: May<[account: Account]> = (caller, account) =>
  account.name === ROOT ? caller.isRoot : caller.isAdmin;

/** Say who speaks for an account. For root only root may: an admin would become root by it. */
export const mayChangeIdentities: May<[account: Account]> = mayChangeAccount;

/** Give attributes to an account or take them away. */
export const mayChangeAccountAttributes: May<[account: Account]> = mayChangeAccount;

/** Limit what an account may put at a storage element: admins, and admins of the RSE's country. */
export const maySetLocalLimit: May<[rseAttributes: Readonly<Record<string, string>>]> = (
  caller,
  { country },
) =>
  caller.isAdmin || (country !== undefined && caller.attributes[`country-${country}`] === 'admin');

/** Limit what an account may put at all that an expression names. */
export const maySetGlobalLimit: May = isAdmin;

/** See what an account may put where. */
export const mayReadLimits: May<[accountId: number]> = isSelfOrAdmin;

/** See what an account is charged for: itself, admins, and admins of any country. */
export const mayReadUsage: May<[accountId: number]> = (caller, accountId) =>
  isSelfOrAdmin(caller, accountId) ||
  Object.entries(caller.attributes).some(
    ([key, value]) => key.startsWith('country-') && value === 'admin',
  );
