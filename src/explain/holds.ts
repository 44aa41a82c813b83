import { type Config } from '../config/index.js';
import { type Tx } from '../db/index.js';
import {
  inFlight,
  type Load,
  readingFrom,
  resolveBounds,
  transferBounds,
  type TransferBound,
} from '../requests/index.js';
import { Activities, type RseId, TransferDirection } from '../vocabulary/index.js';
import { type Remedy } from './explanation.js';
import { allowTransfers } from './remedies-of-rses.js';
import { counted } from './words.js';

/** One thing that keeps queued transfers from beginning. */
export interface Hold {
  readonly sentence: string;
  readonly remedy: Remedy | null;
}

/** What is under way, and every limit on it; read once for any number of queues. */
export interface Traffic {
  readonly loads: readonly Load[];
  readonly reading: readonly Load[];
  readonly bounds: readonly (TransferBound & { readonly rseIds: ReadonlySet<RseId> })[];
  readonly perStorageMax: number;
  readonly inFlightMax: number;
}

export async function readTraffic(
  tx: Tx,
  { requests }: Pick<Config, 'requests'>,
): Promise<Traffic> {
  const bounds = await transferBounds(tx);
  const resolved = await Promise.all(
    Object.values(TransferDirection).map(async (direction) => {
      const wanted = bounds.filter((bound) => bound.direction === direction);
      const named = wanted.length > 0 ? await resolveBounds(tx, wanted, direction) : [];
      return wanted.map((bound, at) => ({
        ...bound,
        rseIds: named[at]?.rseIds ?? new Set<RseId>(),
      }));
    }),
  );
  return {
    loads: await inFlight(tx),
    reading: await readingFrom(tx),
    bounds: resolved.flat(),
    perStorageMax: requests.perStorageMax,
    inFlightMax: requests.inFlightMax,
  };
}

const sum = (loads: readonly Load[], of: (load: Load) => boolean): number =>
  loads.reduce((total, load) => total + (of(load) ? load.count : 0), 0);

/** How many transfers go on to an RSE. */
export const underWayAt = ({ loads }: Traffic, rseId: RseId): number =>
  sum(loads, (load) => load.rseId === rseId);

/** What holds the queue of an RSE and an activity just now; nothing where a place is free. */
export function holdsOf(
  traffic: Traffic,
  queue: { readonly rseId: RseId; readonly rse: string; readonly activity: number },
): Hold[] {
  const holds: Hold[] = [];
  const all = sum(traffic.loads, () => true);
  if (all >= traffic.inFlightMax) {
    holds.push({
      sentence: `${counted(all, 'transfer')} go on, as many as may (requests.inFlightMax)`,
      remedy: null,
    });
  }
  const here = underWayAt(traffic, queue.rseId);
  if (here >= traffic.perStorageMax) {
    holds.push({
      sentence: `${counted(here, 'transfer')} go to ${queue.rse}, as many as may (requests.perStorageMax)`,
      remedy: null,
    });
  }
  return [...holds, ...boundsReached(traffic, queue)];
}

function boundsReached(
  traffic: Traffic,
  queue: { readonly rseId: RseId; readonly activity: number },
): Hold[] {
  return traffic.bounds.flatMap((bound) => {
    const { activity, rseIds, maxTransfers, rseExpression, direction } = bound;
    if (direction !== TransferDirection.DESTINATION || !rseIds.has(queue.rseId)) return [];
    if (activity !== null && activity !== queue.activity) return [];
    const under = sum(
      traffic.loads,
      (load) => rseIds.has(load.rseId) && (activity === null || activity === load.activity),
    );
    if (under < maxTransfers) return [];
    return [
      {
        sentence: `the transfer limit of ${maxTransfers} to '${rseExpression}' is reached`,
        remedy: moreOf(bound),
      },
    ];
  });
}

/** The limits that count what is read from an RSE. */
export const sourceLimits = (traffic: Traffic, rseId: RseId): Remedy[] =>
  traffic.bounds
    .filter(({ direction, rseIds }) => direction === TransferDirection.SOURCE && rseIds.has(rseId))
    .map(moreOf);

const moreOf = (bound: TransferBound): Remedy =>
  allowTransfers({
    expression: bound.rseExpression,
    activity: bound.activity === null ? null : (Activities[bound.activity] ?? null),
    direction: bound.direction === TransferDirection.SOURCE ? 'source' : 'destination',
    maxTransfers: Math.max(1, bound.maxTransfers * 2),
  });
