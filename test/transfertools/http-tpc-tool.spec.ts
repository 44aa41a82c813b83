import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ProtocolEndpoint, type StorageRegistry } from '../../src/protocols/index.js';
import { httpTpcTool, type InProcessTool } from '../../src/transfertools/index.js';
import { type DiskStorage, startDisk, testAuthority } from '../protocols/endpoints.js';
import { CONTENT, jobBetween, limits, openRegistry, putOnDisk, run } from './setting.js';

describe('third-party copy', () => {
  let source: DiskStorage;
  let destination: DiskStorage;
  let pulling: ProtocolEndpoint;
  let registry: StorageRegistry;
  let tool: InProcessTool;
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
    [source, destination] = await Promise.all([
      startDisk({ verify }),
      startDisk({ verify, markerMs: 5 }),
    ]);
    const ca = (await testAuthority()).certificate;
    pulling = destination.endpointWith({ ca, third_party_copy: true });
    registry = openRegistry({
      authorize: (_, operation, path, target) =>
        Promise.resolve(
          operation === 'create'
            ? `read:${path}|create:${path}|read:${target}|create:${target}`
            : `${operation}:${path}`,
        ),
    });
    tool = httpTpcTool(registry, limits);
  });
  beforeEach(async () => {
    source.faults.clear();
    destination.faults.clear();
    await putOnDisk(source);
    await rm(join(destination.root, 'data'), { recursive: true, force: true });
  });
  afterAll(async () => {
    registry.close();
    await Promise.all([source.close(), destination.close()]);
  });

  it('is for https destinations that say they can', () => {
    const memory = { ...source.endpoint, scheme: 'memory' };
    expect(tool.canMove(source.endpoint, pulling)).toBe(true);
    expect(tool.canMove(source.endpoint, destination.endpoint)).toBe(false);
    expect(tool.canMove(memory, pulling)).toBe(false);
  });

  it('lets the destination fetch the file, which is then verified and renamed', async () => {
    const outcome = await run(tool, await jobBetween(source.endpoint, pulling));
    expect(outcome).toMatchObject({ state: 'DONE', bytesMoved: BigInt(CONTENT.length) });
    expect(await destination.list()).toEqual(['data/raw/run']);
    expect(tokens).toContain('read:/data/raw/run');
  });

  it.each([
    ['a missing source', 'SOURCE_MISSING', 'source'],
    ['a source that refuses the destination', 'SOURCE_REFUSED', 'source'],
    ['a source with other bytes', 'SOURCE_CHECKSUM', 'source'],
    ['a destination that refuses', 'DEST_REFUSED', 'destination'],
    ['a source that changes bytes on the way', 'DEST_CHECKSUM', 'destination'],
  ])('names %s', async (what, cause, side) => {
    const job = await jobBetween(source.endpoint, pulling);
    if (what.startsWith('a missing')) job.source.path = 'raw/none';
    if (what.endsWith('refuses the destination')) {
      source.faults.set({ kind: 'refuse', methods: ['GET'] });
    }
    if (what.endsWith('other bytes')) job.adler32 = '0badcafe';
    if (what.endsWith('that refuses'))
      destination.faults.set({ kind: 'refuse', methods: ['COPY'] });
    if (what.endsWith('on the way')) source.faults.set({ kind: 'corrupt', methods: ['GET'] });
    expect(await run(tool, job)).toMatchObject({ state: 'FAILED', cause, side });
    expect(await destination.list()).toEqual([]);
  });

  it('takes an answer without a verdict for no success', async () => {
    source.faults.set({ kind: 'cut', methods: ['GET'] });
    const outcome = await run(tool, await jobBetween(source.endpoint, pulling));
    expect(outcome.state).toBe('FAILED');
    expect(await destination.list()).toEqual([]);
  });
});
