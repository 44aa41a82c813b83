import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { only, sql } from '../../../src/db/index.js';
import { adler32Of } from '../../support/adler32.js';
import { type Call } from '../../support/api.js';
import { type SignedDisk, signedDisk } from '../../support/signed-disk.js';
import { ok, refused, type World, world } from '../dids/world.js';

const CONTENT = 'light in the deep sea';

let w: World;
let disk: SignedDisk;
let api: Call;

beforeAll(async () => {
  w = await world();
  api = w.root;
  disk = await signedDisk(w.api, 'DISK', { lfn2pfn_algorithm: 'identity' });
  await ok(api('POST', '/accounts/alice/limits/local/DISK', { bytes: 1_000_000 }));
});
afterAll(async () => {
  await disk.close();
  await w.close();
});

const sign = (call: Call, op: string, path: string, more = '') =>
  call(
    'GET',
    `/credentials/signurl?rse=DISK&svc=s3&op=${op}&url=${encodeURIComponent(disk.urlOf(path))}${more}`,
  );
const signed = async (call: Call, op: string, path: string) =>
  (await ok(sign(call, op, path))).text;
const replica = (name: string, more: object = {}) => ({
  rse: 'DISK',
  files: [
    {
      scope: 'user.alice',
      name,
      bytes: CONTENT.length,
      adler32: adler32Of(CONTENT),
      ...more,
    },
  ],
});
const pathOf = (name: string) => `user/alice/${name}`;

