import { isAdmin, isSelfOrAdmin, type May } from './decide.js';

/** Add a scope for whatever account. */
export const mayAddScope: May = isAdmin;

/** Give a scope to another account, close it, open it again, delete it: its owner, and admins. */
export const mayChangeScope: May<[ownerId: number | undefined]> = (caller, ownerId) =>
  ownerId === undefined ? caller.isAdmin : isSelfOrAdmin(caller, ownerId);
