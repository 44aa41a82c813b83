import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import axios, { type AxiosRequestConfig, type AxiosResponse } from 'axios';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { Agent, request as httpsRequest } from 'node:https';
import { connect } from 'node:tls';
import { join } from 'node:path';
import { type DiskStorage, startDisk, testAuthority } from '../protocols/endpoints.js';

describe('the storage of the demo', () => {
  let storage: DiskStorage;
  let agent: Agent;

  beforeAll(async () => {
    storage = await startDisk();
    agent = new Agent({ ca: (await testAuthority()).certificate, keepAlive: true });
  });
  beforeEach(async () => {
    storage.faults.clear();
    for (const name of await readdir(storage.root)) {
      await rm(join(storage.root, name), { recursive: true });
    }
  });
  afterAll(async () => {
    agent.destroy();
    await storage.close();
  });

  function ask(
    method: string,
    path: string,
    config: AxiosRequestConfig = {},
  ): Promise<AxiosResponse<string>> {
    return axios.request<string>({
      method,
      url: storage.url + path,
      httpsAgent: agent,
      validateStatus: () => true,
      responseType: 'text',
      maxRedirects: 0,
      ...config,
    });
  }

  it('answers an upload of the official client as that client wants it', async () => {
    const statuses = [
      (await ask('HEAD', '/rucio/')).status,
      (await ask('HEAD', '/rucio/s/aa/bb/f')).status,
      (await ask('GET', '/rucio/s/aa/bb/f')).status,
      (await ask('PUT', '/rucio/s/aa/bb/f.rucio.upload', { data: 'hello' })).status,
    ];
    expect(statuses).toEqual([200, 404, 404, 201]);
    const found = await ask('PROPFIND', '/rucio/s/aa/bb/f.rucio.upload', {
      headers: { Depth: '1' },
    });
    expect(found.status).toBe(207);
    expect(found.data).toContain('<D:href>/rucio/s/aa/bb/f.rucio.upload</D:href>');
    expect(found.data).toContain('<D:getcontentlength>5</D:getcontentlength>');
    const moved = await ask('MOVE', '/rucio/s/aa/bb/f.rucio.upload', {
      headers: { Destination: `${storage.url}/rucio/s/aa/bb/f` },
    });
    expect(moved.status).toBe(201);
    const got = await ask('GET', '/rucio/s/aa/bb/f');
    expect([got.status, got.data, got.headers['content-length']]).toEqual([200, 'hello', '5']);
    expect((await ask('DELETE', '/rucio/s/aa/bb/f')).status).toBe(204);
    expect((await ask('DELETE', '/rucio/s/aa/bb/f')).status).toBe(404);
  });

  it('makes a directory once', async () => {
    expect((await ask('MKCOL', '/a')).status).toBe(201);
    expect((await ask('MKCOL', '/a')).status).toBe(405);
    expect((await ask('HEAD', '/a')).status).toBe(200);
    expect((await ask('PUT', '/a', { data: 'x' })).status).toBe(409);
    await ask('PUT', '/a/f', { data: 'x' });
    expect((await ask('DELETE', '/a')).status).toBe(409);
  });

  it('tells the adler32 to whoever asks, and to nobody else', async () => {
    await ask('PUT', '/f', { data: 'Wikipedia' });
    const headers = { 'Want-Digest': 'adler32' };
    for (const method of ['HEAD', 'GET']) {
      expect((await ask(method, '/f', { headers })).headers['digest']).toBe('adler32=11e60398');
      expect((await ask(method, '/f')).headers).not.toHaveProperty('digest');
    }
  });

  it.each([
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-2', 206, '89', 'bytes 8-9/10'],
    ['bytes=5-500', 206, '56789', 'bytes 5-9/10'],
    ['bytes=10-', 416, '', 'bytes */10'],
    ['lines=1-2', 200, '0123456789', undefined],
  ])('answers the range %s with %i', async (range, status, data, told) => {
    await ask('PUT', '/f', { data: '0123456789' });
    const answer = await ask('GET', '/f', { headers: { Range: range } });
    expect([answer.status, answer.data, answer.headers['content-range']]).toEqual([
      status,
      data,
      told,
    ]);
  });

  it('lists what stands in a directory, at depth 1 only', async () => {
    await ask('PUT', '/d/sub/x', { data: 'x' });
    await ask('PUT', '/d/a b&c', { data: 'xy' });
    const hrefs = async (depth: string) => {
      const { data } = await ask('PROPFIND', '/d', { headers: { Depth: depth } });
      return [...data.matchAll(/<D:href>(.*?)<\/D:href>/g)].map((match) => match[1]);
    };
    expect(await hrefs('1')).toEqual(['/d/', '/d/a%20b%26c', '/d/sub/']);
    expect(await hrefs('0')).toEqual(['/d/']);
    expect((await ask('PROPFIND', '/none')).status).toBe(404);
  });

  it('replaces a file by MOVE unless it was told not to', async () => {
    await ask('PUT', '/a', { data: 'a' });
    await ask('PUT', '/b', { data: 'b' });
    const headers = { Destination: `${storage.url}/b`, Overwrite: 'F' };
    expect((await ask('MOVE', '/a', { headers })).status).toBe(412);
    expect((await ask('MOVE', '/a', { headers: { ...headers, Overwrite: 'T' } })).status).toBe(201);
    expect((await ask('GET', '/b')).data).toBe('a');
    const away = { Destination: 'https://other.example.org/b' };
    expect((await ask('MOVE', '/b', { headers: away })).status).toBe(400);
  });

  it('shows nothing of an upload that broke off', async () => {
    const upload = httpsRequest(`${storage.url}/half`, {
      agent,
      method: 'PUT',
      headers: { 'Content-Length': 1000 },
    });
    upload.on('error', () => undefined);
    const arrived = waitForPart(storage);
    upload.write('x'.repeat(10));
    await arrived;
    expect(await storage.list()).toEqual([]);
    upload.destroy();
    await waitForNoPart(storage);
    expect((await ask('HEAD', '/half')).status).toBe(404);
  });

  it.each([
    '/../etc/passwd',
    '/a/../../etc/passwd',
    '/%2e%2e/etc/passwd',
    '/a/..%2f..%2fetc/passwd',
    '/a%00b',
    '/a%0d%0ab',
    '/%ff',
    '/.sluice-part-0011223344556677',
  ])('refuses the path %s', async (path) => {
    await mkdir(join(storage.root, 'a'));
    const socket = connect({
      port: storage.port,
      host: '127.0.0.1',
      ca: (await testAuthority()).certificate,
    });
    socket.end(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);
    const [first] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(first.toString()).toMatch(/^HTTP\/1.1 400 /);
  });

  it('says what it can do to a method that it does not know', async () => {
    const answer = await ask('PATCH', '/a');
    expect([answer.status, answer.headers['allow']]).toEqual([
      405,
      'HEAD, GET, PUT, MKCOL, MOVE, DELETE, PROPFIND, COPY',
    ]);
  });

  it('meets a counted fault as often as it was told, and only where', async () => {
    await ask('PUT', '/f', { data: 'x' });
    storage.faults.set({ kind: 'error', methods: ['GET'], path: 'f', times: 2 });
    const statuses = [];
    for (const path of ['/f', '/g', '/f', '/f']) statuses.push((await ask('GET', path)).status);
    expect(statuses).toEqual([500, 404, 500, 200]);
  });
});

async function parts(storage: DiskStorage): Promise<number> {
  const names = await readdir(storage.root);
  return names.filter((name) => name.startsWith('.sluice-part-')).length;
}

async function waitForPart(storage: DiskStorage): Promise<void> {
  while ((await parts(storage)) === 0) await new Promise(setImmediate);
}

async function waitForNoPart(storage: DiskStorage): Promise<void> {
  while ((await parts(storage)) > 0) await new Promise(setImmediate);
}
