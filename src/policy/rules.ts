import { differs, isAdmin, type May } from './decide.js';

/** One's own rules, unless they are locked; admins any. */
export const mayAddRule: May<[owner: number, locked: boolean]> = (caller, owner, locked) =>
  caller.isAdmin || (caller.accountId === owner && !locked);

/** Owners change, delete, move and reduce their own rules. As in Rucio: admins alone. */
export const mayChangeRule: May<[owner: number]> = (caller, owner) =>
  caller.isAdmin || (differs(caller, 'ownersChangeRules') && caller.accountId === owner);

/** Locking a rule, giving it to another account: what the owner of a quota must not do alone. */
export const mayGiveRule: May = isAdmin;

/** Approval passes the limits of the account. */
export const mayApproveRule: May = isAdmin;
