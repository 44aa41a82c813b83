import { type Digest, type StorageDriver, StorageError } from '../protocols/index.js';
import { Cause, StorageCause } from '../vocabulary/index.js';
import { at, failureAt, TransferFailure } from './transfer-failure.js';
import { type TransferJob } from './transfer-tool.js';
import { type Expected, expectedOf, inspect, isComparable, verify } from './verify.js';

/** A transfer under way: the job, a driver for each end, and how it can be ended. */
export interface Movement {
  job: TransferJob;
  source: StorageDriver;
  destination: StorageDriver;
  signal: AbortSignal;
  onBytes: (moved: bigint) => void;
}

/**
 * Brings the bytes to `path` at the destination. Gives their digest if they passed through here,
 * null if not. Throws TransferFailure.
 */
export type CopyBytes = (movement: Movement, path: string) => Promise<Digest | null>;

/** A clean-up after a failure may take this long, even when the transfer was cancelled. */
const CLEANUP_MS = 30_000;

/**
 * Moves one file: to a temporary name, verified there against the catalogue, then renamed. A
 * destination that already holds the file is success without copying; one that holds something
 * else is DEST_EXISTS unless the job overwrites. Nothing stays under the temporary name. Throws
 * TransferFailure.
 */
export async function moveFile(movement: Movement, copy: CopyBytes): Promise<void> {
  const { job, destination, signal } = movement;
  const expected = expectedOf(job);
  const existing = await at('destination', () =>
    inspect(destination, job.destination.path, expected, signal),
  );
  if (existing !== null) {
    if (isSame(expected, existing)) return;
    if (!job.overwrite) throw existsFailure(movement, existing.bytes);
  }
  const renames = destination.abilities.rename;
  const written = renames ? job.destination.temporaryPath : job.destination.path;
  try {
    const passed = await copy(movement, written);
    await verifyArrived(movement, written, expected, passed);
    if (renames) await renameToFinal(movement, expected);
  } catch (error) {
    // Under the final name (where nothing can be renamed) only what this job put there goes.
    if (renames || existing === null) await removeLeftover(destination, written);
    throw abortFailure(signal) ?? error;
  }
}

/** Compares what stands at the destination with the catalogue, and with what passed through. */
async function verifyArrived(
  { job, destination, signal }: Movement,
  path: string,
  catalogue: Expected,
  passed: Digest | null,
): Promise<void> {
  // A file without a checksum in the catalogue is at least what was read.
  const unknown = catalogue.adler32 === null && catalogue.md5 === null;
  const expected = unknown && passed !== null ? passed : catalogue;
  const found = await at('destination', () => inspect(destination, path, expected, signal));
  if (found === null) {
    const message = `nothing stands at ${path} after it was written for ${job.requestId}`;
    throw new TransferFailure(Cause.DEST_MISSING, 'destination', message);
  }
  verify('destination', expected, found);
}

/**
 * Renames to the final name. An answer that got lost is no failure: if the file stands there,
 * verified, the rename took place.
 */
async function renameToFinal(movement: Movement, expected: Expected): Promise<void> {
  const { job, destination, signal } = movement;
  const { path, temporaryPath } = job.destination;
  try {
    await destination.rename(temporaryPath, path, { overwrite: job.overwrite, signal });
  } catch (error) {
    // MISSING: the driver asked again after a broken connection, and it had been done already.
    const lost =
      error instanceof StorageError && (error.transient || error.code === StorageCause.MISSING);
    if (!lost || signal.aborted) throw failureAt('destination', error);
    const found = await at('destination', () => inspect(destination, path, expected, signal));
    if (found === null || !isSame(expected, found)) throw failureAt('destination', error);
  }
}

async function removeLeftover(destination: StorageDriver, path: string): Promise<void> {
  try {
    await destination.remove(path, { signal: AbortSignal.timeout(CLEANUP_MS) });
  } catch {
    // The failure that brought us here is what is told; a dark file is found by its name.
  }
}

function isSame(expected: Expected, found: Parameters<typeof isComparable>[1]): boolean {
  if (!isComparable(expected, found) || expected.bytes !== found.bytes) return false;
  return (['adler32', 'md5'] as const).every((algorithm) => {
    const wanted = expected[algorithm];
    const got = found[algorithm];
    return wanted === null || got === null || wanted === got;
  });
}

function existsFailure({ job, destination }: Movement, bytes: bigint): TransferFailure {
  const { path } = job.destination;
  return new TransferFailure(
    Cause.DEST_EXISTS,
    'destination',
    `${path} at ${destination.endpoint.rse} exists (${bytes} bytes) and is not this file`,
    { expected: String(job.bytes), found: String(bytes) },
  );
}

/** The failure of a movement that was ended from outside (cancelled, stalled). */
export function abortFailure(signal: AbortSignal): TransferFailure | undefined {
  if (!signal.aborted) return undefined;
  const reason: unknown = signal.reason;
  if (reason instanceof TransferFailure) return reason;
  return new TransferFailure(
    reason instanceof StorageError && reason.code === StorageCause.TIMEOUT
      ? Cause.TIMEOUT
      : Cause.CANCELLED,
    'destination',
    reason instanceof Error ? reason.message : 'cancelled',
  );
}
