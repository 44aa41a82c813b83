import { isSelfOrAdmin, type May } from './decide.js';

/**
 * Order for one's own account, which pays for the rules; admins for any (Rucio's generic policy leaves
 * it to admins). What the rules may say is asked of each: mayAddRule.
 */
export const mayChangeSubscription: May<[owner: number]> = isSelfOrAdmin;
