import { type RseId } from '../vocabulary/index.js';
import { type RebalanceSpec } from './job.js';

/** How full a storage element is. Bytes throughout. */
export interface Load {
  readonly rseId: RseId;
  readonly name: string;
  readonly size: bigint;
  readonly used: bigint;
  readonly gives: boolean;
  readonly takes: boolean;
  /** What is planned to come, less what is planned to go. */
  planned: bigint;
}

type Marks = Pick<RebalanceSpec, 'thresholdPercent' | 'targetPercent'>;

const percentOf = (size: bigint, percent: number): bigint =>
  (size * BigInt(Math.round(percent * 100))) / 10_000n;

/** What has to leave an RSE so that it is as full as it should be; nothing where it is not too full. */
export function surplusOf(load: Load, { thresholdPercent, targetPercent }: Marks): bigint {
  if (!load.gives || load.used <= percentOf(load.size, thresholdPercent)) return 0n;
  const left = load.used + load.planned - percentOf(load.size, targetPercent);
  return left > 0n ? left : 0n;
}

/** What an RSE may take without being fuller than the others are to be. */
export function roomOf(load: Load, { targetPercent }: Marks): bigint {
  const room = percentOf(load.size, targetPercent) - load.used - load.planned;
  return load.takes && room > 0n ? room : 0n;
}

/**
 * The RSE that gives next, in the order of their ids: at or after the one of the cursor while that has
 * rules that were not asked, else after it.
 */
export function donorOf(
  loads: readonly Load[],
  marks: Marks,
  from: { readonly rse?: RseId; readonly at?: number } | null,
): Load | undefined {
  const over = from?.at === 1;
  return loads
    .filter((load) => surplusOf(load, marks) > 0n)
    .filter(
      ({ rseId }) => from?.rse === undefined || rseId > from.rse || (!over && rseId === from.rse),
    )
    .toSorted((a, b) => a.rseId - b.rseId)[0];
}
