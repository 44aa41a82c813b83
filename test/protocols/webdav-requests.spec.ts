import { afterEach, describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  type ProtocolEndpoint,
  StorageRegistry,
  type StorageRegistryOptions,
} from '../../src/protocols/index.js';
import { startDisk } from './endpoints.js';
import { type RawServer, type Reply, startRaw } from './raw-server.js';

describe('the WebDAV driver on the wire', () => {
  const open: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });

  async function serve(reply: Reply): Promise<RawServer> {
    const server = await startRaw(reply);
    open.push(server);
    return server;
  }

  function driverOf(endpoint: ProtocolEndpoint, options: Partial<StorageRegistryOptions> = {}) {
    const registry = new StorageRegistry({ allowPrivate: true, retryDelayMs: 1, ...options });
    open.push(registry);
    return registry.driver(endpoint);
  }

  const text = (content: string) => () => Readable.from([Buffer.from(content)]);

  it('writes header names in the case that old XRootD servers insist on', async () => {
    const server = await serve(({ method }, response) => {
      const status = { GET: 206, HEAD: 200 }[method] ?? 201;
      response.writeHead(status, { 'Content-Length': method === 'HEAD' ? 10 : 0 }).end();
    });
    const driver = driverOf(server.endpoint);
    await driver.write('a', text('12345'), 5n);
    await driver.rename('a', 'b c');
    await driver.stat('b', { checksum: true });
    (await driver.read('b', { from: 3n })).stream.destroy();
    const far = { way: 'pull', url: 'https://far/file', token: 'T' } as const;
    await driver.thirdPartyCopy('d', far).catch(() => undefined);
    // XRootD 5.5 gives nothing for an open range, so the size is asked for first.
    const [put, move, head, , get, copy] = server.seen.map(({ headers }) => headers);
    expect(put).toMatchObject({ 'Content-Length': '5' });
    expect(put).not.toHaveProperty('Transfer-Encoding');
    expect(move).toMatchObject({ Destination: `${server.url}/data/b%20c`, Overwrite: 'F' });
    expect(head).toMatchObject({ 'Want-Digest': 'adler32,md5' });
    expect(get).toMatchObject({ Range: 'bytes=3-9' });
    expect(copy).toMatchObject({
      Source: 'https://far/file',
      Credential: 'none',
      TransferHeaderAuthorization: 'Bearer T',
    });
  });

  it('reads in blocks what the server cuts as it likes, and waits for nothing after the last byte', async () => {
    const whole = Buffer.from(Array.from({ length: 600_000 }, (_, at) => at % 251));
    const known = await serve((_, response) => {
      response.writeHead(200, { 'Content-Length': whole.length });
      for (let at = 0; at < whole.length; at += 7_001) {
        response.write(whole.subarray(at, at + 7_001));
      }
    });
    const { stream } = await driverOf(known.endpoint).read('a');
    const blocks = (await stream.toArray()) as Buffer[];
    expect(Buffer.concat(blocks).equals(whole)).toBe(true);
    expect(blocks.map(({ length }) => length)).toEqual([262_144, 262_144, 75_712]);
    const unknown = await serve((_, response) => void response.writeHead(200).end(whole));
    const other = await driverOf(unknown.endpoint).read('a');
    expect((await buffer(other.stream)).equals(whole)).toBe(true);
  });

  it('writes an empty file with its length', async () => {
    const server = await serve((_, response) => void response.writeHead(201).end());
    await driverOf(server.endpoint).write('empty', text(''), 0n);
    expect(server.seen[0]?.headers).toMatchObject({ 'Content-Length': '0' });
  });

  it('believes no digest that it did not ask for', async () => {
    const server = await serve((_, response) => {
      response.writeHead(200, { 'Content-Length': 9, Digest: 'adler32=deadbeef' }).end();
    });
    const driver = driverOf(server.endpoint);
    expect(await driver.stat('a')).toMatchObject({ bytes: 9n, adler32: null });
    expect(await driver.stat('a', { checksum: true })).toMatchObject({ adler32: 'deadbeef' });
  });

  it('makes directories for a server that does not, asks before, and opens the source anew', async () => {
    const directories = new Set(['/data']);
    const server = await serve(({ method, url }, response) => {
      const path = url.replace(/\/$/, '');
      const parent = path.slice(0, path.lastIndexOf('/'));
      if (!directories.has(parent)) return void response.writeHead(409).end();
      if (method === 'MKCOL') {
        const status = directories.has(path) ? 405 : 201;
        directories.add(path);
        return void response.writeHead(status).end();
      }
      response.writeHead(201).end();
    });
    const driver = driverOf(server.endpoint);
    await driver.write('a/b/file', text('12345'), 5n);
    expect(server.seen.at(-1)).toMatchObject({ method: 'PUT', body: '12345' });
    await driver.write('a/c/file', text('678'), 3n);
    // It was learnt the first time: no PUT fails any more.
    expect(server.seen.slice(-2).map(({ method }) => method)).toEqual(['MKCOL', 'PUT']);
    expect(server.seen.at(-1)?.body).toBe('678');
  });

  it('reads nothing from the source when the storage has no room for it', async () => {
    const storage = await startDisk();
    open.push(storage);
    storage.faults.set({ kind: 'full', methods: ['PUT'] });
    let opened = 0;
    const content = () => {
      opened += 1;
      return Readable.from([Buffer.alloc(300_000)]);
    };
    const driver = driverOf(storage.endpoint);
    // Who has answered before and is no XRootD can be asked first.
    expect(await driver.stat('a')).toBeNull();
    await expect(driver.write('a', content, 300_000n)).rejects.toMatchObject({ code: 'FULL' });
    expect(opened).toBe(0);
    storage.faults.clear();
    await driver.write('a', content, 300_000n);
    expect(opened).toBe(1);
  });

  it('follows a redirect to a host of the list, without its token', async () => {
    const pool = await serve((_, response) => void response.end('from the pool'));
    const door = await serve((_, response) => {
      response.writeHead(307, { Location: pool.url.replace('127.0.0.1', 'localhost') }).end();
    });
    door.endpoint.extendedAttributes = { token: 'secret', redirect_hosts: ['localhost'] };
    const { stream } = await driverOf(door.endpoint).read('a');
    expect((await buffer(stream)).toString()).toBe('from the pool');
    expect(door.seen[0]?.headers).toMatchObject({ Authorization: 'Bearer secret' });
    expect(pool.seen[0]?.headers).not.toHaveProperty('Authorization');
  });

  it('sends the body to where a PUT is redirected', async () => {
    const pool = await serve((_, response) => void response.writeHead(201).end());
    const door = await serve((_, response) => {
      response.writeHead(307, { Location: `${pool.url}/pool/a?grant=1` }).end();
    });
    await driverOf(door.endpoint).write('a', text('12345'), 5n);
    expect(pool.seen).toMatchObject([{ method: 'PUT', url: '/pool/a?grant=1', body: '12345' }]);
  });

  it('does not give its token to another port of the same host', async () => {
    const other = await serve((_, response) => void response.end('x'));
    const door = await serve((_, response) => {
      response.writeHead(302, { Location: `${other.url}/data/a` }).end();
    });
    door.endpoint.extendedAttributes = { token: 'secret' };
    (await driverOf(door.endpoint).read('a')).stream.destroy();
    expect(other.seen[0]?.headers).not.toHaveProperty('Authorization');
  });

  it.each([
    ['another host', 'http://evil.example.org/a', 'add evil.example.org to redirect_hosts'],
    ['a password', 'http://user:pw@127.0.0.1/a', 'with a password'],
    ['another scheme', 'ftp://127.0.0.1/a', 'redirected from https to ftp'],
    ['nowhere', 'http://[bad/', 'redirected to no URL'],
  ])('refuses a redirect to %s', async (_, location, said) => {
    const door = await serve((__, response) => {
      response.writeHead(302, { Location: location }).end();
    });
    const opened = driverOf(door.endpoint).read('a');
    await expect(opened).rejects.toMatchObject({ code: 'REDIRECT_REFUSED' });
    await expect(opened).rejects.toThrow(said);
  });

  it('follows three redirects and no fourth', async () => {
    let hops = 3;
    const server = await serve(({ url }, response) => {
      if (hops === 0) return void response.end('there');
      hops -= 1;
      response.writeHead(302, { Location: `${url}x` }).end();
    });
    const driver = driverOf(server.endpoint);
    (await driver.read('a')).stream.destroy();
    hops = 4;
    await expect(driver.read('a')).rejects.toMatchObject({ code: 'REDIRECT_REFUSED' });
  });

  it('asks for a token for exactly the file and the operation', async () => {
    const asked: unknown[] = [];
    const server = await serve(({ method }, response) => {
      response.writeHead(method === 'HEAD' ? 404 : 201).end();
    });
    const driver = driverOf(server.endpoint, {
      authorize: (endpoint, ...wish) => {
        asked.push([endpoint.rse, ...wish]);
        return Promise.resolve(`token-${asked.length}`);
      },
    });
    await driver.stat('a');
    await driver.write('a.part', text('x'), 1n);
    await driver.rename('a.part', 'a');
    await driver.write('a', text('x'), 1n, { overwrite: true });
    await driver.remove('a');
    expect(asked).toEqual([
      ['RAW', 'read', '/data/a', undefined],
      ['RAW', 'create', '/data/a.part', undefined],
      ['RAW', 'create', '/data/a.part', '/data/a'],
      ['RAW', 'modify', '/data/a', undefined],
      ['RAW', 'delete', '/data/a', undefined],
    ]);
    expect(server.seen.map(({ headers }) => headers['Authorization'])).toEqual([
      'Bearer token-1',
      'Bearer token-2',
      'Bearer token-3',
      'Bearer token-4',
      'Bearer token-5',
    ]);
  });

  it('says AUTH when no token can be had', async () => {
    const server = await serve((_, response) => void response.end());
    const driver = driverOf(server.endpoint, {
      authorize: () => Promise.reject(new Error('no key')),
    });
    await expect(driver.stat('a')).rejects.toMatchObject({ code: 'AUTH' });
    expect(server.seen).toEqual([]);
  });

  it.each([
    [401, '', 'AUTH'],
    [403, '', 'REFUSED'],
    [404, '', 'MISSING'],
    [500, '', 'STORAGE_ERROR'],
    [500, 'No space left on device', 'FULL'],
    [504, '', 'TIMEOUT'],
    [507, '', 'FULL'],
    [206, '', 'STORAGE_ERROR'],
  ])('takes status %i %s for %s', async (status, body, code) => {
    const server = await serve((_, response) => void response.writeHead(status).end(body));
    const opened = driverOf(server.endpoint, { attemptsMax: 1 }).read('a');
    await expect(opened).rejects.toMatchObject({ code, status });
  });

  it('asks an XRootD nothing before a large upload, and looks before it renames', async () => {
    const server = await serve(({ method, url }, response) => {
      const there = method === 'HEAD' && url !== '/data/free';
      response.writeHead(method === 'HEAD' && !there ? 404 : 200, {
        Server: 'XrootD/v5.5.3',
        'Content-Length': there ? 1 : 0,
      });
      response.end();
    });
    const driver = driverOf(server.endpoint);
    await driver.stat('a');
    const large = () => Readable.from([Buffer.alloc(300_000)]);
    await driver.write('a', large, 300_000n);
    expect(server.seen.at(-1)?.headers).not.toHaveProperty('Expect');
    await expect(driver.rename('a', 'taken')).rejects.toMatchObject({ code: 'EXISTS' });
    await driver.rename('a', 'free');
    expect(server.seen.at(-1)).toMatchObject({ method: 'MOVE' });
  });

  it('asks an XRootD for a digest on a connection of its own, and again when no answer comes', async () => {
    const server = await serve(({ method }, response, index) => {
      if (method === 'HEAD' && index === 1) return;
      const headers = { Server: 'XrootD/v5.5.3', 'Content-Length': 1, Digest: 'adler32=00620062' };
      response.writeHead(200, headers).end(method === 'HEAD' ? undefined : 'a');
    });
    const driver = driverOf(server.endpoint, { lostAnswerMs: 20, attemptsMax: 1 });
    await driver.stat('a');
    const asked = driver.stat('a', { checksum: true, bytes: 1n });
    expect(await asked).toMatchObject({ adler32: '00620062' });
    const wanted = server.seen.map(({ headers }) => [
      headers['Connection'],
      headers['Want-Digest'],
    ]);
    expect(wanted).toEqual([
      ['keep-alive', undefined],
      ['close', 'adler32,md5'],
      ['close', 'adler32,md5'],
    ]);
  });

  it('asks again on a new connection when a kept one had been closed', async () => {
    let drop = false;
    const server = await serve((_, response) => {
      if (drop) {
        drop = false;
        return void response.socket?.destroy();
      }
      response.writeHead(201, { 'Content-Length': 0 }).end();
    });
    const driver = driverOf(server.endpoint, { attemptsMax: 1 });
    await driver.write('a', text('one'), 3n);
    drop = true;
    await driver.write('a', text('two'), 3n);
    expect(server.seen.map(({ body }) => body)).toEqual(['one', 'two', 'two']);
    // On a connection of its own a broken request is a failure, not chance.
    const other = driverOf(server.endpoint, { attemptsMax: 1 });
    drop = true;
    await expect(other.write('a', text('x'), 1n)).rejects.toMatchObject({ code: 'CONNECTION' });
  });

  it('tries again what may be tried again', async () => {
    const server = await serve((_, response, index) => {
      response.writeHead(index < 2 ? 503 : 200, { 'Content-Length': 1 }).end();
    });
    expect(await driverOf(server.endpoint).stat('a')).toMatchObject({ bytes: 1n });
    expect(server.seen).toHaveLength(3);
  });

  it('does not try writing and renaming again by itself', async () => {
    const server = await serve((_, response) => void response.writeHead(503).end());
    const driver = driverOf(server.endpoint);
    await expect(driver.write('a', text('x'), 1n)).rejects.toMatchObject({ status: 503 });
    await expect(driver.rename('a', 'b')).rejects.toMatchObject({ status: 503 });
    expect(server.seen).toHaveLength(2);
  });

  it('gives a large file more time than a small one', async () => {
    const server = await serve(() => undefined);
    const driver = driverOf(server.endpoint, {
      timeoutBaseMs: 20,
      floorBytesPerSecond: 10_000,
      attemptsMax: 1,
    });
    await expect(driver.stat('a')).rejects.toThrow('no end within 20 ms');
    await expect(driver.stat('a', { bytes: 1000n })).rejects.toThrow('no end within 120 ms');
  });

  it('keeps tokens out of its messages', async () => {
    const server = await serve((_, response) => {
      response.writeHead(403).end('GET /data/a?authz=Bearer%20abc.def.ghi refused');
    });
    server.endpoint.extendedAttributes = { token: 'abc.def.ghi' };
    const error: unknown = await driverOf(server.endpoint)
      .read('a')
      .catch((thrown: unknown) => thrown);
    expect(String(error)).toContain('authz=…');
    expect(String(error)).not.toContain('abc.def.ghi');
  });

  it('refuses a certificate authority that is none', async () => {
    const server = await serve((_, response) => void response.end());
    server.endpoint.extendedAttributes = { ca: '/etc/ssl/ca.pem' };
    expect(() => driverOf(server.endpoint)).toThrow('is no PEM certificate');
  });
});
