import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Answer, startApi, type TestApi } from '../support/api.js';
import { sendRaw } from '../fuzz/send-raw.js';

const PRIORITIES = { read: 1, write: 1, delete: 1 };
const DOMAINS = { lan: PRIORITIES, wan: PRIORITIES };

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
  await ok('POST', '/accounts/root/scopes/km3net');
  await rse('HASH-DISK', {}, 'hash');
  await rse('NAME-DISK', {}, 'identity');
  await rse('ANY-DISK', { deterministic: false }, 'hash');
});
afterAll(() => api.close());

async function ok(...request: Parameters<TestApi['root']>): Promise<Answer> {
  const answer = await api.root(...request);
  if (answer.status >= 300) throw new Error(`${request[1]} ${answer.status} ${answer.text}`);
  return answer;
}

async function rse(name: string, traits: object, algorithm: string): Promise<void> {
  await ok('POST', `/rses/${name}`, traits);
  await ok('POST', `/rses/${name}/attr/lfn2pfn_algorithm`, { value: algorithm });
  await ok('POST', `/rses/${name}/attr/sign_url`, { value: 'gcs' });
  await ok('POST', `/rses/${name}/protocols/https`, {
    impl: 'x',
    hostname: `${name.toLowerCase()}.example`,
    port: 443,
    prefix: '/data/',
    domains: DOMAINS,
  });
}

const register = (at: string, file: object) =>
  api.root('POST', '/replicas', {
    rse: at,
    files: [{ scope: 'km3net', bytes: 1, adler32: '00000001', ...file }],
  });

const CLIMBING = ['/../x', '/a/../../x', 'a/../../../etc/passwd', '/..', 'a/..', '/./x', 'a/./b'];

describe('a name that climbs', () => {
  it.each(CLIMBING)('%s is given to nothing', async (name) => {
    for (const at of ['HASH-DISK', 'NAME-DISK', 'ANY-DISK']) {
      const pfn = 'https://any-disk.example:443/data/safe/place';
      const answer = await register(at, { name, ...(at === 'ANY-DISK' && { pfn }) });
      expect([answer.status, answer.headers['exceptionclass']]).toEqual([400, 'InvalidObject']);
    }
    for (const did of [{ scope: 'km3net', name, type: 'DATASET' }]) {
      expect((await api.root('POST', '/dids', [did])).status).toBe(400);
    }
  });

  it.each(['.', '..'])('%s is no scope', async (scope) => {
    // As it stands: a tidy client would climb.
    const path = `/accounts/root/scopes/${scope}`;
    const answer = await sendRaw(api.url, { method: 'POST', path, headers: await rootToken() });
    expect([answer.status, answer.headers['exceptionclass']]).toEqual([400, 'InvalidObject']);
  });

  it.each(['a..b', 'a/..b', 'a/b.', 'a/.../b', 'x.y/.hidden'])(
    '%s climbs nowhere',
    async (name) => {
      expect((await register('NAME-DISK', { name })).status).toBe(201);
    },
  );
});

describe('a physical name', () => {
  it.each([
    'https://any-disk.example:443/data/../etc/passwd',
    'https://any-disk.example:443/data/%2e%2e/etc/passwd',
    'https://any-disk.example:443/data/a%2F..%2F..%2Fetc',
    'https://any-disk.example:443/data/a\\..\\b',
    'https://any-disk.example:443/data/a\r\nX-Evil: 1',
    'https://any-disk.example:443/data/a\0b',
    'https://any-disk.example:443/database/x',
    'https://evil.example:443/data/x',
    'https://any-disk.example@evil.example:443/data/x',
    'https://any-disk.example:444/data/x',
    'file:///data/x',
    'https://any-disk.example:443/data/',
    'javascript:alert(1)',
    '/data/x',
  ])('%j is neither registered, declared bad nor signed', async (pfn) => {
    const tries = [
      register('ANY-DISK', { name: `n${Math.abs(pfn.length)}`, pfn }),
      api.root('POST', '/replicas/bad', { replicas: [pfn], reason: 'x' }),
      api.root('POST', '/replicas/suspicious', { pfns: [pfn], reason: 'x' }),
      api.root('GET', `/credentials/signurl?rse=ANY-DISK&op=write&url=${encodeURIComponent(pfn)}`),
    ];
    for (const answer of await Promise.all(tries)) {
      expect([400, 404]).toContain(answer.status);
      expect(answer.text).not.toContain('authz');
    }
  });
});

