/** Traces an address may leave in a minute. */
const PER_MINUTE = 10_000;
/** Addresses that are counted at once; beyond that the oldest are forgotten. */
const ADDRESSES_MAX = 10_000;
const MINUTE_MS = 60_000;

/** Counts traces by address, so that one of them cannot fill the table. */
export class TraceMeter {
  readonly #counts = new Map<string, { since: number; count: number }>();

  /** How many more traces this address may leave now; it is taken that it leaves up to 1,000. */
  take(address: string, nowMs: number, most = 1000): number {
    let entry = this.#counts.get(address);
    if (!entry || nowMs - entry.since >= MINUTE_MS) {
      this.#counts.delete(address);
      entry = { since: nowMs, count: 0 };
      this.#counts.set(address, entry);
      const [oldest] = this.#counts.keys();
      if (this.#counts.size > ADDRESSES_MAX && oldest !== undefined) this.#counts.delete(oldest);
    }
    const left = Math.max(0, Math.min(most, PER_MINUTE - entry.count));
    entry.count += left;
    return left;
  }
}
