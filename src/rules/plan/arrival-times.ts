import { type Backlog, type RecentRate } from '../../requests/index.js';
import { type RseId } from '../../vocabulary/index.js';
import { type Amount, type ArrivalTime, NOTHING, sumOf } from './plan.js';
import { type Flow } from './flows.sql.js';

/** How it went lately, and what waits before. */
export interface Traffic {
  readonly rates: readonly RecentRate[];
  readonly backlog: readonly Backlog[];
}

/**
 * Seconds that so much takes where `rate` is how it went lately. A transfer costs something for each
 * file and something for each byte, and nobody knows the shares: the larger of the two quotients is
 * never too little.
 */
export function secondsFor({ files, bytes }: Amount, rate: RecentRate | undefined): number | null {
  if (files === 0n) return 0;
  if (!rate || rate.busySeconds <= 0) return null;
  const byFiles = Number(files) / rate.files;
  const byBytes = rate.bytes > 0n ? Number(bytes) / Number(rate.bytes) : byFiles;
  return Math.max(byFiles, byBytes) * rate.busySeconds;
}

/** The rate over one link, or undefined. */
export const rateOf = (
  { rates }: Traffic,
  rseId: RseId,
  sourceRseId: RseId | null,
): RecentRate | undefined =>
  rates.find((rate) => rate.rseId === rseId && rate.sourceRseId === sourceRseId);

/**
 * When everything would be at each destination: what waits there already, then what is to be moved.
 * Links to one destination work at the same time, and share what it takes in.
 */
export function arrivalTimes(
  flows: readonly Flow[],
  traffic: Traffic,
  nameOf: (rseId: RseId) => string,
): ArrivalTime[] {
  const moved = flows.filter(({ fate }) => fate === 'source');
  return [...new Set(moved.map(({ destination }) => destination))].map((rseId) => {
    const there = moved.filter(({ destination }) => destination === rseId);
    const waiting = traffic.backlog.find((it) => it.rseId === rseId);
    const queued = waiting ? { files: BigInt(waiting.files), bytes: waiting.bytes } : NOTHING;
    const together = rateOf(traffic, rseId, null);
    const links = there.map((flow) => secondsFor(flow, rateOf(traffic, rseId, flow.source)));
    const before = secondsFor(queued, together);
    const all = secondsFor(sumOf(there), together);
    const isKnown = links.every((seconds) => seconds !== null);
    const moving = all === null ? null : Math.max(all, ...links.map((seconds) => seconds ?? 0));
    const basis = moving === null ? 'unknown' : isKnown ? 'link' : 'destination';
    const seconds = moving === null || before === null ? null : before + moving;
    return { destination: nameOf(rseId), queued, seconds, basis };
  });
}
