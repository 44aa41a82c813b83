import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type IncomingMessage } from 'node:http';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Fault } from '../../src/demo/storage/index.js';
import { type StorageRegistry } from '../../src/protocols/index.js';
import {
  httpTpcTool,
  type InProcessTool,
  type TransferJob,
  type TransferOutcome,
} from '../../src/transfertools/index.js';
import { type DiskStorage, startDisk, testAuthority } from '../protocols/endpoints.js';
import { eventually } from '../support/eventually.js';
import { CONTENT, jobBetween, limits, openRegistry, putOnDisk, run } from './setting.js';

const WHOLE = BigInt(CONTENT.length);

describe('third-party copy', () => {
  let source: DiskStorage;
  let destination: DiskStorage;
  let registry: StorageRegistry;
  let tool: InProcessTool;
  let now = new Date('2026-01-01T00:00:00Z');
  /** `<end> <method>` of every request that moves bytes. */
  const seen: string[] = [];
  const tokens: string[] = [];

  beforeAll(async () => {
    // Both storages ask for a token, so that the far side's has to be passed on.
    const verify = (token: string, operation: string, path: string) => {
      tokens.push(token);
      return [`read:${path}`, `create:${path}`, `delete:${path}`].some(
        (right) =>
          token.includes(right) && (right.startsWith('read') || !operation.endsWith('read')),
      );
    };
    const watch = (end: string) => ({
      verify,
      markerMs: 5,
      onRequest: ({ method = '' }: IncomingMessage) => {
        if (['COPY', 'GET', 'PUT'].includes(method)) seen.push(`${end} ${method}`);
      },
    });
    [source, destination] = await Promise.all([
      startDisk(watch('source')),
      startDisk(watch('destination')),
    ]);
    registry = openRegistry({
      authorize: (_, operation, path, target) =>
        Promise.resolve(
          operation === 'create' || operation === 'modify'
            ? `read:${path}|create:${path}|read:${target}|create:${target}`
            : `${operation}:${path}`,
        ),
    });
  });
  beforeEach(async () => {
    source.faults.clear();
    destination.faults.clear();
    seen.length = 0;
    tokens.length = 0;
    // What one test's tool has learnt is not the next one's.
    tool = httpTpcTool(registry, { ...limits, now: () => now });
    await putOnDisk(source);
    await rm(join(destination.root, 'data'), { recursive: true, force: true });
  });
  afterEach(() => tool.close());
  afterAll(async () => {
    registry.close();
    await Promise.all([source.close(), destination.close()]);
  });

  const job = (change: Partial<TransferJob> = {}) =>
    jobBetween(source.endpoint, destination.endpoint, change);

  /** A job whose ends say what they do by themselves. */
  async function jobWhere(sourceDoes: unknown, destinationDoes: unknown): Promise<TransferJob> {
    const ca = (await testAuthority()).certificate;
    return jobBetween(
      source.endpointWith({ ca, third_party_copy: sourceDoes }),
      destination.endpointWith({ ca, third_party_copy: destinationDoes }),
    );
  }

  async function arrives(wish: TransferJob): Promise<TransferOutcome> {
    const outcome = await run(tool, wish);
    expect(outcome).toMatchObject({ state: 'DONE', bytesMoved: WHOLE });
    expect(await destination.list()).toEqual(['data/raw/run']);
    return outcome;
  }

  describe('the way', () => {
    it('is that the destination fetches the file, which is then verified and renamed', async () => {
      const wish = await job();
      const outcome = await arrives(wish);
      expect(outcome.message).toBeUndefined();
      expect(seen).toEqual(['destination COPY', 'source GET']);
      // The far side's token opens that file for reading and nothing else.
      expect(tokens).toContain('read:/data/raw/run');
    });

    it('is that the source sends it where the destination does not fetch', async () => {
      const wish = await jobWhere('push', 'push');
      await arrives(wish);
      expect(seen).toEqual(['source COPY', 'destination PUT']);
      const part = `/data/${wish.destination.temporaryPath}`;
      expect(tokens).toContain(`read:${part}|create:${part}|read:undefined|create:undefined`);
    });

    it.each([
      [undefined, undefined, true],
      [false, true, true],
      [true, false, true],
      ['push', 'push', true],
      ['pull', 'push', false],
      [false, 'push', false],
      ['pull', false, false],
    ])('with a source that says %s and a destination that says %s: %s', async (from, to, can) => {
      const wish = await jobWhere(from, to);
      expect(tool.canMove(wish.source.endpoint, wish.destination.endpoint)).toBe(can);
    });

    it('is none without TLS: tokens of both ends pass through', () => {
      for (const scheme of ['http', 'memory', 'file']) {
        const other = { ...source.endpoint, scheme };
        expect(tool.canMove(other, destination.endpoint)).toBe(false);
        expect(tool.canMove(destination.endpoint, other)).toBe(false);
      }
    });
  });

  describe('a way that turns out to be none', () => {
    it.each<Fault['kind']>(['unsupported', 'refuse'])(
      'is replaced by the other one, and left out for a while (%s)',
      async (kind) => {
        destination.faults.set({ kind, methods: ['COPY'] });
        const outcome = await arrives(await job());
        expect(outcome.message).toMatch(/^copied by push: no pull: COPY .*answered 40[35]/);
        expect(seen).toEqual(['destination COPY', 'source COPY', 'destination PUT']);
        seen.length = 0;
        await rm(join(destination.root, 'data'), { recursive: true });
        await arrives(await job());
        expect(seen).toEqual(['source COPY', 'destination PUT']);
      },
    );

    it('leaves the bytes to this process, in the same transfer', async () => {
      destination.faults.set({ kind: 'unsupported', methods: ['COPY'] });
      source.faults.set({ kind: 'unsupported', methods: ['COPY'] });
      const outcome = await arrives(await job());
      expect(outcome.message).toMatch(/^copied by stream: no pull: .*405.*; no push: .*405/);
      expect(seen.slice(0, 2)).toEqual(['destination COPY', 'source COPY']);
      expect(seen.slice(2).toSorted()).toEqual(['destination PUT', 'source GET']);
    });

    it('is for other tools until it may work again', async () => {
      destination.faults.set({ kind: 'unsupported', methods: ['COPY'] });
      source.faults.set({ kind: 'unsupported', methods: ['COPY'] });
      await arrives(await job());
      expect(tool.canMove(source.endpoint, destination.endpoint)).toBe(false);
      now = new Date(now.getTime() + 900_001);
      expect(tool.canMove(source.endpoint, destination.endpoint)).toBe(true);
    });

    it('is not left out because of one file that nobody may have', async () => {
      destination.faults.set({ kind: 'refuse', methods: ['COPY', 'PUT'] });
      const outcome = await run(tool, await job());
      expect(outcome).toMatchObject({ cause: 'DEST_REFUSED', side: 'destination' });
      expect(await destination.list()).toEqual([]);
      expect(tool.canMove(source.endpoint, destination.endpoint)).toBe(true);
      destination.faults.clear();
      seen.length = 0;
      await arrives(await job());
      expect(seen).toEqual(['destination COPY', 'source GET']);
    });

    it('is also one where the storages do not trust each other', async () => {
      const { makeAuthority } = await import('../../src/demo/certificates.js');
      const other = await makeAuthority('another site');
      const ours = (await testAuthority()).certificate;
      // It trusts us, we trust it, and the destination has never heard of its authority.
      const stranger = await startDisk({ ca: ours, markerMs: 5 }, other);
      const endpoint = stranger.endpointWith({ ca: other.certificate });
      await putOnDisk(stranger);
      const outcome = await arrives(await jobBetween(endpoint, destination.endpoint));
      expect(outcome.message).toMatch(/^copied by push: no pull: .*SSL peer certificate/);
      await stranger.close();
    });
  });

  describe('that fails', () => {
    it.each<[string, Partial<Record<'source' | 'destination', Fault>>, string, string]>([
      [
        'a source that refuses',
        { source: { kind: 'refuse', methods: ['GET'] } },
        'SOURCE_REFUSED',
        'source',
      ],
      [
        'a source that breaks off',
        { source: { kind: 'cut', methods: ['GET'] } },
        'CONNECTION',
        'source',
      ],
      [
        'a source that breaks',
        { source: { kind: 'error', methods: ['GET'] } },
        'STORAGE_ERROR',
        'source',
      ],
      [
        'a destination that breaks',
        { destination: { kind: 'error', methods: ['COPY'] } },
        'STORAGE_ERROR',
        'destination',
      ],
      [
        'a full destination',
        { destination: { kind: 'full', methods: ['COPY'] } },
        'DEST_FULL',
        'destination',
      ],
      ['a source that stalls', { source: { kind: 'slow', methods: ['GET'] } }, 'STALLED', 'source'],
      [
        'a destination that stalls',
        { destination: { kind: 'hang', methods: ['COPY'] } },
        'STALLED',
        'destination',
      ],
      [
        'a source with other bytes',
        { source: { kind: 'corrupt', methods: ['GET'] } },
        'SOURCE_CHECKSUM',
        'source',
      ],
      [
        'bytes that change on the way',
        { source: { kind: 'corrupt', methods: ['GET'], times: 1 } },
        'DEST_CHECKSUM',
        'destination',
      ],
    ])('by pull names %s', async (_, faults, cause, side) => {
      if (faults.source) source.faults.set(faults.source);
      if (faults.destination) destination.faults.set(faults.destination);
      expect(await run(tool, await job())).toMatchObject({ state: 'FAILED', cause, side });
      expect(await destination.list()).toEqual([]);
    });

    it.each<[string, Partial<Record<'source' | 'destination', Fault>>, string, string]>([
      [
        'a destination that refuses',
        { destination: { kind: 'refuse', methods: ['PUT'] } },
        'DEST_REFUSED',
        'destination',
      ],
      [
        'a full destination',
        { destination: { kind: 'full', methods: ['PUT'] } },
        'DEST_FULL',
        'destination',
      ],
      [
        'a destination that stalls',
        { destination: { kind: 'hang', methods: ['PUT'] } },
        'STALLED',
        'destination',
      ],
      [
        'a source that stalls',
        { source: { kind: 'hang', methods: ['COPY'] } },
        'STALLED',
        'source',
      ],
      [
        'a source that breaks',
        { source: { kind: 'error', methods: ['COPY'] } },
        'STORAGE_ERROR',
        'source',
      ],
      [
        'a destination that keeps half',
        { destination: { kind: 'truncate', methods: ['PUT'] } },
        'DEST_SIZE',
        'destination',
      ],
      [
        'a destination that changes bytes',
        { destination: { kind: 'corrupt', methods: ['PUT'] } },
        'DEST_CHECKSUM',
        'destination',
      ],
    ])('by push names %s', async (_, faults, cause, side) => {
      if (faults.source) source.faults.set(faults.source);
      if (faults.destination) destination.faults.set(faults.destination);
      const outcome = await run(tool, await jobWhere(true, false));
      expect(outcome).toMatchObject({ state: 'FAILED', cause, side });
      expect(await destination.list()).toEqual([]);
    });

    it('names a missing source before anybody is asked to copy', async () => {
      const wish = await job();
      wish.source.path = 'raw/none';
      expect(await run(tool, wish)).toMatchObject({ cause: 'SOURCE_MISSING', side: 'source' });
      expect(seen).toEqual([]);
    });

    it('believes its own reading when the source tells another checksum', async () => {
      source.faults.set({ kind: 'checksum', methods: ['HEAD'] });
      await arrives(await job());
      expect(seen).toEqual(['source GET', 'destination COPY', 'source GET']);
      await rm(join(destination.root, 'data'), { recursive: true });
      const outcome = await run(tool, await job({ adler32: '0badcafe' }));
      expect(outcome).toMatchObject({ cause: 'SOURCE_CHECKSUM', expected: 'adler32:0badcafe' });
    });

    it('tries another way next time when no byte has come', async () => {
      destination.faults.set({ kind: 'hang', methods: ['COPY'] });
      const wish = await job();
      expect(await run(tool, wish)).toMatchObject({ cause: 'STALLED', bytesMoved: 0n });
      await arrives(wish);
      expect(seen.slice(1)).toEqual(['source COPY', 'destination PUT']);
    });
  });

  it('tells how far it is, and ends when it is cancelled', async () => {
    source.faults.set({ kind: 'slow', methods: ['GET'] });
    tool = httpTpcTool(registry, { ...limits, stallMs: 60_000 });
    const wish = await job();
    await tool.submit([wish]);
    const half = BigInt(Math.floor(CONTENT.length / 2));
    await eventually('half of it has come', async () => {
      const [outcome] = await tool.poll([wish.requestId]);
      return outcome?.bytesMoved === half;
    });
    await tool.cancel([wish.requestId]);
    expect(await tool.poll([wish.requestId])).toMatchObject([
      { state: 'FAILED', cause: 'CANCELLED' },
    ]);
    expect(await destination.list()).toEqual([]);
  });

  it('replaces another file only when it may', async () => {
    await putOnDisk(destination, 'another file');
    expect(await run(tool, await job())).toMatchObject({ cause: 'DEST_EXISTS' });
    await arrives(await job({ overwrite: true }));
  });
});
