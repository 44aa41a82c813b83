import { StorageCause } from '../vocabulary/index.js';
import { type CallOptions, type StorageDriver } from './protocol.js';
import { StorageError } from './storage-error.js';

export interface TimeoutRules {
  /** What any call may take. */
  baseMs: number;
  /** What a call that moves or hashes bytes may take besides: bytes / this rate. */
  floorBytesPerSecond: number;
}

/** Whoever asks for a third-party copy watches its progress, and says more of one that stands still. */
const COPY_BASES = 2;

/** How long a call over so many bytes may take, in milliseconds. */
export function timeoutMs(rules: TimeoutRules, bytes: bigint): number {
  const ms = rules.baseMs + (Number(bytes) * 1000) / rules.floorBytesPerSecond;
  // setTimeout wraps beyond 31 bits (24 days).
  return Math.min(Math.ceil(ms), 2 ** 31 - 1);
}

/**
 * Ends calls that take too long with TIMEOUT; the limit grows with the bytes. `read` is limited
 * until its stream opens: whoever reads watches the stream itself.
 */
export function withTimeout(driver: StorageDriver, rules: TimeoutRules): StorageDriver {
  const within = <T, O extends CallOptions>(
    what: string,
    bytes: bigint,
    options: O,
    call: (options: O) => Promise<T>,
  ) => limited(`${what} at ${driver.endpoint.rse}`, timeoutMs(rules, bytes), options, call);
  return {
    endpoint: driver.endpoint,
    abilities: driver.abilities,
    stat: (path, options = {}) =>
      within('stat', options.bytes ?? 0n, options, (o) => driver.stat(path, o)),
    read: (path, options = {}) => within('read', 0n, options, (o) => driver.read(path, o)),
    write: (path, open, bytes, options = {}) =>
      within('write', bytes, options, (o) => driver.write(path, open, bytes, o)),
    rename: (path, target, options = {}) =>
      within('rename', 0n, options, (o) => driver.rename(path, target, o)),
    remove: (path, options = {}) => within('remove', 0n, options, (o) => driver.remove(path, o)),
    list: (path, options = {}) => within('list', 0n, options, (o) => driver.list(path, o)),
    makeDirectories: (path, options = {}) =>
      within('makeDirectories', 0n, options, (o) => driver.makeDirectories(path, o)),
    thirdPartyCopy: (path, far, options = {}) =>
      limited(
        `${far.way} at ${driver.endpoint.rse}`,
        timeoutMs({ ...rules, baseMs: COPY_BASES * rules.baseMs }, options.bytes ?? 0n),
        options,
        (o) => driver.thirdPartyCopy(path, far, o),
      ),
  };
}

async function limited<T, O extends CallOptions>(
  what: string,
  ms: number,
  options: O,
  call: (options: O) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const tooLong = () =>
    limit.abort(new StorageError(StorageCause.TIMEOUT, `${what}: no end within ${ms} ms`));
  const timer = setTimeout(tooLong, ms);
  const { signal: outer } = options;
  // A signal made of one other costs as much as the call's own, and ends with it all the same.
  const signal = outer === undefined ? limit.signal : AbortSignal.any([outer, limit.signal]);
  try {
    return await call({ ...options, signal });
  } finally {
    clearTimeout(timer);
  }
}
