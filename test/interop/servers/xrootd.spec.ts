import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { type ProtocolEndpoint, type StorageDriver } from '../../../src/protocols/index.js';
import { streamTool } from '../../../src/transfertools/index.js';
import { conformsToProtocol } from '../../protocols/conformance.js';
import { type DiskStorage, startDisk } from '../../protocols/endpoints.js';
import { CONTENT, jobBetween, limits, putOnDisk, run } from '../../transfertools/setting.js';
import { eventually } from '../../support/eventually.js';
import { type StorageServer } from '../site/storage-server.js';
import { startXrootd } from '../site/xrootd.js';
import { again, patient } from './patience.js';
import { rawRequest } from './raw-request.js';
import { endpointTo, ServerSetting } from './setting.js';

// A server that stands still once is asked again when a call's minute is over.
jest.setTimeout(180_000);
/** Longer than it stands still. */
const stallMs = 60_000;

conformsToProtocol('the WebDAV driver against XRootD', async () => {
  const setting = await ServerSetting.open();
  const server = await setting.start('xrootd', startXrootd);
  const driver = patient(setting.registry.driver(endpointTo(server)));
  return { driver, close: () => setting.close() };
});

/** What takes more than a few seconds. */
const slowly = process.env['SLUICE_INTEROP_SLOW'] === undefined ? it.skip : it;

/**
 * What XRootD 5.5.3 does that a driver has to know: first the fact, as the server shows it, then
 * what the driver makes of it.
 */
