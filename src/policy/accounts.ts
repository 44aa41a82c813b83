import { type Account, ROOT } from '../accounts/index.js';
import { differs, isAdmin, isCountryAdmin, isRoot, isSelfOrAdmin, type May } from './decide.js';

type RseAttributes = Readonly<Record<string, string>>;

/** Admins where the site trusts them with accounts, else root. */
const keepsAccounts: May = (caller) =>
  differs(caller, 'adminsKeepAccounts') ? isAdmin(caller) : isRoot(caller);

/** Add an account. */
export const mayAddAccount: May = keepsAccounts;

/** Change an account. root answers to itself alone. */
export const mayChangeAccount: May<[account: Account]> = (caller, account) =>
  account.name === ROOT ? caller.isRoot : caller.isAdmin;

/** Delete an account. */
export const mayDeleteAccount: May<[account: Account]> = (caller, account) =>
  mayChangeAccount(caller, account) && keepsAccounts(caller);

/** Say who speaks for an account. For root only root may: an admin would become root by it. */
export const mayChangeIdentities: May<[account: Account]> = mayChangeAccount;

/** Give attributes to an account or take them away. */
export const mayChangeAccountAttributes: May<[account: Account]> = mayChangeAccount;

/** Limit what an account may put at a storage element: admins, and admins of the RSE's country. */
export const maySetLocalLimit: May<[rseAttributes: RseAttributes]> = (caller, { country }) =>
  caller.isAdmin || isCountryAdmin(caller, country);

/** Limit what an account may put at all that an expression names: admins, and admins of all its countries. */
export const maySetGlobalLimit: May<[rses?: readonly RseAttributes[]]> = (caller, rses = []) =>
  caller.isAdmin ||
  (rses.length > 0 && rses.every(({ country }) => isCountryAdmin(caller, country)));

/** See what an account may put where. */
export const mayReadLimits: May<[accountId: number]> = (caller, accountId) =>
  isSelfOrAdmin(caller, accountId) || !differs(caller, 'privateLimits');

/** See what an account is charged for: itself, admins, and admins of any country. */
export const mayReadUsage: May<[accountId: number]> = (caller, accountId) =>
  isSelfOrAdmin(caller, accountId) ||
  Object.entries(caller.attributes).some(
    ([key, value]) => key.startsWith('country-') && value === 'admin',
  );

/** See which accounts are charged for what at a storage element. */
export const mayReadShares: May = (caller) => caller.isAdmin || !differs(caller, 'privateLimits');
