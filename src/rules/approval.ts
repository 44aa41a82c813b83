import { depthOf, type Did } from '../dids/index.js';
import { type Tx } from '../db/index.js';
import { InvalidReplicationRule, ManualRuleApprovalBlocked } from '../errors/index.js';
import { type Rse } from '../rses/index.js';
import { DidType } from '../vocabulary/index.js';

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
      `Ask approval is not allowed for rules with multiple RSEs: ${named.map((rse) => rse.name).join(', ')}`,
      { rses: named.map((rse) => rse.name) },
    );
  }
}

/**
 * Whether the one RSE of a rule approves it by itself: the DID is closed, and smaller than the RSE's
 * attributes `auto_approve_bytes` and `auto_approve_files` say, where it has them, one at least.
 */
export async function approvesItself(tx: Tx, named: readonly Rse[], did: Did): Promise<boolean> {
  const [rse] = named;
  const bytesMax = limitOf(rse, 'auto_approve_bytes');
  const filesMax = limitOf(rse, 'auto_approve_files');
  if (did.isOpen || (bytesMax === null && filesMax === null)) return false;
  const { bytes, length } = await sizeOf(tx, did);
  return (bytesMax === null || bytes < bytesMax) && (filesMax === null || length < filesMax);
}

function limitOf(rse: Rse | undefined, attribute: string): bigint | null {
  const text = rse?.attributes[attribute] ?? '';
  return /^\d{1,18}$/.test(text) ? BigInt(text) : null;
}

const sizeOf = async (tx: Tx, did: Did): Promise<{ bytes: bigint; length: bigint }> =>
  did.type === DidType.FILE ? { bytes: did.bytes ?? 0n, length: 1n } : await depthOf(tx, did.id);
