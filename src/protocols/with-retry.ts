import { setTimeout as wait } from 'node:timers/promises';
import { type CallOptions, type StorageDriver } from './protocol.js';
import { StorageError, abortedError } from './storage-error.js';

export interface RetryRules {
  attemptsMax: number;
  /** Wait before the second attempt; it doubles with each further one. */
  delayMs: number;
}

/**
 * Repeats calls that may be repeated when their failure may pass: stat, opening a file, remove,
 * list, makeDirectories. Writing, renaming and third-party copies are not repeated here: whether the first
 * attempt had an effect is a question for the one who asked.
 */
export function withRetry(driver: StorageDriver, rules: RetryRules): StorageDriver {
  const again = <T>(options: CallOptions, call: () => Promise<T>) => repeated(rules, options, call);
  return {
    endpoint: driver.endpoint,
    abilities: driver.abilities,
    stat: (path, options = {}) => again(options, () => driver.stat(path, options)),
    read: (path, options = {}) => again(options, () => driver.read(path, options)),
    write: (path, open, bytes, options) => driver.write(path, open, bytes, options),
    rename: (path, target, options) => driver.rename(path, target, options),
    remove: (path, options = {}) => again(options, () => driver.remove(path, options)),
    list: (path, options = {}) => again(options, () => driver.list(path, options)),
    makeDirectories: (path, options = {}) =>
      again(options, () => driver.makeDirectories(path, options)),
    thirdPartyCopy: (path, far, options) => driver.thirdPartyCopy(path, far, options),
  };
}

async function repeated<T>(
  rules: RetryRules,
  options: CallOptions,
  call: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      const may = error instanceof StorageError && error.transient;
      if (!may || attempt >= rules.attemptsMax) throw error;
      await pause(rules.delayMs * 2 ** (attempt - 1), options.signal);
    }
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await wait(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    if (signal?.aborted) throw abortedError(signal, 'between two attempts');
    throw error;
  }
}
