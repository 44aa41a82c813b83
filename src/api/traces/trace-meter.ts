/** Addresses that are counted at once; beyond that the oldest are forgotten. */
const ADDRESSES_MAX = 10_000;
const MINUTE_MS = 60_000;

/** Counts by address, so that one of them cannot fill the table or keep a daemon busy. */
export class TraceMeter {
  readonly #counts = new Map<string, { since: number; count: number }>();

  constructor(private readonly perMinute: number) {}

  /** How many more of the `wanted` this address may leave now; it is taken that it leaves them. */
  take(address: string, nowMs: number, wanted: number): number {
    let entry = this.#counts.get(address);
    if (!entry || nowMs - entry.since >= MINUTE_MS) {
      this.#counts.delete(address);
      entry = { since: nowMs, count: 0 };
      this.#counts.set(address, entry);
      const [oldest] = this.#counts.keys();
      if (this.#counts.size > ADDRESSES_MAX && oldest !== undefined) this.#counts.delete(oldest);
    }
    const left = Math.max(0, Math.min(wanted, this.perMinute - entry.count));
    entry.count += left;
    return left;
  }
}
