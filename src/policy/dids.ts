import { type Scope } from '../scopes/index.js';
import { differs, isAdmin, isSelfOrAdmin, type May } from './decide.js';

/** The scope where everybody may try things out, as in Rucio. */
const PLAYGROUND = 'mock';

type Owned = Pick<Scope, 'name' | 'accountId'>;

/**
 * Add names to these scopes, change what is attached to them: their owner, and admins; in the
 * playground everybody. A scope that does not exist is not in the list and stands in nobody's way.
 */
export const mayChangeDids: May<[scopes: Iterable<Owned>]> = (caller, scopes) =>
  caller.isAdmin ||
  [...scopes].every(({ name, accountId }) => name === PLAYGROUND || accountId === caller.accountId);

/** Describe what is in these scopes and close it: as mayChangeDids, the playground where the site says so. */
export const mayDescribeDids: May<[scopes: Iterable<Owned>]> = (caller, scopes) => {
  if (differs(caller, 'playgroundForAll')) return mayChangeDids(caller, scopes);
  return caller.isAdmin || [...scopes].every(({ accountId }) => accountId === caller.accountId);
};

/** Open a collection again. */
export const mayReopenDid: May = isAdmin;

/** Bring back DIDs that were erased or have expired. */
export const mayResurrectDids: May = isAdmin;

/** Follow a DID on behalf of an account, or stop to. */
export const mayFollowAs: May<[accountId: number]> = isSelfOrAdmin;

/** Declare metadata keys and their values. */
export const mayDeclareKeys: May = isAdmin;
