import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type ProtocolEndpoint } from '../../../src/protocols/index.js';
import {
  httpTpcTool,
  type InProcessTool,
  streamTool,
  type TransferJob,
} from '../../../src/transfertools/index.js';
import { jobBetween, limits, run } from '../../transfertools/setting.js';
import { startXrootd } from '../site/xrootd.js';
import { endpointTo, ServerSetting } from './setting.js';

/** A storage that files are moved to and from: where they are on disk, and the protocol to it. */
export interface Shore {
  readonly dataDir: string;
  readonly endpoint: ProtocolEndpoint;
}

const CONTENT = randomBytes(5_000_000);

/** Moves files between an XRootD and another storage, both ways, and looks at the disks. */
export function movesToAndFromXrootd(
  name: string,
  open: (setting: ServerSetting) => Promise<Shore>,
): void {
  describe(`stream between XRootD and ${name}`, () => {
    let setting: ServerSetting;
    let tool: InProcessTool;
    let xrootd: Shore;
    let other: Shore;
    beforeAll(async () => {
      setting = await ServerSetting.open();
      const server = await setting.start('xrootd', startXrootd);
      xrootd = { dataDir: server.dataDir, endpoint: endpointTo(server) };
      other = await open(setting);
      tool = streamTool(setting.registry, { ...limits, stallMs: 10_000 });
    });
    afterAll(async () => {
      await tool?.close();
      await setting.close();
    });

    const on = ({ dataDir }: Shore) => join(dataDir, 'raw/run');
    function put(shore: Shore, content: Buffer): void {
      mkdirSync(dirname(on(shore)), { recursive: true });
      writeFileSync(on(shore), content);
      // Whomever the server runs as may put something else in its place.
      chmodSync(dirname(on(shore)), 0o777);
    }
    const move = async (from: Shore, to: Shore, change: Partial<TransferJob> = {}) =>
      run(tool, await jobBetween(from.endpoint, to.endpoint, change, CONTENT));
    const clear = (shore: Shore) =>
      rmSync(join(shore.dataDir, 'raw'), { recursive: true, force: true });

    it('brings a file there and back, byte for byte, and leaves no part', async () => {
      put(xrootd, CONTENT);
      expect(await move(xrootd, other)).toMatchObject({ state: 'DONE', bytesMoved: 5_000_000n });
      expect(readFileSync(on(other)).equals(CONTENT)).toBe(true);
      clear(xrootd);
      expect(await move(other, xrootd)).toMatchObject({ state: 'DONE', bytesMoved: 5_000_000n });
      expect(readFileSync(on(xrootd)).equals(CONTENT)).toBe(true);
      for (const shore of [xrootd, other]) {
        expect(readdirSync(join(shore.dataDir, 'raw'))).toEqual(['run']);
      }
    });

    it('copies nothing where the same file stands already', async () => {
      expect(await move(xrootd, other)).toMatchObject({ state: 'DONE', bytesMoved: 0n });
    });

    it('finds other bytes of the same size at the destination, and replaces them only if told', async () => {
      clear(other);
      put(other, randomBytes(CONTENT.length));
      const refused = await move(xrootd, other);
      expect(refused).toMatchObject({ state: 'FAILED', cause: 'DEST_EXISTS' });
      expect(await move(xrootd, other, { overwrite: true })).toMatchObject({ state: 'DONE' });
      expect(readFileSync(on(other)).equals(CONTENT)).toBe(true);
    });

    it('finds a bad source by reading it, and leaves nothing at the destination', async () => {
      clear(other);
      clear(xrootd);
      put(other, randomBytes(CONTENT.length));
      expect(await move(other, xrootd)).toMatchObject({
        state: 'FAILED',
        cause: 'SOURCE_CHECKSUM',
      });
      expect(existsSync(on(xrootd))).toBe(false);
      expect(readdirSync(join(xrootd.dataDir, 'raw'))).toEqual([]);
    });

    it('arrives too where XRootD is asked to copy by itself, whatever the other makes of it', async () => {
      clear(other);
      put(xrootd, CONTENT);
      const asks = httpTpcTool(setting.registry, { ...limits, stallMs: 10_000 });
      if (!asks.canMove(xrootd.endpoint, other.endpoint)) return;
      const job = await jobBetween(xrootd.endpoint, other.endpoint, {}, CONTENT);
      const outcome = await run(asks, job);
      expect(outcome).toMatchObject({ state: 'DONE' });
      expect(readFileSync(on(other)).equals(CONTENT)).toBe(true);
    });

    it('says what is missing', async () => {
      clear(other);
      clear(xrootd);
      expect(await move(other, xrootd)).toMatchObject({ state: 'FAILED', cause: 'SOURCE_MISSING' });
    });
  });
}
