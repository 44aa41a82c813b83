import {
  fileUrl,
  serverFilePath,
  type StorageDriver,
  type StorageRegistry,
  type ThirdPartyWay,
} from '../../protocols/index.js';
import { type Movement } from '../movement.js';
import { abortFailure, at } from '../transfer-failure.js';
import { ProgressWatch } from './progress-watch.js';

/**
 * Asks one storage to copy the file to `path` at the destination by itself, and waits for the end.
 * The other storage's token opens exactly that file for exactly that. Throws StorageError for what
 * the storage says, TransferFailure STALLED when the bytes stop growing.
 */
export async function askForCopy(
  { destination, job, onBytes, signal, source, stallMs }: Movement,
  path: string,
  way: ThirdPartyWay,
  registry: StorageRegistry,
): Promise<void> {
  // Under a name of its own nothing is replaced, and nothing may be.
  const overwrite = job.overwrite && path === job.destination.path;
  const pulls = way === 'pull';
  const [near, nearPath, far, farPath]: [StorageDriver, string, StorageDriver, string] = pulls
    ? [destination, path, source, job.source.path]
    : [source, job.source.path, destination, path];
  const operation = pulls ? 'read' : overwrite ? 'modify' : 'create';
  const token = await at(pulls ? 'source' : 'destination', () =>
    registry.token(far.endpoint, operation, serverFilePath(far.endpoint, farPath)),
  );
  const stall = new AbortController();
  const watch = new ProgressWatch(way, stallMs, (failure) => stall.abort(failure));
  try {
    await near.thirdPartyCopy(
      nearPath,
      { way, url: fileUrl(far.endpoint, farPath).href, token },
      {
        overwrite,
        bytes: job.bytes,
        signal: AbortSignal.any([signal, stall.signal]),
        onBytes: (moved) => {
          watch.heard(moved);
          onBytes(moved);
        },
      },
    );
  } catch (error) {
    if (stall.signal.aborted && !signal.aborted) throw abortFailure(stall.signal) ?? error;
    throw error;
  } finally {
    watch.stop();
  }
}
