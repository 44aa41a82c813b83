import { type Tx } from '../db/index.js';
import { type CollectionSize, depthsOf } from '../dids/index.js';
import { type DidId, DidType } from '../vocabulary/index.js';
import { type DescribedDid } from './described-did.js';

const NOTHING: CollectionSize = { length: 0n, bytes: 0n };

/**
 * Files and bytes of each DID as they are now: of a collection those of all datasets at or below it; a
 * file in two of them counts twice.
 */
export async function didSizes(
  tx: Tx,
  dids: readonly DescribedDid[],
): Promise<Map<DidId, CollectionSize>> {
  const collections = dids.filter(({ type }) => type !== DidType.FILE).map(({ id }) => id);
  const depths = await depthsOf(tx, collections);
  return new Map(
    dids.map((did) => {
      if (did.type !== DidType.FILE) return [did.id, depths.get(did.id) ?? NOTHING];
      return [did.id, { length: 1n, bytes: BigInt(did.avgFileSize ?? 0) }];
    }),
  );
}
