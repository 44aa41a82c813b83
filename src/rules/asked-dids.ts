import { type Did, findDids } from '../dids/index.js';
import { type Tx } from '../db/index.js';
import { type RuleSpec } from './rule-spec.js';

/** The DIDs of a wish: all of them, and those that get rules. */
export interface AskedDids {
  readonly dids: readonly Did[];
  readonly wished: readonly Did[];
}

/**
 * The DIDs of each wish, `instead` giving what stands in for each. Throws DataIdentifierNotFound.
 */
export async function askedDids(
  tx: Tx,
  specs: readonly Pick<RuleSpec, 'dids'>[],
  instead: (tx: Tx, dids: readonly Did[]) => Promise<readonly Did[]>,
): Promise<AskedDids[]> {
  const found = await findDids(
    tx,
    specs.flatMap(({ dids }) => dids),
  );
  const there = await instead(tx, found);
  let from = 0;
  return specs.map(({ dids: { length } }) => {
    const dids = there.slice(from, from + length);
    const wished = onceEach(found.slice(from, from + length), dids);
    from += length;
    return { dids, wished };
  });
}

/** The DIDs that rules are made on, where several constituents may have come to one archive. */
const onceEach = (asked: readonly Did[], dids: readonly Did[]): Did[] => {
  const first = new Map(dids.toReversed().map(({ id }, at) => [id, dids.length - 1 - at]));
  return dids.filter(({ id }, at) => id === asked[at]?.id || first.get(id) === at);
};