describe('XRootD 5.5.3', () => {
  let setting: ServerSetting;
  let server: StorageServer;
  let endpoint: ProtocolEndpoint;
  let driver: StorageDriver;
  const disks: DiskStorage[] = [];
  beforeAll(async () => {
    setting = await ServerSetting.open();
    server = await setting.start('xrootd', startXrootd);
    endpoint = endpointTo(server);
    driver = patient(setting.registry.driver(endpoint));
  });
  afterAll(async () => {
    await Promise.all(disks.map((disk) => disk.close()));
    await setting.close();
  });

  /** A storage of ours that holds the file to be moved. */
  const disk = async (): Promise<DiskStorage> => {
    const started = await startDisk();
    disks.push(started);
    await putOnDisk(started);
    return started;
  };
  const ask = (method: string, path: string, headers?: Record<string, string>, body?: string) =>
    again(() => rawRequest(server, method, path, headers, body));
  const put = (path: string, text: string) =>
    driver.write(path, () => Readable.from([Buffer.from(text)]), BigInt(text.length));
  const onDisk = (path: string) => join(server.dataDir, path);

  it('reads header names as they are spelled: a lower-case length is no length', async () => {
    const answer = await ask('PUT', '/data/lower', { 'content-length': '5' }, 'hello');
    expect(answer.status).toBe(200);
    expect(statSync(onDisk('lower')).size).toBe(0);
    await put('upper', 'hello');
    expect(readFileSync(onDisk('upper'), 'utf8')).toBe('hello');
  });

  it('gives digests as they are wanted, adler32 padded and md5 in base64', async () => {
    await put('digest', 'Wikipedia');
    const told = async (wanted: string) =>
      (await ask('HEAD', '/data/digest', { 'Want-Digest': wanted })).headers['digest'];
    expect(await told('adler32')).toBe('adler32=11e60398');
    const md5 = createHash('md5').update('Wikipedia').digest('base64');
    expect(await told('md5')).toBe(`md5=${md5}`);
    expect(await told('sha-256')).toBe('adler32=11e60398');
    await put('small', 'a');
    expect(await driver.stat('small', { checksum: true })).toMatchObject({ adler32: '00620062' });
  });

  it("tells another file's digest to who asked for none; nobody here believes it", async () => {
    await put('one', 'one');
    await put('two', 'something else');
    // What it has computed already, it tells without a mix-up.
    await driver.stat('one', { checksum: true });
    const first = await ask('GET', '/data/one', { 'Want-Digest': 'adler32' });
    const stale = await ask('GET', '/data/two');
    expect(stale.headers['digest']).toBe(first.headers['digest']);
    expect(await driver.stat('two')).toMatchObject({ adler32: null, md5: null });
    const { adler32 } = (await driver.stat('two', { checksum: true })) ?? {};
    expect(`adler32=${adler32}`).not.toBe(stale.headers['digest']);
  });

  it('spoils the header of a range with that digest; the range is read all the same', async () => {
    // What it says of memory that is not its own any more may be silence too: a server of its own.
    const other = await setting.start('spoilt', startXrootd);
    const reader = patient(setting.registry.driver(endpointTo(other)));
    await reader.write('ranged', () => Readable.from([Buffer.from('0123456789')]), 10n);
    await reader.stat('ranged', { checksum: true });
    await rawRequest(other, 'GET', '/data/ranged', { 'Want-Digest': 'adler32' });
    const spoilt = rawRequest(other, 'GET', '/data/ranged', { Range: 'bytes=7-9' });
    await expect(spoilt).rejects.toThrow(/CR|no answer/);
    const { stream } = await reader.read('ranged', { from: 7n });
    expect((await buffer(stream)).toString()).toBe('789');
  });

  it('promises bytes beyond the end of a file; none is asked for', async () => {
    await put('short', '0123456789');
    await expect(driver.read('short', { from: 10n })).rejects.toMatchObject({ code: 'SIZE' });
  });

  it('tells the old checksum of a file overwritten within the second', async () => {
    await put('rewritten', 'first!');
    const { adler32 } = (await driver.stat('rewritten', { checksum: true })) ?? {};
    const times = statSync(onDisk('rewritten'));
    await ask('PUT', '/data/rewritten', { 'Content-Length': '6' }, 'second');
    // The same second, however slow this machine is.
    utimesSync(onDisk('rewritten'), times.atime, times.mtime);
    expect(await driver.stat('rewritten', { checksum: true })).toMatchObject({ adler32 });
  });

  it('is not misled by that when a transfer replaces a file: new bytes come under a new name', async () => {
    const source = await disk();
    await driver.write(
      'raw/run',
      () => Readable.from([Buffer.alloc(CONTENT.length)]),
      BigInt(CONTENT.length),
    );
    const job = await jobBetween(source.endpoint, endpoint, { overwrite: true });
    const tool = streamTool(setting.registry, { ...limits, stallMs });
    expect(await run(tool, job)).toMatchObject({ state: 'DONE' });
    expect(readFileSync(onDisk('raw/run'), 'utf8')).toBe(CONTENT);
    const { adler32 } = job;
    expect(await driver.stat('raw/run', { checksum: true })).toMatchObject({ adler32 });
  });

  it('serves the part of an upload that broke off; a transfer leaves none', async () => {
    const broken = () =>
      Readable.from(
        (async function* () {
          yield Buffer.alloc(500_000);
          await eventually('a part is there', () => existsSync(onDisk('part')));
          throw new Error('the tape broke');
        })(),
      );
    await expect(driver.write('part', broken, 1_000_000n)).rejects.toThrow('the tape broke');
    expect((await ask('HEAD', '/data/part')).status).toBe(200);
    const source = await disk();
    source.faults.set({ kind: 'cut', methods: ['GET'] });
    const job = await jobBetween(source.endpoint, endpoint, {
      destination: { endpoint, path: 'broken/run', temporaryPath: 'broken/run.part' },
    });
    const tool = streamTool(setting.registry, { ...limits, stallMs });
    expect(await run(tool, job)).toMatchObject({ cause: 'CONNECTION', side: 'source' });
    expect(await driver.list('broken').catch(() => [])).toEqual([]);
    await tool.close();
  });

  it('moves over what stands there, whatever is said; the driver looks first', async () => {
    await put('mover', 'new');
    await put('taken', 'old');
    await expect(driver.rename('mover', 'taken')).rejects.toMatchObject({ code: 'EXISTS' });
    const headers = { Destination: `${server.url}/data/taken`, Overwrite: 'F' };
    expect((await ask('MOVE', '/data/mover', headers)).status).toBe(201);
    expect(readFileSync(onDisk('taken'), 'utf8')).toBe('new');
  });

  it('moves to a URL only, never to a path', async () => {
    await put('here', 'x');
    expect((await ask('MOVE', '/data/here', { Destination: '/data/there' })).status).toBe(501);
    await driver.rename('here', 'some/where/there');
    expect(readFileSync(onDisk('some/where/there'), 'utf8')).toBe('x');
  });

  it('makes directories with a PUT, and says 201 of those that exist', async () => {
    expect((await ask('MKCOL', '/data/made/by/us/')).status).toBe(201);
    expect((await ask('MKCOL', '/data/made/by/us/')).status).toBe(201);
    await put('made/by/put/file', 'x');
    expect(existsSync(onDisk('made/by/put/file'))).toBe(true);
  });

  it('says 404 when there is nothing to delete, and 500 of a directory that is not empty', async () => {
    expect((await ask('DELETE', '/data/none')).status).toBe(404);
    expect(await driver.remove('none')).toBe(false);
    await put('full/file', 'x');
    await expect(driver.remove('full')).rejects.toMatchObject({ status: 500 });
  });

  it('lets nobody out of its export', async () => {
    expect((await ask('GET', '/etc/passwd')).status).toBe(403);
    const outside = setting.registry.driver({ ...endpoint, prefix: '/etc' });
    await expect(outside.read('passwd')).rejects.toMatchObject({ code: 'REFUSED' });
  });

  it('speaks plain http on the port of https', async () => {
    await put('plain', 'over http');
    const http = { ...endpoint, scheme: 'http', extendedAttributes: {} };
    const plain = patient(setting.registry.driver(http));
    expect((await buffer((await plain.read('plain')).stream)).toString()).toBe('over http');
  });

  slowly('tells thousands of digests that it has to compute, and lives', async () => {
    const FILES = 4000;
    const wrong: string[] = [];
    const several = Array.from({ length: 8 }, async (_, lane) => {
      for (let i = lane; i < FILES; i += 8) {
        await put(`many/${i}`, 'a');
        const entry = await driver.stat(`many/${i}`, { checksum: true, bytes: 1n });
        if (entry?.adler32 !== '00620062') wrong.push(`many/${i}`);
      }
    });
    await Promise.all(several);
    expect(wrong).toEqual([]);
  });

  it('is trusted for its authority alone', async () => {
    const stranger = setting.registry.driver({ ...endpoint, extendedAttributes: {} });
    await expect(stranger.stat('plain')).rejects.toMatchObject({ code: 'TLS' });
  });
});

