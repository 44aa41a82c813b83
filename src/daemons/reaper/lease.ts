import { randomInt } from 'node:crypto';
import { claimToken } from '../../replicas/index.js';
import { type DidId } from '../../vocabulary/index.js';

/** What it takes to know what time it is for a shift: its own beginning, and what has passed since. */
export type Clock = () => Date;

/** The shift's time, moving on. A test's frozen beginning stays its beginning. */
export function shiftClock(start: Date): Clock {
  const begun = performance.now();
  return () => new Date(start.getTime() + performance.now() - begun);
}

/** A token for claims that last so many seconds from now. */
export const newToken = (now: Date, leaseSeconds: number): string =>
  claimToken(new Date(now.getTime() + leaseSeconds * 1000), randomInt(1000));

/**
 * Until when each claimed copy is ours. A copy that a rule has met cannot be renewed: it keeps the
 * end it had, because that is what the rescuer counts on.
 */
export class Lease {
  readonly #ends = new Map<DidId, number>();
  #renewAt: number;

  constructor(
    /** Of those renewed last. */
    public token: string,
    didIds: readonly DidId[],
    now: Date,
    private readonly leaseSeconds: number,
  ) {
    this.#renewAt = 0;
    this.#extend(didIds, now);
  }

  /** Whether there is time enough left to begin a deletion: a tenth of the lease is kept back. */
  holds(didId: DidId, now: Date): boolean {
    return (this.#ends.get(didId) ?? 0) > now.getTime() + this.leaseSeconds * 100;
  }

  /** Whether a third of the lease has passed. True once for each third: somebody renews now. */
  isDue(now: Date): boolean {
    if (now.getTime() < this.#renewAt) return false;
    this.#renewAt = Number.POSITIVE_INFINITY;
    return true;
  }

  /** What was renewed under a new token. */
  renewed(token: string, didIds: Iterable<DidId>, now: Date): void {
    this.token = token;
    this.#extend(didIds, now);
  }

  #extend(didIds: Iterable<DidId>, now: Date): void {
    const end = now.getTime() + this.leaseSeconds * 1000;
    for (const didId of didIds) this.#ends.set(didId, end);
    this.#renewAt = now.getTime() + (this.leaseSeconds * 1000) / 3;
  }
}