describe('GET /credentials/signurl', () => {
  it('gives the URL byte for byte with a token of the WLCG profile for one file', async () => {
    const answer = await ok(sign(w.alice, 'read', pathOf('a'), '&lifetime=120'));
    expect(answer.headers['content-type']).toMatch(/^text\/plain/);
    const [url, query] = answer.text.split('?');
    expect(url).toBe(disk.urlOf(pathOf('a')));
    const token = /^authz=Bearer%20(\S+)$/.exec(query ?? '')?.[1] ?? '';
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'ES256', typ: 'JWT' });
    const claims = decodeJwt(token);
    expect(claims).toMatchObject({
      'wlcg.ver': '1.0',
      aud: disk.url,
      sub: 'sluice:storage-token',
      scope: 'storage.read:/data/user/alice/a',
    });
    expect(Number(claims.exp) - Number(claims.iat)).toBe(120);
    expect(claims.jti).toEqual(expect.any(String));
  });

  it('lives as long as an upload may take, or shorter where that is asked for', async () => {
    const seconds = async (op: string, more: string) => {
      const { text } = await ok(sign(w.alice, op, pathOf('lifetime'), more));
      const { exp, iat } = decodeJwt(text.split('Bearer%20')[1] ?? '');
      return Number(exp) - Number(iat);
    };
    expect(await seconds('write', '')).toBe(86_400);
    // The official client always asks for an hour; it looks at the file by the same URL afterwards.
    expect(await seconds('write', '&lifetime=3600')).toBe(86_400);
    expect(await seconds('write', '&lifetime=120')).toBe(120);
    expect(await seconds('write', '&lifetime=1000000')).toBe(86_400);
    expect(await seconds('read', '')).toBe(600);
  });

  it('carries an upload and a download as the official client does them', async () => {
    await ok(w.alice('POST', '/replicas', replica('up', { state: 'C' })));
    expect(await disk.request('GET', await signed(w.alice, 'read', pathOf('up')))).toBe(404);
    const write = await signed(w.alice, 'write', pathOf('up'));
    expect(await disk.request('PUT', write, CONTENT)).toBe(201);
    expect(await disk.request('PROPFIND', write)).toBe(207);
    const done = replica('up', { state: 'A' });
    await ok(w.alice('PUT', '/replicas', done));
    const listed = await ok(
      w.alice('POST', '/replicas/list', { dids: [{ scope: 'user.alice', name: 'up' }] }),
    );
    const [{ rses }] = listed.body as [{ rses: Record<string, string[]> }];
    const [pfn = ''] = rses['DISK'] ?? [];
    expect(pfn).toContain('?authz=Bearer%20');
    expect(await disk.request('GET', pfn)).toBe(200);
  });

  it('opens nothing else: no other path, no other operation, nothing without a token', async () => {
    const read = await signed(w.alice, 'read', pathOf('up'));
    const token = read.slice(read.indexOf('?'));
    expect(await disk.request('PUT', read, 'x')).toBe(403);
    expect(await disk.request('DELETE', read)).toBe(403);
    expect(await disk.request('GET', `${disk.urlOf(pathOf('up2'))}${token}`)).toBe(403);
    expect(await disk.request('GET', disk.urlOf(pathOf('up')))).toBe(403);
    expect(await disk.list()).toContain('data/user/alice/up');
  });

  it('removes what a failed upload left, so that the client uploads again', async () => {
    await ok(w.alice('POST', '/replicas', replica('again', { state: 'C' })));
    const write = await signed(w.alice, 'write', pathOf('again'));
    expect(await disk.request('PUT', write, 'half of it')).toBe(201);
    expect(await disk.request('GET', await signed(w.alice, 'read', pathOf('again')))).toBe(404);
    expect(await refused(w.alice('PUT', '/replicas', replica('again', { state: 'A' })))).toBe(
      '412 FileConsistencyMismatch',
    );
  });

  it('removes what an upload of the own account left before anything was registered', async () => {
    const write = await signed(w.alice, 'write', pathOf('after'));
    expect(await disk.request('PUT', write, 'half of it')).toBe(201);
    expect(await disk.request('GET', await signed(w.alice, 'read', pathOf('after')))).toBe(404);
  });

  it('leaves alone what nobody knows: it may be about to be registered', async () => {
    const write = await signed(api, 'write', pathOf('unknown'));
    expect(await disk.request('PUT', write, CONTENT)).toBe(201);
    expect(await disk.request('GET', await signed(w.alice, 'read', pathOf('unknown')))).toBe(200);
    const { text } = await sign(w.alice, 'delete', `${pathOf('unknown')}.rucio.upload`);
    expect(text).toContain('no upload of yours');
  });

  it('leaves alone what went bad: somebody may mend it', async () => {
    await ok(w.alice('POST', '/replicas', replica('bad', { state: 'C' })));
    const write = await signed(w.alice, 'write', pathOf('bad'));
    expect(await disk.request('PUT', write, CONTENT)).toBe(201);
    await ok(w.alice('PUT', '/replicas', replica('bad', { state: 'A' })));
    const bad = { reason: 'x', replicas: [{ rse: 'DISK', scope: 'user.alice', name: 'bad' }] };
    await ok(api('POST', '/replicas/bad', bad));
    expect(await disk.request('GET', await signed(w.alice, 'read', pathOf('bad')))).toBe(200);
  });

  it('leaves alone what another account is uploading at this moment, and what is AVAILABLE', async () => {
    await ok(w.alice('POST', '/replicas', replica('hers', { state: 'C' })));
    const write = await signed(w.alice, 'write', pathOf('hers'));
    expect(await disk.request('PUT', write, CONTENT)).toBe(201);
    expect(await disk.request('GET', await signed(api, 'read', pathOf('hers')))).toBe(200);
    await ok(w.alice('PUT', '/replicas', replica('hers', { state: 'A' })));
    expect(await disk.request('GET', await signed(w.alice, 'read', pathOf('hers')))).toBe(200);
  });

  it('is refused for writing where another account is, but not to whose scope it is', async () => {
    const mallory = { type: 'USER', email: 'mallory@km3net.example' };
    await ok(api('POST', '/accounts/mallory', mallory));
    const identity = {
      identity: 'mallory',
      authtype: 'userpass',
      password: 'm',
      email: 'm@x.example',
    };
    await ok(api('POST', '/accounts/mallory/identities', identity));
    await ok(api('POST', '/accounts/mallory/limits/local/DISK', { bytes: 1 }));
    const other = await w.api.as('mallory', 'm');
    await ok(w.alice('POST', '/replicas', replica('both', { state: 'C' })));
    const write = await signed(w.alice, 'write', pathOf('both'));
    expect(await disk.request('PUT', write, CONTENT)).toBe(201);
    expect(await refused(sign(other, 'write', pathOf('both')))).toBe(
      '503 ResourceTemporaryUnavailable',
    );
    expect(await disk.request('GET', await signed(other, 'read', pathOf('both')))).toBe(200);
    expect((await sign(api, 'write', pathOf('both'))).status).toBe(200);
    expect((await sign(w.alice, 'write', pathOf('both'))).status).toBe(200);
  });

  it('is refused for writing where a copy stands, and for deleting to all but admins', async () => {
    expect(await refused(sign(w.alice, 'write', pathOf('hers')))).toBe('403 AccessDenied');
    expect(await refused(sign(w.alice, 'delete', pathOf('hers')))).toBe('403 AccessDenied');
    const remove = await signed(api, 'delete', pathOf('hers'));
    expect(await disk.request('DELETE', remove)).toBe(204);
  });

  it('is refused for writing outside of the own scopes and to who has no quota', async () => {
    expect(await refused(sign(w.alice, 'write', 'km3net/new'))).toBe('403 AccessDenied');
    await ok(api('POST', '/accounts/alice/limits/local/DISK', { bytes: 0 }));
    expect(await refused(sign(w.alice, 'write', pathOf('new')))).toBe('403 AccessDenied');
    await ok(api('POST', '/accounts/alice/attr/register-DISK', { value: 'true' }));
    expect((await sign(w.alice, 'write', pathOf('new'))).status).toBe(200);
  });

  it('is refused for URLs that are not below the RSE, signed already, or not given', async () => {
    const other = (query: string) => refused(w.alice('GET', `/credentials/signurl?${query}`));
    expect(await other('rse=DISK&op=read&url=https%3A%2F%2Felsewhere%2Fdata%2Fa')).toBe(
      '400 InvalidPath',
    );
    const climbing = encodeURIComponent(`${disk.url}/data/../etc/passwd`);
    expect(await other(`rse=DISK&op=read&url=${climbing}`)).toBe('400 InvalidPath');
    const twice = encodeURIComponent(`${disk.urlOf('a')}?authz=Bearer%20x`);
    expect(await other(`rse=DISK&op=read&url=${twice}`)).toBe('400 ValueError');
    expect(await other('rse=DISK&op=read')).toBe('400 ValueError');
    expect(await other('rse=DISK&op=rename&url=https%3A%2F%2Fx')).toBe('400 ValueError');
    expect(await other('rse=SHORE-DISK&op=read&url=https%3A%2F%2Fx')).toBe('400 ValueError');
    expect(await other('rse=NONE&op=read&url=https%3A%2F%2Fx')).toBe('404 RSENotFound');
  });
});

