import { type Tx } from '../../db/index.js';
import { assertAvailable, forgetGrants, type NamedCopy, removalsAt } from '../../replicas/index.js';
import { type Rse } from '../../rses/index.js';
import { confirmCopies } from '../../rules/index.js';
import { refuseRemoved, type SeenUploads } from './look-at-uploads.js';

/**
 * Copies are AVAILABLE, as was said and, where somebody looked, seen. Throws
 * ResourceTemporaryUnavailable where a leftover was removed meanwhile.
 */
export async function confirmUploads(
  tx: Tx,
  rse: Rse,
  copies: readonly NamedCopy[],
  { seen, now }: { readonly seen: SeenUploads; readonly now: Date },
): Promise<void> {
  if (copies.length === 0) return;
  // After the copies were locked: whoever removes a leftover locks them too.
  refuseRemoved(seen, await removalsAt(tx, rse.id, seen.paths, now));
  const verified = copies.filter(({ scope, name }) => seen.verified.has(`${scope}:${name}`));
  await assertAvailable(tx, copies, { verified: new Set(verified.map(({ didId }) => didId)), now });
  await confirmCopies(tx, copies, now);
  await forgetGrants(tx, rse.id, seen.paths);
}
