import { type Scope } from '../scopes/index.js';
import { isAdmin, isSelfOrAdmin, type May } from './decide.js';

/** The scope where everybody may try things out, as in Rucio. */
const PLAYGROUND = 'mock';

/**
 * Add names to these scopes, change what is attached to them, describe and close them: their owner,
 * and admins. A scope that does not exist is not in the list and stands in nobody's way.
 */
export const mayChangeDids: May<[scopes: Iterable<Scope>]> = (caller, scopes) =>
  caller.isAdmin ||
  [...scopes].every(({ name, accountId }) => name === PLAYGROUND || accountId === caller.accountId);

/** Open a collection again. */
export const mayReopenDid: May = isAdmin;

/** Bring back DIDs that were erased or have expired. */
export const mayResurrectDids: May = isAdmin;

/** Follow a DID on behalf of an account, or stop to. */
export const mayFollowAs: May<[accountId: number]> = isSelfOrAdmin;

/** Declare metadata keys and their values. */
export const mayDeclareKeys: May = isAdmin;