describe('signed URLs in listings', () => {
  const urls = async (call: Call, more: object = {}) => {
    const dids = [{ scope: 'user.alice', name: 'up' }];
    const { body } = await ok(call('POST', '/replicas/list', { dids, ...more }));
    return (body as { rses: Record<string, string[]> }[]).flatMap(({ rses }) => rses['DISK'] ?? []);
  };
  const claims = ([url = '']: string[]) => decodeJwt(url.split('Bearer%20')[1] ?? '');

  it('open exactly that file for reading to whoever is logged in', async () => {
    const bob = { type: 'USER', email: 'bob@km3net.example' };
    await ok(api('POST', '/accounts/bob', bob));
    const identity = {
      identity: 'bob',
      authtype: 'userpass',
      password: 'builder',
      email: 'b@x.example',
    };
    await ok(api('POST', '/accounts/bob/identities', identity));
    const [url = ''] = await urls(await w.api.as('bob', 'builder'));
    expect(decodeJwt(url.split('Bearer%20')[1] ?? '')['scope']).toBe(
      'storage.read:/data/user/alice/up',
    );
    expect(await disk.request('GET', url)).toBe(200);
    expect(await disk.request('PUT', url, 'x')).toBe(403);
  });

  it('live for the download of a long listing, or as asked for, a day at most', async () => {
    const seconds = async (more: object) => {
      const { exp, iat } = claims(await urls(w.alice, more));
      return Number(exp) - Number(iat);
    };
    expect(await seconds({})).toBe(43_200);
    expect(await seconds({ signature_lifetime: 60 })).toBe(60);
    expect(await seconds({ signature_lifetime: 10_000_000 })).toBe(86_400);
  });

  it('are plain URLs in what anybody may ask', async () => {
    const answer = await w.api.anonymous('GET', '/redirect/user.alice/up/metalink');
    expect(answer.text).toContain(disk.urlOf(pathOf('up')));
    expect(answer.text).not.toContain('authz');
  });
});

describe('POST /replicas', () => {
  const content = async (name: string, text: string) => {
    const write = await signed(api, 'write', pathOf(name));
    expect(await disk.request('PUT', write, text)).toBe(201);
  };
  const add = (name: string) => api('POST', '/replicas', replica(name, { state: 'A' }));

  it('looks at uploads that are registered afterwards', async () => {
    await content('later', 'half of it');
    expect(await refused(add('later'))).toBe('412 FileConsistencyMismatch');
    const url = await signed(api, 'read', pathOf('later'));
    expect(await disk.request('GET', url)).toBe(404);
    await content('later', CONTENT);
    await ok(add('later'));
    const { didId, verifiedAt } = await w.api.db.read((tx) =>
      only<{ didId: bigint; verifiedAt: Date | null }>(
        tx,
        sql`SELECT r.did_id AS "didId", r.verified_at AS "verifiedAt" FROM replicas r
            JOIN dids d ON d.id = r.did_id WHERE d.name = 'later'`,
      ),
    );
    expect(didId).toEqual(expect.any(BigInt));
    expect(verifiedAt).toEqual(expect.any(Date));
  });

  it('believes who registers what has been there, unless the RSE has all of it looked at', async () => {
    await ok(add('believed'));
    await ok(api('POST', '/rses/DISK/attr/verify_uploads', { value: 'true' }));
    expect(await refused(add('doubted'))).toBe('412 FileConsistencyMismatch');
    await ok(api('POST', '/rses/DISK/attr/verify_uploads', { value: 'false' }));
    await ok(add('doubted'));
  });
});
