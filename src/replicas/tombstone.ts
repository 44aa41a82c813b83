/**
 * When a copy that nothing protects is due for deletion. One indexed column says two things:
 *
 * - A tombstone of this century means: deletable from then on, but only where the RSE is greedy or
 *   runs out of space (a cached copy).
 * - A tombstone before 1980 means: deletable at once, wherever it is. The epoch itself is "now"; a
 *   later one is "not before", counted in seconds since the epoch and written as milliseconds, so
 *   that putting a refused or claimed copy off does not turn it into a cached one.
 */
export const EPOCH = new Date(0);

/** Where the tombstones that wait for space begin. */
export const CACHED_FROM = new Date('1980-01-01T00:00:00Z');

/** The tombstone of a copy that is to go, but not before `due`. Whole seconds. */
export const urgentTombstone = (due: Date): Date =>
  new Date(Math.min(Math.ceil(due.getTime() / 1000), CACHED_FROM.getTime() - 1));

/** Reads an urgent tombstone back as the moment it is due. */
export const urgentDue = (tombstone: Date): Date => new Date(tombstone.getTime() * 1000);

/**
 * A claim's tombstone until `until`, as text with microseconds: at once the lease (after it the copy
 * is due again by itself) and the token that renew, give back and forget carry. `salt` (0 to 999)
 * tells two claims of one second apart.
 */
export function claimToken(until: Date, salt: number): string {
  const micros = String(salt).padStart(3, '0').slice(-3);
  return urgentTombstone(until).toISOString().replace('Z', `${micros}Z`);
}

/**
 * The tombstone of a newly registered copy: none, or what the RSE attribute `tombstone_delay`
 * (seconds; negative is at once) says, as in Rucio.
 */
export function initialTombstone(delaySeconds: string | undefined, now: Date): Date | null {
  const delay = Number.parseInt(delaySeconds ?? '', 10);
  if (!Number.isFinite(delay) || delay === 0) return null;
  return delay < 0 ? EPOCH : new Date(now.getTime() + delay * 1000);
}
