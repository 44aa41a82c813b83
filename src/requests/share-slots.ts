import { type Bucket, type Share } from './claim.sql.js';

export interface SlotLimits {
  /** Transfers at once into one storage. */
  readonly perStorage: number;
  /** Claims in one go, over all storages. */
  readonly total: number;
}

/**
 * Divides the free places of each destination evenly among the activities that have work there, so
 * that a flood of one activity cannot starve another. What does not divide goes to the first ones.
 */
export function shareSlots(
  buckets: readonly Bucket[],
  busy: ReadonlyMap<number, number>,
  limits: SlotLimits,
): Share[] {
  const byRse = new Map<number, Bucket[]>();
  for (const bucket of buckets) {
    byRse.set(bucket.rseId, [...(byRse.get(bucket.rseId) ?? []), bucket]);
  }
  const shares: Share[] = [];
  let left = limits.total;
  for (const [rseId, waiting] of byRse) {
    const free = Math.min(left, Math.max(0, limits.perStorage - (busy.get(rseId) ?? 0)));
    left -= free;
    waiting.forEach((bucket, i) => {
      const slots = Math.floor(free / waiting.length) + (i < free % waiting.length ? 1 : 0);
      if (slots > 0) shares.push({ ...bucket, slots });
    });
  }
  return shares;
}
