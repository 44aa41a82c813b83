import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { digestOf, type StorageRegistry } from '../../src/protocols/index.js';
import { streamTool } from '../../src/transfertools/index.js';
import { type DiskStorage, startDisk } from '../protocols/endpoints.js';
import { jobBetween, limits, openRegistry, putOnDisk, run } from './setting.js';

const MIB = 1024 * 1024;
const SIZE = 128 * MIB;

describe('a large file', () => {
  let source: DiskStorage;
  let destination: DiskStorage;
  let registry: StorageRegistry;

  beforeAll(async () => {
    [source, destination] = await Promise.all([startDisk(), startDisk()]);
    await putOnDisk(source, '');
    const file = await open(join(source.root, 'data/raw/run'), 'w');
    const block = randomBytes(MIB);
    for (let i = 0; i < SIZE / MIB; i += 1) await file.write(block);
    await file.close();
    registry = openRegistry();
  });
  afterAll(async () => {
    registry.close();
    await Promise.all([source.close(), destination.close()]);
  });

  it('passes through in a memory that does not grow with it', async () => {
    const driver = registry.driver(source.endpoint);
    const { adler32 } = await digestOf((await driver.read('raw/run')).stream);
    const job = await jobBetween(source.endpoint, destination.endpoint, {
      bytes: BigInt(SIZE),
      adler32,
    });
    const tool = streamTool(registry, { ...limits, stallMs: 10_000 });
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const sampler = setInterval(() => {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }, 5);
    const outcome = await run(tool, job);
    clearInterval(sampler);
    expect(outcome).toMatchObject({ state: 'DONE', bytesMoved: BigInt(SIZE) });
    expect(await destination.list()).toEqual(['data/raw/run']);
    // Both storages run in this process too, and what the collector has not fetched yet counts.
    expect(most).toBeLessThan(64 * MIB);
  });
});
