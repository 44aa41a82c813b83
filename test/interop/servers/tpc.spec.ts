import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { makeAuthority } from '../../../src/demo/certificates.js';
import { type FarEnd, type ProtocolEndpoint } from '../../../src/protocols/index.js';
import {
  httpTpcTool,
  type InProcessTool,
  type TransferJob,
  type TransferOutcome,
} from '../../../src/transfertools/index.js';
import { type DiskStorage, startDisk } from '../../protocols/endpoints.js';
import { eventually } from '../../support/eventually.js';
import { jobBetween, limits, putOnDisk, run } from '../../transfertools/setting.js';
import { freePort, type StorageServer } from '../site/storage-server.js';
import { startXrootd } from '../site/xrootd.js';
import { rawRequest } from './raw-request.js';
import { endpointTo } from './setting.js';
import {
  clear,
  filesOn,
  isOn,
  openTwoXrootds,
  putOn,
  readOn,
  type TwoXrootds,
} from './tpc-setting.js';

const CONTENT = randomBytes(3_000_000);
const WHOLE = BigInt(CONTENT.length);
/** What takes as long as a server's own limits. */
const slowly = process.env['SLUICE_INTEROP_SLOW'] === undefined ? it.skip : it;

describe('third-party copy between two XRootDs', () => {
  let two: TwoXrootds;
  let shore: StorageServer;
  let inland: StorageServer;
  /** Speaks https as they do, is trusted by both, and can go wrong. */
  let faulty: DiskStorage;
  let tool: InProcessTool;
  beforeAll(async () => {
    two = await openTwoXrootds();
    ({ shore, inland } = two);
    faulty = await startDisk({ ca: two.authority.certificate }, two.authority);
  });
  beforeEach(() => {
    clear(shore);
    clear(inland);
    putOn(shore, 'raw/run', CONTENT);
    faulty.faults.clear();
    // What one test's tool has learnt is not the next one's.
    tool = httpTpcTool(two.setting.registry, { ...limits, stallMs: 30_000 });
  });
  afterAll(async () => {
    await faulty?.close();
    await two?.setting.close();
  });

  const does = (server: StorageServer, said: unknown): ProtocolEndpoint =>
    endpointTo(server, { third_party_copy: said });
  const ofFaulty = (): ProtocolEndpoint =>
    faulty.endpointWith({ ca: two.authority.certificate, third_party_copy: false });
  const job = (
    source: ProtocolEndpoint,
    destination: ProtocolEndpoint,
    change: Partial<TransferJob> = {},
  ) => jobBetween(source, destination, change, CONTENT);

  async function arrives(wish: TransferJob): Promise<TransferOutcome> {
    const outcome = await run(tool, wish);
    expect(outcome).toMatchObject({ state: 'DONE', bytesMoved: WHOLE });
    expect(filesOn(inland)).toEqual(['raw/run']);
    expect(readOn(inland, 'raw/run').equals(CONTENT)).toBe(true);
    return outcome;
  }

  it('answers before the outcome is known', async () => {
    const headers = { Source: `${shore.url}/data/none`, Credential: 'none' };
    const answer = await rawRequest(inland, 'COPY', '/data/none', headers);
    expect(answer.status).toBe(201);
    expect(answer.text).toMatch(/failure: Remote side failed with status code 404/);
    expect(readOn(inland, 'none')).toHaveLength(0);
  });

  it.each(['pull', 'push'] as const)('brings a file by %s, verified and renamed', async (way) => {
    const ends = way === 'pull' ? [false, 'pull'] : ['push', false];
    const outcome = await arrives(await job(does(shore, ends[0]), does(inland, ends[1])));
    expect(outcome.message).toBeUndefined();
  });

  it('copies an empty file', async () => {
    putOn(shore, 'raw/run', '');
    const wish = await jobBetween(endpointTo(shore), endpointTo(inland), {}, '');
    expect(await run(tool, wish)).toMatchObject({ state: 'DONE' });
    expect(readOn(inland, 'raw/run')).toHaveLength(0);
  });

  it('finds a source with other bytes, which the servers do not compare', async () => {
    putOn(shore, 'raw/run', randomBytes(CONTENT.length));
    const outcome = await run(tool, await job(endpointTo(shore), endpointTo(inland)));
    expect(outcome).toMatchObject({ cause: 'SOURCE_CHECKSUM', side: 'source' });
    expect(filesOn(inland)).toEqual([]);
  });

  it('replaces another file only when it may', async () => {
    putOn(inland, 'raw/run', 'another file');
    const ends = [endpointTo(shore), endpointTo(inland)] as const;
    expect(await run(tool, await job(...ends))).toMatchObject({ cause: 'DEST_EXISTS' });
    await arrives(await job(...ends, { overwrite: true }));
  });

  describe('says why it failed, and at which end:', () => {
    const asked = async (server: StorageServer, path: string, far: FarEnd) =>
      two.setting.registry.driver(endpointTo(server)).thirdPartyCopy(path, far);
    const pull = (url: string, path = 'pulled') => asked(inland, path, { way: 'pull', url });
    const push = (url: string, path = 'raw/run') => asked(shore, path, { way: 'push', url });

    it('a missing source', async () => {
      const far = { code: 'MISSING', farSide: true };
      await expect(pull(`${shore.url}/data/none`)).rejects.toMatchObject(far);
      const near = { code: 'MISSING', farSide: false };
      await expect(push(`${inland.url}/data/pushed`, 'none')).rejects.toMatchObject(near);
    });

    it('nobody who listens, and a host that is none', async () => {
      const lost = { code: 'CONNECTION', farSide: true, unreached: true };
      const nobody = `https://localhost:${await freePort()}/data/raw/run`;
      const nowhere = 'https://storage.invalid/data/raw/run';
      for (const url of [nobody, nowhere]) {
        await expect(pull(url, `from-${new URL(url).host}`)).rejects.toMatchObject(lost);
        await expect(push(url)).rejects.toMatchObject(lost);
      }
    });

    it('a far end that refuses', async () => {
      const refused = { code: 'REFUSED', farSide: true, unreached: false };
      await expect(pull(`${shore.url}/etc/passwd`)).rejects.toMatchObject(refused);
      await expect(push(`${inland.url}/etc/passwd`)).rejects.toMatchObject(refused);
    });

    it('a file that breaks off', async () => {
      await putOnDisk(faulty, CONTENT);
      faulty.faults.set({ kind: 'cut', methods: ['GET'] });
      const partial = { code: 'CONNECTION', farSide: true, unreached: false };
      await expect(pull(`${faulty.url}/data/raw/run`)).rejects.toMatchObject(partial);
      await expect(pull(`${faulty.url}/data/raw/run`, 'p')).rejects.toThrow('partial file');
    });

    it('a far end that is full', async () => {
      faulty.faults.set({ kind: 'full', methods: ['PUT'] });
      const full = { code: 'FULL', farSide: true };
      await expect(push(`${faulty.url}/data/pushed`)).rejects.toMatchObject(full);
    });

    it('a directory that is missing, a file that is there', async () => {
      const url = `${shore.url}/data/raw/run`;
      const missing = { code: 'MISSING', farSide: false, status: 400 };
      await expect(pull(url, 'no/such/directory/file')).rejects.toMatchObject(missing);
      await pull(url);
      const exists = { code: 'EXISTS', farSide: false };
      await expect(pull(url)).rejects.toMatchObject(exists);
    });
  });

  describe('leaves nothing behind', () => {
    it.each(['cut', 'error', 'refuse', 'truncate'] as const)(
      'when the source fails (%s)',
      async (kind) => {
        await putOnDisk(faulty, CONTENT);
        faulty.faults.set({ kind, methods: ['GET'] });
        const outcome = await run(tool, await job(ofFaulty(), endpointTo(inland)));
        expect(outcome.state).toBe('FAILED');
        expect(filesOn(inland)).toEqual([]);
      },
    );

    it('when it is cancelled in the middle', async () => {
      await putOnDisk(faulty, CONTENT);
      faulty.faults.set({ kind: 'slow', methods: ['GET'] });
      const wish = await job(ofFaulty(), endpointTo(inland));
      await tool.submit([wish]);
      await eventually('a part is there', () => isOn(inland, wish.destination.temporaryPath));
      await tool.cancel([wish.requestId]);
      expect(await tool.poll([wish.requestId])).toMatchObject([{ cause: 'CANCELLED' }]);
      expect(filesOn(inland)).toEqual([]);
    });

    it('when the destination of a push fails', async () => {
      faulty.faults.set({ kind: 'truncate', methods: ['PUT'] });
      const wish = await job(endpointTo(shore), ofFaulty());
      wish.destination.path = 'raw/other';
      expect(await run(tool, wish)).toMatchObject({ cause: 'DEST_SIZE', side: 'destination' });
      const left = (await faulty.list()).filter((path) => path !== 'data/raw/run');
      expect(left).toEqual([]);
    });
  });

  describe('finds another way', () => {
    it('by push, where the destination does not trust the source', async () => {
      // It trusts both authorities itself; who vouches for it is unknown at the other end.
      const other = await makeAuthority('another site');
      const stranger = await startDisk({ ca: two.authority.certificate }, other);
      await putOnDisk(stranger, CONTENT);
      const endpoint = stranger.endpointWith({ ca: other.certificate });
      const outcome = await arrives(await job(endpoint, endpointTo(inland)));
      expect(outcome.message).toMatch(/^copied by push: no pull: .*SSL peer certificate/);
      await stranger.close();
    });

    it('through this process, where neither trusts the other', async () => {
      const other = await makeAuthority('another site');
      const stranger = await two.setting.start('stranger', (options) =>
        startXrootd({ ...options, authority: other }),
      );
      putOn(stranger, 'raw/run', CONTENT);
      const [from, to] = [endpointTo(stranger), endpointTo(inland)];
      const outcome = await arrives(await job(from, to));
      expect(outcome.message).toMatch(/^copied by stream: no pull: .*; no push: /);
      expect(tool.canMove(from, to)).toBe(false);
      expect(tool.canMove(to, from)).toBe(true);
    });

    it('at once where a server has no third-party copy at all', async () => {
      const plain = faulty.endpointWith({ ca: two.authority.certificate });
      await putOnDisk(faulty, CONTENT);
      faulty.faults.set({ kind: 'unsupported', methods: ['COPY'] });
      const outcome = await run(tool, await job(endpointTo(shore), plain, { overwrite: true }));
      expect(outcome).toMatchObject({ state: 'DONE' });
    });
  });

  slowly('is STALLED when markers come and bytes do not', async () => {
    tool = httpTpcTool(two.setting.registry, { ...limits, stallMs: 8000 });
    await putOnDisk(faulty, CONTENT);
    faulty.faults.set({ kind: 'slow', methods: ['GET'] });
    const outcome = await run(tool, await job(ofFaulty(), endpointTo(inland)));
    expect(outcome).toMatchObject({ cause: 'STALLED', side: 'source' });
    expect(outcome.bytesMoved).toBeGreaterThan(0n);
    expect(filesOn(inland)).toEqual([]);
  });

  slowly(
    'is given up by XRootD itself after 70 s, which is the far end standing still',
    async () => {
      tool = httpTpcTool(two.setting.registry, { ...limits, stallMs: 100_000 });
      await putOnDisk(faulty, CONTENT);
      faulty.faults.set({ kind: 'slow', methods: ['GET'] });
      const outcome = await run(tool, await job(ofFaulty(), endpointTo(inland)));
      expect(outcome).toMatchObject({ cause: 'STALLED', side: 'source' });
      expect(outcome.message).toContain('no bytes have been received');
      expect(filesOn(inland)).toEqual([]);
    },
  );
});
