import { isAdmin, type May } from './decide.js';

/** Add a scope for whatever account. */
export const mayAddScope: May = isAdmin;

/** Give a scope to another account. */
export const mayChangeScopeOwner: May = isAdmin;
