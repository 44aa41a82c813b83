import { type Digest, StorageError } from '../protocols/index.js';
import { Cause, StorageCause } from '../vocabulary/index.js';
import { readSource } from './check-source.js';
import { type Leftovers, removeNow } from './leftovers.js';
import { type CopyBytes, type Movement } from './movement.js';
import { abortFailure, at, failureAt, TransferFailure } from './transfer-failure.js';
import { type Expected, expectedOf, type Found, inspect, isSame, verify } from './verify.js';

/**
 * Moves one file: to a temporary name, verified there against the catalogue, then renamed. A
 * destination that already holds the file is success without copying; one that holds something
 * else is DEST_EXISTS unless the job overwrites. Nothing stays under the temporary name. Throws
 * TransferFailure.
 */
export async function moveFile(
  movement: Movement,
  copy: CopyBytes,
  leftovers: Leftovers,
): Promise<void> {
  const { job, destination, signal } = movement;
  const expected = expectedOf(job);
  const existing = await at('destination', () => standing(movement, expected));
  await removeEarlier(movement);
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
    const failure = abortFailure(signal) ?? failureAt('destination', error);
    if (renames) {
      failure.leftover = !(await leftovers.remove(destination, written, mayGoOn(failure)));
    }
    // Under the final name (where nothing can be renamed) only what this job put there goes.
    else if (existing === null) await removeNow(destination, written);
    throw failure;
  }
}

/** What stands under the final name: mostly nothing, and only what is there is asked for a digest. */
async function standing(movement: Movement, expected: Expected): Promise<Found | null> {
  const { job, destination, signal } = movement;
  const { path } = job.destination;
  if ((await destination.stat(path, { signal })) === null) return null;
  return inspect(destination, path, expected, movement);
}

/** What earlier attempts may have left goes before new bytes come: the storage may be full of it. */
async function removeEarlier({ job, destination, signal }: Movement): Promise<void> {
  for (const path of job.destination.leftovers ?? []) {
    if (!signal.aborted) await removeNow(destination, path);
  }
}

/** Whether the destination may still be writing: it did not say itself that it is over. */
const mayGoOn = ({ failureCause }: TransferFailure): boolean =>
  ([Cause.CANCELLED, Cause.STALLED, Cause.TIMEOUT, Cause.CONNECTION] as Cause[]).includes(
    failureCause,
  );

/** Compares what stands at the destination with the catalogue, and with what passed through. */
async function verifyArrived(
  movement: Movement,
  path: string,
  catalogue: Expected,
  passed: Digest | null,
): Promise<void> {
  const { job, destination } = movement;
  // A file without a checksum in the catalogue is at least what was read.
  const unknown = catalogue.adler32 === null && catalogue.md5 === null;
  const expected = unknown && passed !== null ? passed : catalogue;
  const found = await at('destination', () => inspect(destination, path, expected, movement));
  if (found === null) {
    const message = `nothing stands at ${path} after it was written for ${job.requestId}`;
    throw new TransferFailure(Cause.DEST_MISSING, 'destination', message);
  }
  try {
    verify('destination', expected, found);
  } catch (error) {
    const wrong = failureAt('destination', error);
    // Nobody here has seen the bytes: which end is to blame is known by reading the source.
    if (passed === null && wrong.failureCause === Cause.DEST_CHECKSUM) await readSource(movement);
    throw wrong;
  }
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
    const found = await at('destination', () => inspect(destination, path, expected, movement));
    if (found === null || !isSame(expected, found)) throw failureAt('destination', error);
  }
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
