import { beforeEach, describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { MemoryFamily } from '../../src/protocols/memory/memory-driver.js';
import {
  type MemoryStorage,
  memoryStorage,
  type StorageDriver,
} from '../../src/protocols/index.js';
import { openLanes, withLimit } from '../../src/protocols/with-limit.js';
import { withRetry } from '../../src/protocols/with-retry.js';
import { timeoutMs, withTimeout } from '../../src/protocols/with-timeout.js';
import { memoryEndpoint } from './endpoints.js';

describe('around a driver', () => {
  let storage: MemoryStorage;
  let plain: StorageDriver;
  beforeEach(() => {
    storage = memoryStorage('wrapped');
    storage.clear();
    storage.put('/data/a', 'content');
    plain = new MemoryFamily().open(memoryEndpoint('wrapped'), { allowPrivate: true });
  });

  describe('the time limit', () => {
    it('grows with the bytes, and never wraps', () => {
      const rules = { baseMs: 1000, floorBytesPerSecond: 1_000_000 };
      expect(timeoutMs(rules, 0n)).toBe(1000);
      expect(timeoutMs(rules, 5_000_000_000n)).toBe(5_001_000);
      expect(timeoutMs(rules, 10n ** 18n)).toBe(2 ** 31 - 1);
    });

    it('ends what takes too long with TIMEOUT, and tells that from a cancellation', async () => {
      const driver = withTimeout(plain, { baseMs: 10, floorBytesPerSecond: 1 });
      const release = storage.hold('remove');
      await expect(driver.remove('a')).rejects.toMatchObject({ code: 'TIMEOUT' });
      const cancel = new AbortController();
      const removed = driver.remove('a', { signal: cancel.signal });
      cancel.abort();
      await expect(removed).rejects.toMatchObject({ code: 'CANCELLED' });
      release();
    });

    it('does not end a stream that is open already', async () => {
      const driver = withTimeout(plain, { baseMs: 5, floorBytesPerSecond: 1 });
      const { stream } = await driver.read('a');
      const release = storage.hold('stat');
      await expect(driver.stat('a')).rejects.toMatchObject({ code: 'TIMEOUT' });
      release();
      expect((await buffer(stream)).toString()).toBe('content');
    });
  });

  describe('the retry', () => {
    const rules = { attemptsMax: 3, delayMs: 1 };

    it('repeats what may pass, as often as it may', async () => {
      const driver = withRetry(plain, rules);
      storage.failNext('stat', 'CONNECTION', 2);
      expect(await driver.stat('a')).toMatchObject({ bytes: 7n });
      storage.failNext('stat', 'CONNECTION', 3);
      await expect(driver.stat('a')).rejects.toMatchObject({ code: 'CONNECTION' });
    });

    it('does not repeat what will not pass', async () => {
      const driver = withRetry(plain, rules);
      storage.failNext('remove', 'REFUSED');
      await expect(driver.remove('a')).rejects.toMatchObject({ code: 'REFUSED' });
      expect(await driver.remove('a')).toBe(true);
    });

    it('stops waiting when it is cancelled', async () => {
      const driver = withRetry(plain, { attemptsMax: 2, delayMs: 3_600_000 });
      storage.failNext('list', 'CONNECTION');
      const cancel = new AbortController();
      const listed = driver.list('', { signal: cancel.signal });
      setImmediate(() => cancel.abort());
      await expect(listed).rejects.toMatchObject({ code: 'CANCELLED' });
    });
  });

  describe('the limit', () => {
    it('lets a copy within one storage through when there is room for one call each', async () => {
      const driver = withLimit(plain, openLanes(1));
      const { stream, bytes } = await driver.read('a');
      await driver.write('b', () => stream, bytes ?? 0n);
      expect(storage.get('/data/b')?.toString()).toBe('content');
    });

    it('counts a reading until its stream is closed', async () => {
      const driver = withLimit(plain, openLanes(1));
      const first = await driver.read('a');
      let opened = false;
      const second = driver.read('a').then((file) => {
        opened = true;
        return file;
      });
      await driver.write('b', () => Readable.from([Buffer.from('x')]), 1n);
      expect(opened).toBe(false);
      first.stream.destroy();
      (await second).stream.destroy();
      expect(opened).toBe(true);
    });

    it('gives the place back when a reading fails', async () => {
      const driver = withLimit(plain, openLanes(1));
      await expect(driver.read('none')).rejects.toMatchObject({ code: 'MISSING' });
      (await driver.read('a')).stream.destroy();
    });
  });
});
