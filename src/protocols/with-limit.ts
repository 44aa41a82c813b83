import pLimit, { type LimitFunction } from 'p-limit';
import { type OpenFile, type StorageDriver } from './protocol.js';
import { storageErrorOf } from './storage-error.js';

/**
 * How many calls one host may have at once: one lane for streams that are read, one for streams
 * that are written, one for everything short. A copy within one storage holds a read while it waits
 * for a write, so one lane for both would lock up.
 */
export interface Lanes {
  read: LimitFunction;
  write: LimitFunction;
  short: LimitFunction;
}

/** Lanes of so many calls each. */
export function openLanes(callsMax: number): Lanes {
  return { read: pLimit(callsMax), write: pLimit(callsMax), short: pLimit(callsMax) };
}

/** Bounds the calls to one host; a read counts until its stream is closed. */
export function withLimit(driver: StorageDriver, lanes: Lanes): StorageDriver {
  const { short, write } = lanes;
  return {
    endpoint: driver.endpoint,
    abilities: driver.abilities,
    stat: (path, options) => short(() => driver.stat(path, options)),
    read: (path, options) => readInLane(lanes.read, () => driver.read(path, options)),
    write: (path, open, bytes, options) => write(() => driver.write(path, open, bytes, options)),
    rename: (path, target, options) => short(() => driver.rename(path, target, options)),
    remove: (path, options) => short(() => driver.remove(path, options)),
    list: (path, options) => short(() => driver.list(path, options)),
    makeDirectories: (path, options) => short(() => driver.makeDirectories(path, options)),
    thirdPartyCopy: (path, far, options) =>
      (far.way === 'pull' ? write : lanes.read)(() => driver.thirdPartyCopy(path, far, options)),
  };
}

function readInLane(lane: LimitFunction, open: () => Promise<OpenFile>): Promise<OpenFile> {
  return new Promise((resolve, reject) => {
    void lane(async () => {
      try {
        const file = await open();
        const closed = new Promise<void>((done) => file.stream.once('close', () => done()));
        resolve(file);
        await closed;
      } catch (error) {
        reject(storageErrorOf(error, 'read'));
      }
    });
  });
}
