import { type Tx } from '../../db/index.js';
import { bytesBeingDeleted } from '../../replicas/index.js';
import { listRseUsage, type Rse, rseLimits, upsertRseUsage } from '../../rses/index.js';

/** The source of usage that the storage itself reports. */
const STORAGE = 'storage';

/**
 * How many bytes an RSE has to give to have MinFreeSpace free. What is free is what the storage
 * reports, or MaxSpaceAvailable less what we count there; what is being deleted counts as free. An
 * RSE without the limit, or of which nobody knows how large it is, has nothing to give.
 */
export async function bytesToFree(tx: Tx, rse: Rse): Promise<bigint> {
  const limits = (await rseLimits(tx, [rse.id])).get(rse.id) ?? {};
  const wanted = limits['MinFreeSpace'];
  if (wanted === undefined) return 0n;
  const free = await freeBytes(tx, rse, limits['MaxSpaceAvailable']);
  if (free === undefined) return 0n;
  const missing = wanted - free - (await bytesBeingDeleted(tx, rse.id));
  return missing > 0n ? missing : 0n;
}

async function freeBytes(
  tx: Tx,
  rse: Rse,
  capacity: bigint | undefined,
): Promise<bigint | undefined> {
  const usages = await listRseUsage(tx, rse.id);
  const reported = usages.find(({ source }) => source === STORAGE)?.free;
  if (reported !== undefined && reported !== null) return reported;
  if (capacity === undefined || capacity < 0n) return undefined;
  return capacity - (usages.find(({ source }) => source === 'rucio')?.used ?? 0n);
}

/**
 * Adds what was deleted to the storage's own report, which is older: until the next report comes,
 * nothing more would seem to be free, and copies would be deleted again and again for the same want.
 */
export async function noteFreed(tx: Tx, rse: Rse, bytes: bigint): Promise<void> {
  if (bytes === 0n) return;
  const [report] = await listRseUsage(tx, rse.id, STORAGE);
  if (report?.free === null || report?.free === undefined) return;
  const { source, files, free } = report;
  const used = report.used > bytes ? report.used - bytes : 0n;
  await upsertRseUsage(tx, rse.id, { source, files, used, free: free + bytes });
}
