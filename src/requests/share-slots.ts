import { type Bucket, type Load, type Share } from './claim.sql.js';
import { type TransferRoom } from './transfer-room.js';

export interface SlotLimits {
  /** Transfers at once into one storage, over all processes. */
  readonly perStorage: number;
  /** Transfers at once over all storages and processes. */
  readonly inFlight: number;
  /** Claims in one go. */
  readonly claims: number;
  /** What the limits of destinations leave; none is any number. */
  readonly room?: TransferRoom;
}

interface Queue extends Bucket {
  underWay: number;
  slots: number;
}

/**
 * Gives out the free places one by one: each to the storage that has least under way, and there to
 * the activity that has least. So no flood of one activity starves another, and no storage waits
 * while others take every place, even when places become free one at a time.
 */
export function shareSlots(
  buckets: readonly Bucket[],
  loads: readonly Load[],
  limits: SlotLimits,
): Share[] {
  const atStorage = new Map<number, number>();
  for (const { rseId, count } of loads) atStorage.set(rseId, (atStorage.get(rseId) ?? 0) + count);
  const queues: Queue[] = buckets.map((bucket) => ({
    ...bucket,
    underWay: loads.find((load) => isSame(load, bucket))?.count ?? 0,
    slots: 0,
  }));
  const under = loads.reduce((sum, { count }) => sum + count, 0);
  let left = Math.min(limits.claims, limits.inFlight - under);
  for (; left > 0; left--) {
    const next = nextQueue(queues, atStorage, limits);
    if (!next) break;
    limits.room?.take(next);
    next.slots++;
    next.underWay++;
    atStorage.set(next.rseId, (atStorage.get(next.rseId) ?? 0) + 1);
  }
  return queues
    .filter(({ slots }) => slots > 0)
    .map(({ rseId, activity, slots }) => ({ rseId, activity, slots }));
}

function nextQueue(
  queues: readonly Queue[],
  atStorage: ReadonlyMap<number, number>,
  { perStorage, room }: SlotLimits,
): Queue | undefined {
  const load = ({ rseId }: Bucket) => atStorage.get(rseId) ?? 0;
  let best: Queue | undefined;
  for (const queue of queues) {
    if (load(queue) >= perStorage || room?.admits(queue) === false) continue;
    const order = best ? load(queue) - load(best) || queue.underWay - best.underWay : -1;
    if (order < 0) best = queue;
  }
  return best;
}

const isSame = (a: Bucket, b: Bucket): boolean => a.rseId === b.rseId && a.activity === b.activity;
