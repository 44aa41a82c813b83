import { type CollectionSize, depthsOf, type Did } from '../dids/index.js';
import { type Tx } from '../db/index.js';
import { InvalidReplicationRule, ManualRuleApprovalBlocked } from '../errors/index.js';
import { type Rse } from '../rses/index.js';
import { type DidId, DidType } from '../vocabulary/index.js';
import { nameSome } from './name-some.js';

/**
 * Approval is asked for one RSE at a time, and of those that take it. Throws InvalidReplicationRule,
 * ManualRuleApprovalBlocked.
 */
export function demandApprovable(named: readonly Rse[]): void {
  const blocked = named.find((rse) =>
    /^(true|1)$/i.test(rse.attributes['block_manual_approval'] ?? ''),
  );
  if (blocked) {
    throw new ManualRuleApprovalBlocked(`Rules on ${blocked.name} cannot be approved by hand`, {
      rse: blocked.name,
    });
  }
  if (named.length > 1) {
    throw new InvalidReplicationRule(
      `Ask approval is not allowed for rules with multiple RSEs: ${nameSome(named.map((rse) => rse.name))}`,
      { rses: named.map((rse) => rse.name) },
    );
  }
}

/**
 * Whether the one RSE of a rule approves it by itself: the DID is closed, and smaller than the RSE's
 * attributes `auto_approve_bytes` and `auto_approve_files` say, where it has them, one at least.
 */
export function approvesItself(named: readonly Rse[], did: Did, size: CollectionSize): boolean {
  const [rse] = named;
  const bytesMax = limitOf(rse, 'auto_approve_bytes');
  const filesMax = limitOf(rse, 'auto_approve_files');
  if (did.isOpen || (bytesMax === null && filesMax === null)) return false;
  return (
    (bytesMax === null || size.bytes < bytesMax) && (filesMax === null || size.length < filesMax)
  );
}

function limitOf(rse: Rse | undefined, attribute: string): bigint | null {
  const text = rse?.attributes[attribute] ?? '';
  return /^\d{1,18}$/.test(text) ? BigInt(text) : null;
}

/** How many files each DID is or holds, and their bytes; a collection that holds none may be missing. */
export async function sizesBelow(
  tx: Tx,
  dids: readonly Did[],
): Promise<Map<DidId, CollectionSize>> {
  const collections = dids.filter(({ type }) => type !== DidType.FILE).map(({ id }) => id);
  const sizes = new Map<DidId, CollectionSize>(await depthsOf(tx, collections));
  for (const { id, type, bytes } of dids) {
    if (type === DidType.FILE) sizes.set(id, { length: 1n, bytes: bytes ?? 0n });
  }
  return sizes;
}