describe('an XRootD that sends on to another one', () => {
  let setting: ServerSetting;
  let pool: StorageServer;
  let door: StorageServer;
  beforeAll(async () => {
    setting = await ServerSetting.open();
    const extra = 'all.export /pool';
    pool = await setting.start('pool', (options) => startXrootd({ ...options, extra }));
    const redirect = `${extra}\nxrootd.redirect 127.0.0.1:${pool.port} /pool`;
    door = await setting.start('door', (options) => startXrootd({ ...options, extra: redirect }));
    mkdirSync(join(pool.dataDir, '../pool'));
    // It runs as somebody else.
    chmodSync(join(pool.dataDir, '../pool'), 0o777);
  });
  afterAll(() => setting.close());
  beforeEach(() => rmSync(join(pool.dataDir, '../pool/file'), { force: true }));

  const through = (change: Partial<ProtocolEndpoint>, redirectHosts?: string[]) => {
    const attributes = redirectHosts === undefined ? {} : { redirect_hosts: redirectHosts };
    const endpoint = { ...endpointTo(door, attributes), prefix: '/pool', ...change };
    return patient(setting.registry.driver(endpoint));
  };
  const content = () => Readable.from([Buffer.from('to the pool')]);

  it('is followed to the hosts that its protocol names', async () => {
    const driver = through({ scheme: 'http' }, ['127.0.0.1']);
    await driver.write('file', content, 11n);
    expect(readFileSync(join(pool.dataDir, '../pool/file'), 'utf8')).toBe('to the pool');
    expect((await buffer((await driver.read('file')).stream)).toString()).toBe('to the pool');
  });

  it('is not followed elsewhere, and the host to add is named', async () => {
    writeFileSync(join(pool.dataDir, '../pool/file'), 'secret');
    const refused = through({ scheme: 'http' }).read('file');
    await expect(refused).rejects.toMatchObject({ code: 'REDIRECT_REFUSED' });
    await expect(refused).rejects.toThrow('add 127.0.0.1 to redirect_hosts');
  });

  it('is not followed out of TLS, whatever its protocol names', async () => {
    const written = through({}, ['127.0.0.1']).write('file', content, 11n);
    await expect(written).rejects.toThrow('redirected from https to http');
    expect(existsSync(join(pool.dataDir, '../pool/file'))).toBe(false);
  });
});
