import { type Figure } from './path.js';

const PERCENTS = [50, 95, 99] as const;

/** The value that `percent` of the values do not exceed (nearest rank). */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
  if (value === undefined) throw new RangeError('no values');
  return value;
}

/** Times of single requests, ms, by the round in which they were taken. */
export class Latencies {
  readonly #rounds = new Map<number, number[]>();

  add(round: number, ms: number): void {
    const times = this.#rounds.get(round);
    if (times) times.push(ms);
    else this.#rounds.set(round, [ms]);
  }

  /** The median of the rounds' percentiles: one disturbed round does not decide. */
  percentile(percent: number): number {
    return percentile(
      [...this.#rounds.values()].map((times) => percentile(times, percent)),
      50,
    );
  }
}

/** How far requests lie above those of the bare route, with the target of the 95th percentile. */
export function above(found: Latencies, bare: Latencies, p95AtMost: number): Figure[] {
  return PERCENTS.map((percent) => ({
    name: `p${percent} above the bare route (${bare.percentile(percent).toFixed(2)} ms)`,
    value: found.percentile(percent) - bare.percentile(percent),
    unit: 'ms',
    ...(percent === 95 && { atMost: p95AtMost }),
  }));
}
