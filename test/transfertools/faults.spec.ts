import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { makeAuthority } from '../../src/demo/certificates.js';
import { type Fault } from '../../src/demo/storage/index.js';
import { type StorageRegistry } from '../../src/protocols/index.js';
import { type InProcessTool, streamTool } from '../../src/transfertools/index.js';
import { type DiskStorage, startDisk } from '../protocols/endpoints.js';
import { CONTENT, jobBetween, limits, openRegistry, putOnDisk, run } from './setting.js';

describe('a transfer between two storages over https', () => {
  let source: DiskStorage;
  let destination: DiskStorage;
  let registry: StorageRegistry;
  let tool: InProcessTool;

  beforeAll(async () => {
    [source, destination] = await Promise.all([startDisk(), startDisk()]);
    await putOnDisk(source);
    registry = openRegistry({ timeoutBaseMs: 3000 });
    // A busy machine pauses for longer than the limit of the others.
    tool = streamTool(registry, { ...limits, stallMs: 800 });
  });
  beforeEach(() => {
    source.faults.clear();
    destination.faults.clear();
  });
  afterEach(async () => {
    // Whatever went wrong, no half file and no temporary name is left.
    const left = (await destination.list()).filter((path) => path !== 'data/raw/run');
    expect(left).toEqual([]);
  });
  afterAll(async () => {
    registry.close();
    await Promise.all([source.close(), destination.close()]);
  });

  it.each<[string, Fault, string]>([
    ['a source that stalls', { kind: 'slow', methods: ['GET'] }, 'STALLED'],
    ['a source that hangs', { kind: 'hang', methods: ['GET'] }, 'TIMEOUT'],
    ['a source that cuts the connection', { kind: 'cut', methods: ['GET'] }, 'CONNECTION'],
    ['a source that truncates', { kind: 'truncate', methods: ['GET'] }, 'SOURCE_SIZE'],
    ['a source that lies about its size', { kind: 'size', methods: ['GET'] }, 'SOURCE_SIZE'],
    ['a source that changes bytes', { kind: 'corrupt', methods: ['GET'] }, 'SOURCE_CHECKSUM'],
    ['a source that refuses', { kind: 'refuse', methods: ['GET'] }, 'SOURCE_REFUSED'],
    ['a source that breaks', { kind: 'error', methods: ['GET'] }, 'STORAGE_ERROR'],
    ['a source that redirects away', { kind: 'redirect', methods: ['GET'] }, 'REDIRECT_REFUSED'],
  ])('names %s', async (_, fault, cause) => {
    source.faults.set(fault);
    const outcome = await run(tool, await jobBetween(source.endpoint, destination.endpoint));
    expect(outcome).toMatchObject({ state: 'FAILED', cause, side: 'source' });
  });

  it.each<[string, Fault, string]>([
    ['a destination that stalls', { kind: 'slow', methods: ['PUT'] }, 'STALLED'],
    ['a destination that hangs', { kind: 'hang', methods: ['MOVE'] }, 'TIMEOUT'],
    ['a destination that takes no byte', { kind: 'hang', methods: ['PUT'] }, 'STALLED'],
    ['a destination that cuts the connection', { kind: 'cut', methods: ['PUT'] }, 'CONNECTION'],
    ['a destination that truncates', { kind: 'truncate', methods: ['PUT'] }, 'DEST_SIZE'],
    ['one that lies about its size', { kind: 'size', methods: ['HEAD'] }, 'DEST_SIZE'],
    ['one that lies about its checksum', { kind: 'checksum', methods: ['HEAD'] }, 'DEST_CHECKSUM'],
    ['a destination that changes bytes', { kind: 'corrupt', methods: ['PUT'] }, 'DEST_CHECKSUM'],
    ['a destination that refuses', { kind: 'refuse', methods: ['PUT'] }, 'DEST_REFUSED'],
    ['a full destination', { kind: 'full', methods: ['PUT'] }, 'DEST_FULL'],
    ['a destination that breaks', { kind: 'error', methods: ['MOVE'] }, 'STORAGE_ERROR'],
    ['one that redirects away', { kind: 'redirect', methods: ['PUT'] }, 'REDIRECT_REFUSED'],
  ])('names %s', async (_, fault, cause) => {
    destination.faults.set(fault);
    // Large enough that no socket buffer swallows what a destination does not read.
    const content = Buffer.alloc(24 * 1024 * 1024, 'x');
    await putOnDisk(source, content);
    const job = await jobBetween(source.endpoint, destination.endpoint, {}, content);
    const outcome = await run(tool, job);
    await putOnDisk(source);
    expect(outcome).toMatchObject({ state: 'FAILED', cause, side: 'destination' });
  });

  it('names the host to add when a redirect is refused', async () => {
    source.faults.set({ kind: 'redirect', location: 'https://pool7.example.org:8443' });
    const outcome = await run(tool, await jobBetween(source.endpoint, destination.endpoint));
    expect(outcome.message).toContain('add pool7.example.org to redirect_hosts');
  });

  it('names a source without the file', async () => {
    const job = await jobBetween(source.endpoint, destination.endpoint);
    job.source.path = 'raw/other';
    expect(await run(tool, job)).toMatchObject({ cause: 'SOURCE_MISSING', side: 'source' });
  });

  it('trusts nobody but the authority that the protocol names', async () => {
    const other = await makeAuthority('somebody else');
    const endpoint = source.endpointWith({ ca: other.certificate });
    const outcome = await run(tool, await jobBetween(endpoint, destination.endpoint));
    expect(outcome).toMatchObject({ state: 'FAILED', cause: 'TLS', side: 'source' });
  });

  it('trusts no unknown authority where the protocol names none', async () => {
    const outcome = await run(
      tool,
      await jobBetween(source.endpoint, destination.endpointWith({})),
    );
    expect(outcome).toMatchObject({ state: 'FAILED', cause: 'TLS', side: 'destination' });
  });

  it('speaks to no private address unless it may', async () => {
    const strict = openRegistry({ allowPrivate: false });
    for (const hostname of ['127.0.0.1', 'localhost']) {
      const endpoint = { ...source.endpoint, hostname };
      const job = await jobBetween(endpoint, destination.endpoint);
      const outcome = await run(streamTool(strict, limits), job);
      expect(outcome).toMatchObject({ state: 'FAILED', cause: 'ADDRESS_REFUSED' });
    }
    strict.close();
  });

  it('says CONNECTION of a storage that is not there', async () => {
    const gone = await startDisk();
    await gone.close();
    const outcome = await run(tool, await jobBetween(gone.endpoint, destination.endpoint));
    expect(outcome).toMatchObject({ state: 'FAILED', cause: 'CONNECTION', side: 'source' });
  });

  it('works once the fault is over', async () => {
    source.faults.set({ kind: 'error', methods: ['GET'], times: 1 });
    const job = await jobBetween(source.endpoint, destination.endpoint);
    expect(await run(tool, job)).toMatchObject({ state: 'FAILED' });
    expect(await run(tool, job)).toMatchObject({
      state: 'DONE',
      bytesMoved: BigInt(CONTENT.length),
    });
  });
});