describe('a signed URL', () => {
  const claims = (token: string) =>
    JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { scope: string };

  it('opens one file below the prefix of its protocol, whatever was asked', async () => {
    const part = fc.constantFrom(
      'a',
      'b.root',
      '..',
      '.',
      '%2e%2e',
      '%2F',
      '',
      ' ',
      'é',
      '\\',
      ';',
      '#',
      '?',
      '&',
      ':',
      '@',
      '\n',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { minLength: 1, maxLength: 6 }),
        fc.constantFrom('read', 'write', 'delete'),
        async (parts, op) => {
          const url = `https://any-disk.example:443/data/${parts.join('/')}`;
          const answer = await api.root(
            'GET',
            `/credentials/signurl?rse=ANY-DISK&op=${op}&url=${encodeURIComponent(url)}`,
          );
          expect(answer.status).toBeLessThan(500);
          if (answer.status !== 200) return;
          const token = /authz=Bearer%20(.*)$/.exec(answer.text)?.[1] ?? '';
          for (const right of claims(token).scope.split(' ')) {
            const [, path = ''] = /^storage\.\w+:(.*)$/.exec(right) ?? [];
            expect(path).toMatch(/^\/data\/[^/]+(\/[^/]+)*$/);
            expect(path.split('/')).not.toContain('..');
          }
        },
      ),
      { numRuns: 60, seed: 20261121 },
    );
  });
});

describe('a protocol', () => {
  const BASE = {
    impl: 'x',
    hostname: 'odd.example',
    port: 443,
    prefix: '/data/',
    domains: DOMAINS,
  };

  it.each([
    ['hostname', 'a.example/evil'],
    ['hostname', 'user@a.example'],
    ['hostname', 'a.example\r\nX-Evil: 1'],
    ['prefix', '/data\r\nX-Evil: 1/'],
    ['prefix', '/data/../../'],
    ['prefix', '/da\0ta/'],
    ['prefix', '/π/'],
    ['prefix', '..'],
    ['hostname', 'π.example'],
    ['scheme', 'java script'],
  ])('with the %s %j is refused', async (key, value) => {
    const scheme = key === 'scheme' ? value : 'davs';
    const path = `/rses/ANY-DISK/protocols/${encodeURIComponent(scheme)}`;
    const answer = await api.root('POST', path, { ...BASE, [key]: value });
    expect([key, answer.status]).toEqual([key, 400]);
  });
});

describe('an answer', () => {
  it.each([
    '/accounts/x%0d%0aX-Evil:%201',
    '/rses/x%0d%0aX-Evil:%201',
    '/dids/km3net/x%0d%0aX-Evil:%201',
    '/redirect/km3net/x%0d%0aX-Evil:%201',
    '/config/x%0d%0aX-Evil:%201/y',
    '/rses?expression=x%0d%0aX-Evil:%201',
    '/x%0d%0aX-Evil:%201',
  ])('to %s has no header of the asker', async (path) => {
    const { headers } = await api.root('GET', '/auth/validate');
    expect(headers['x-evil']).toBeUndefined();
    const answer = await sendRaw(api.url, { method: 'GET', path, headers: await rootToken() });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(answer.headers['x-evil']).toBeUndefined();
    expect(answer.headers['exceptionmessage']).toMatch(/^[\x20-\x7e]{1,128}$/);
  });

  it('sends nobody to another place than a copy', async () => {
    await ok('POST', '/replicas', {
      rse: 'HASH-DISK',
      files: [{ scope: 'km3net', name: 'here', bytes: 1, adler32: '00000001' }],
    });
    for (const query of ['', '?rse=HASH-DISK', '?select=geoip', '?schemes=https']) {
      const path = `/redirect/km3net/here${query}`;
      const answer = await sendRaw(api.url, {
        method: 'GET',
        path,
        headers: { Host: 'evil.example' },
      });
      expect([query, answer.status]).toEqual([query, 303]);
      expect(answer.headers['location']).toMatch(
        /^https:\/\/hash-disk\.example:443\/data\/km3net\//,
      );
      expect(answer.headers['location']).not.toContain('authz');
    }
    const elsewhere = await sendRaw(api.url, {
      method: 'GET',
      path: '/redirect/km3net/here?site=//evil.example',
      headers: {},
    });
    expect([elsewhere.status, elsewhere.headers['location']]).toEqual([404, undefined]);
  });
});

async function rootToken(): Promise<Record<string, string>> {
  const { headers } = await api.anonymous('GET', '/auth/userpass', undefined, {
    'X-Rucio-Account': 'root',
    'X-Rucio-Username': 'root',
    'X-Rucio-Password': 'correct horse',
  });
  return { 'X-Rucio-Auth-Token': headers['x-rucio-auth-token'] ?? '' };
}
