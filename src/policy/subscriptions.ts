import { differs, isSelfOrAdmin, type May } from './decide.js';

/**
 * Order for one's own account, which pays for the rules; admins for any. As in Rucio: admins alone.
 * What the rules may say is asked of each: mayAddRule.
 */
export const mayChangeSubscription: May<[owner: number]> = (caller, owner) =>
  caller.isAdmin || (differs(caller, 'ownersSubscribe') && caller.accountId === owner);

/** Take tasks of a subscription that notifies, and say what became of them. */
export const mayWorkOnTasks = isSelfOrAdmin;
