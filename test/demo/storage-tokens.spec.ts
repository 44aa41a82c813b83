import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import axios from 'axios';
import { generateKeyPair, jwtVerify, SignJWT } from 'jose';
import { Agent } from 'node:https';
import { type DiskStorage, startDisk, testAuthority } from '../protocols/endpoints.js';

describe('a storage that wants tokens', () => {
  let storage: DiskStorage;
  let agent: Agent;
  let mint: (scope: string) => Promise<string>;

  beforeAll(async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    mint = (scope) =>
      new SignJWT({ scope })
        .setProtectedHeader({ alg: 'ES256' })
        .setExpirationTime('1h')
        .sign(privateKey);
    storage = await startDisk({
      verify: async (token, operation, path) => {
        const { payload } = await jwtVerify<{ scope: string }>(token, publicKey);
        return payload.scope.split(' ').includes(`${operation}:${path}`);
      },
    });
    agent = new Agent({ ca: (await testAuthority()).certificate });
  });
  beforeEach(async () => {
    const token = await mint('storage.create:/d/f storage.modify:/d/f');
    expect([201, 200]).toContain(await status('PUT', '/d/f', token));
  });
  afterAll(() => storage.close());

  async function status(
    method: string,
    path: string,
    token?: string,
    headers: Record<string, string> = {},
  ): Promise<number> {
    const answer = await axios.request({
      method,
      url: storage.url + path,
      data: method === 'PUT' ? 'bytes' : undefined,
      httpsAgent: agent,
      headers: { ...(token !== undefined && { Authorization: `Bearer ${token}` }), ...headers },
      validateStatus: () => true,
    });
    return answer.status;
  }

  it('lets a token do what it names, in the header or in the URL', async () => {
    const token = await mint('storage.read:/d/f');
    expect(await status('GET', '/d/f', token)).toBe(200);
    expect(await status('GET', `/d/f?authz=Bearer%20${token}`)).toBe(200);
    expect(await status('PROPFIND', `/d/f?authz=Bearer%20${token}`)).toBe(207);
    expect(await status('HEAD', `/d/f?authz=Bearer%20${token}&r=suffix`)).toBe(200);
  });

  it('refuses another operation, another file, no token and a token of somebody else', async () => {
    const token = await mint('storage.read:/d/f');
    expect(await status('PUT', '/d/f', token)).toBe(403);
    expect(await status('DELETE', '/d/f', token)).toBe(403);
    expect(await status('GET', '/d/g', token)).toBe(403);
    expect(await status('GET', '/d/f')).toBe(403);
    expect(await status('GET', '/d/f', 'a.b.c')).toBe(403);
    const { privateKey } = await generateKeyPair('ES256');
    const forged = await new SignJWT({ scope: 'storage.read:/d/f' })
      .setProtectedHeader({ alg: 'ES256' })
      .sign(privateKey);
    expect(await status('GET', '/d/f', forged)).toBe(403);
  });

  it('wants more of a token that replaces a file than of one that makes it', async () => {
    const token = await mint('storage.create:/d/f storage.create:/d/new');
    expect(await status('PUT', '/d/new', token)).toBe(201);
    expect(await status('PUT', '/d/f', token)).toBe(403);
    await status('DELETE', '/d/new', await mint('storage.modify:/d/new'));
  });

  it('wants both names of a rename', async () => {
    const headers = { Destination: `${storage.url}/d/h` };
    const half = await mint('storage.create:/d/f');
    expect(await status('MOVE', '/d/f', half, headers)).toBe(403);
    const whole = await mint('storage.create:/d/f storage.create:/d/h');
    expect(await status('MOVE', '/d/f', whole, headers)).toBe(201);
    expect(await status('DELETE', '/d/h', await mint('storage.modify:/d/h'))).toBe(204);
  });

  it('lets everybody look at a directory', async () => {
    expect(await status('HEAD', '/d/')).toBe(200);
    expect(await status('PROPFIND', '/d/')).toBe(403);
  });
});
