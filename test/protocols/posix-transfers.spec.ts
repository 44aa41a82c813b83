import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ProtocolEndpoint } from '../../src/protocols/index.js';
import { type InProcessTool, streamTool } from '../../src/transfertools/index.js';
import { CONTENT, jobBetween, limits, putOnDisk, run } from '../transfertools/setting.js';
import { type DiskStorage, type PosixStorage, startDisk, startPosix } from './endpoints.js';

describe('stream between a mounted file system and a WebDAV storage', () => {
  let mounted: PosixStorage;
  let far: DiskStorage;
  let tool: InProcessTool;
  beforeAll(async () => {
    [mounted, far] = await Promise.all([startPosix(), startDisk()]);
    tool = streamTool(mounted.registry, limits);
  });
  afterAll(async () => {
    await tool.close();
    await Promise.all([mounted.close(), far.close()]);
  });

  const below = (directory: string): ProtocolEndpoint => ({
    ...mounted.endpoint,
    prefix: join(mounted.root, directory),
  });
  const lake = (directory: string, path: string) => join(mounted.root, directory, path);

  it('can move both ways, and only where the mount is allowed', () => {
    expect(tool.canMove(mounted.endpoint, far.endpoint)).toBe(true);
    expect(tool.canMove(far.endpoint, mounted.endpoint)).toBe(true);
    const other = { ...mounted.endpoint, prefix: '/var/lake/' };
    expect(tool.canMove(other, far.endpoint)).toBe(false);
    expect(tool.canMove(far.endpoint, other)).toBe(false);
  });

  it('brings a file into the mount, verified, and leaves nothing else there', async () => {
    await putOnDisk(far);
    const job = await jobBetween(far.endpoint, mounted.endpoint);
    expect(await run(tool, job)).toMatchObject({ state: 'DONE', bytesMoved: job.bytes });
    expect(readFileSync(lake('data', 'raw/run'), 'utf8')).toBe(CONTENT);
    const entries = await mounted.registry.driver(mounted.endpoint).list('raw');
    expect(entries.map(({ path }) => path)).toEqual(['raw/run']);
  });

  it('brings one from the mount to the storage and to another mount', async () => {
    for (const directory of ['from', 'to']) mkdirSync(lake(directory, 'raw'), { recursive: true });
    writeFileSync(lake('from', 'raw/run'), 'moved');
    for (const to of [
      far.endpointWith({ ca: far.endpoint.extendedAttributes['ca'] }),
      below('to'),
    ]) {
      const job = await jobBetween(below('from'), to, { overwrite: true }, 'moved');
      expect(await run(tool, job)).toMatchObject({ state: 'DONE' });
    }
    expect(readFileSync(lake('to', 'raw/run'), 'utf8')).toBe('moved');
    expect(readFileSync(join(far.root, 'data/raw/run'), 'utf8')).toBe('moved');
  });

  it('blames a source that changed on the disk, by what was read', async () => {
    mkdirSync(lake('bad', 'raw'), { recursive: true });
    writeFileSync(lake('bad', 'raw/run'), CONTENT.replace('14242', '14243'));
    const job = await jobBetween(below('bad'), far.endpoint, { overwrite: true });
    expect(await run(tool, job)).toMatchObject({ state: 'FAILED', cause: 'SOURCE_CHECKSUM' });
  });

  it('cannot reach a mount that is away, and does not say that the file is missing', async () => {
    const job = await jobBetween(below('away'), far.endpoint, {}, 'something else');
    const outcome = await run(tool, { ...job, overwrite: true });
    expect(outcome).toMatchObject({ state: 'FAILED', cause: 'CONNECTION' });
  });
});
