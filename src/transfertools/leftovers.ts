import { type StorageDriver } from '../protocols/index.js';

/** A removal may take this long, even when the transfer was cancelled. */
const REMOVAL_MS = 30_000;
/**
 * When a removal is repeated. The first is longer than a storage goes on with a copy that nobody
 * waits for (XRootD 5.5.3 sits 90 s in front of a far end that does not answer, and then makes the
 * file).
 */
const AGAIN_AFTER_MS: readonly number[] = [120_000, 1_200_000, 7_200_000];
/** What waits to be removed; more than this is left to whoever looks for dark files. */
const WAITING_MAX = 10_000;

/** Removes what failed movements leave under their temporary names. */
export class Leftovers {
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(private readonly againAfterMs: readonly number[] = AGAIN_AFTER_MS) {}

  /**
   * Removes a file; does not fail. A storage that cannot be reached is asked again later, and one
   * that may still be writing (`inDoubt`) is too. Only for names that nobody uses again. Gives whether
   * it is gone for certain.
   */
  async remove(storage: StorageDriver, path: string, inDoubt: boolean): Promise<boolean> {
    const removed = await removeNow(storage, path);
    const gone = removed && !inDoubt;
    if (!gone) this.#again(storage, path, 0);
    return gone;
  }

  /** Lets go of what is still waiting. */
  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #again(storage: StorageDriver, path: string, times: number): void {
    const waitMs = this.againAfterMs[times];
    if (waitMs === undefined || this.#timers.size >= WAITING_MAX) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void removeNow(storage, path).then((removed) => {
        if (!removed) this.#again(storage, path, times + 1);
      });
    }, waitMs);
    timer.unref();
    this.#timers.add(timer);
  }
}

/** Removes a file. False: the storage could not be asked. */
export async function removeNow(storage: StorageDriver, path: string): Promise<boolean> {
  try {
    await storage.remove(path, { signal: AbortSignal.timeout(REMOVAL_MS) });
    return true;
  } catch {
    // The failure that brought us here is what is told.
    return false;
  }
}
