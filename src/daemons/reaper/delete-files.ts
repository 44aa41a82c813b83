import { type StorageDriver, type StorageError, storageErrorOf } from '../../protocols/index.js';
import { copyPath, type VerifiedCopy } from '../../replicas/index.js';
import { type Rse } from '../../rses/index.js';
import { StorageCause } from '../../vocabulary/index.js';
import { type Clock, type Lease } from './lease.js';

/** A deletion that a storage was asked for. */
export interface Attempt {
  readonly copy: VerifiedCopy;
  readonly path: string;
  readonly seconds: number;
}

/** What became of the bytes of claimed copies. */
export interface Deletions {
  /** Not there any more, whether we deleted them or found nothing. */
  readonly gone: (Attempt & { readonly found: boolean })[];
  readonly failed: (Attempt & { readonly error: StorageError })[];
  /** Not begun: the storage fails, the lease ends, or the process does. */
  readonly left: VerifiedCopy[];
}

export interface DeletionSpec {
  readonly rse: Rse;
  readonly driver: StorageDriver;
  readonly lease: Lease;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly parallelMax: number;
  /** Moves the lease on. Called by one deletion at a time. */
  readonly renew: () => Promise<void>;
}

/** After so many failures in a row that are the storage's and no file's, it is left alone. */
const STRIKES = 8;
const STORAGES_FAULT: readonly string[] = [
  StorageCause.CONNECTION,
  StorageCause.TIMEOUT,
  StorageCause.AUTH,
  StorageCause.TLS,
  StorageCause.ADDRESS_REFUSED,
  StorageCause.NO_PROTOCOL,
];

/** Deletes the bytes of copies. No transaction is open, and none is needed: only the claim counts. */
export async function deleteFiles(
  spec: DeletionSpec,
  copies: readonly VerifiedCopy[],
): Promise<Deletions> {
  const outcome: Deletions = { gone: [], failed: [], left: [] };
  let strikes = 0;
  const deleteOne = async (copy: VerifiedCopy): Promise<void> => {
    if (spec.lease.isDue(spec.clock())) {
      // What cannot be renewed is not begun any more.
      await spec.renew().catch(() => (strikes = STRIKES));
    }
    const late = !spec.lease.holds(copy.didId, spec.clock());
    if (strikes >= STRIKES || late || spec.signal.aborted) {
      outcome.left.push(copy);
      return;
    }
    let path = '';
    const begun = performance.now();
    const attempt = () => ({ copy, path, seconds: (performance.now() - begun) / 1000 });
    try {
      path = copyPath(spec.rse, copy, copy.path);
      const found = await spec.driver.remove(path);
      outcome.gone.push({ ...attempt(), found });
      strikes = 0;
    } catch (failure) {
      const error = storageErrorOf(
        failure,
        `${spec.rse.name}: deleting ${copy.scope}:${copy.name}`,
      );
      outcome.failed.push({ ...attempt(), error });
      strikes = STORAGES_FAULT.includes(error.code) ? strikes + 1 : 0;
    }
  };
  // As many hands as may work at once, each taking the next copy from one heap.
  const heap = copies.values();
  const work = async () => {
    for (const copy of heap) await deleteOne(copy);
  };
  await Promise.all(Array.from({ length: spec.parallelMax }, work));
  return outcome;
}
