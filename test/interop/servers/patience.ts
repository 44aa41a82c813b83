import { type StorageDriver, StorageError } from '../../../src/protocols/index.js';
import { StorageCause } from '../../../src/vocabulary/index.js';

/**
 * Once in some ten thousand answers XRootD 5.5.3 stands still for ten seconds or more (seen under load,
 * whatever it was asked): nothing that a driver of it could mend, and nothing that tells of ours. A call
 * that had no answer, and no other that failed, is made again.
 */
export async function again<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      if (attempt === ATTEMPTS_MAX || !hadNoAnswer(error)) throw error;
    }
  }
}

/** A driver whose calls have that patience. */
export const patient = (driver: StorageDriver): StorageDriver => ({
  ...driver,
  stat: (...asked) => again(() => driver.stat(...asked)),
  read: (...asked) => again(() => driver.read(...asked)),
  write: (...asked) => again(() => driver.write(...asked)),
  rename: (...asked) => again(() => driver.rename(...asked)),
  remove: (...asked) => again(() => driver.remove(...asked)),
  list: (...asked) => again(() => driver.list(...asked)),
  makeDirectories: (...asked) => again(() => driver.makeDirectories(...asked)),
});

const ATTEMPTS_MAX = 3;

/** Of ours a call says so by its cause, a raw request by its words. */
const hadNoAnswer = (error: unknown): boolean =>
  error instanceof StorageError
    ? error.code === StorageCause.TIMEOUT
    : error instanceof Error && error.message.endsWith(': no answer');
