import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import axios from 'axios';
import { createLocalJWKSet, generateKeyPair, type JSONWebKeySet, jwtVerify, SignJWT } from 'jose';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mintStorageToken } from '../../../src/accounts/index.js';
import { openDatabase } from '../../../src/db/index.js';
import { findEmbedded } from '../../../src/db/embedded/index.js';
import { isRoot, openAuthority, type SiteAuthority } from './authority.js';
import { ask, declareRse, signUrl } from './lake.js';
import { type SluiceProcess, startSluice } from './sluice.js';
import { type StorageServer } from './storage-server.js';
import { startXrootd } from './xrootd.js';

const HOUR_MS = 3_600_000;
const forRoot = isRoot() ? describe : describe.skip;

forRoot('a token of Sluice at an XRootD (trusting our authority needs root)', () => {
  const root = mkdtempSync(join(tmpdir(), 'sluice-tokens-'));
  let authority: SiteAuthority;
  let sluice: SluiceProcess;
  let shore: StorageServer;
  let inland: StorageServer;

  beforeAll(async () => {
    authority = await openAuthority();
    sluice = await startSluice({ state: join(root, 's'), authority });
    const tokens = { issuer: sluice.url };
    shore = await startXrootd({ root, name: 'shore', authority, tokens });
    // XRootD's base_path takes the prefix out of the tokens' paths.
    const short = { ...tokens, basePath: '/data', audience: 'https://inland.example.org' };
    inland = await startXrootd({ root, name: 'inland', authority, tokens: short });
    await declareRse(sluice, 'SHORE', shore);
    const extended = { token_base_path: '/data', token_audience: short.audience };
    await declareRse(sluice, 'INLAND', inland, { extended });
  });
  afterAll(async () => {
    await Promise.allSettled([shore?.remove(), inland?.remove(), sluice?.remove()]);
    authority?.close();
    rmSync(root, { recursive: true, force: true });
  });

  /** A file at the shore, with the content `events`: its address, and that opened for reading. */
  const there = async (path: string) => {
    const url = `${shore.url}/data/${path}`;
    // Signed before it is there: a file without a copy in the catalogue is an upload's leftover.
    const read = await signUrl(sluice, 'SHORE', 'read', url);
    const put = await ask(shore, 'PUT', await signUrl(sluice, 'SHORE', 'write', url), 'events');
    expect(put.status).toBe(200);
    return { url, read };
  };
  const withToken = (url: string, token: string) => `${url}?authz=Bearer%20${token}`;
  const tokenOf = (url: string) => url.split('Bearer%20')[1] ?? '';
  const onDisk = (path: string) => existsSync(join(shore.dataDir, path));

  it('is believed by discovery over https, and names one file, one operation, one storage', async () => {
    const get = async (url: string) =>
      (await axios.get<unknown>(url, { httpsAgent: new Agent({ ca: authority.certificate }) }))
        .data;
    const discovery = await get(`${sluice.url}/.well-known/openid-configuration`);
    expect(discovery).toMatchObject({ issuer: sluice.url, jwks_uri: `${sluice.url}/jwks` });
    const keys = createLocalJWKSet((await get(`${sluice.url}/jwks`)) as JSONWebKeySet);
    const url = `${shore.url}/data/auth/claims.root`;
    const token = tokenOf(await signUrl(sluice, 'SHORE', 'read', url));
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      ...{ issuer: sluice.url, audience: shore.url, algorithms: ['ES256'] },
    });
    expect(payload['scope']).toBe('storage.read:/data/auth/claims.root');
    expect(typeof protectedHeader.kid).toBe('string');
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(600);
  });

  it('writes a new file, reads it and deletes it', async () => {
    const { url, read } = await there('auth/1.root');
    expect(readFileSync(join(shore.dataDir, 'auth/1.root'), 'utf8')).toBe('events');
    const got = await ask(shore, 'GET', read);
    expect([got.status, got.data]).toEqual([200, 'events']);
    const remove = await ask(shore, 'DELETE', await signUrl(sluice, 'SHORE', 'delete', url));
    expect([remove.status, onDisk('auth/1.root')]).toEqual([200, false]);
  });

  it('opens a storage that leaves its base path out, under a name of its own', async () => {
    const url = `${inland.url}/data/auth/1.root`;
    const read = await signUrl(sluice, 'INLAND', 'read', url);
    const put = await ask(inland, 'PUT', await signUrl(sluice, 'INLAND', 'write', url), 'events');
    expect(put.status).toBe(200);
    expect((await ask(inland, 'GET', read)).data).toBe('events');
  });

  it('for reading does not write', async () => {
    const url = `${shore.url}/data/auth/never.root`;
    const put = await ask(shore, 'PUT', await signUrl(sluice, 'SHORE', 'read', url), 'forged');
    expect([put.status, onDisk('auth/never.root')]).toEqual([403, false]);
  });

  it('for reading does not delete', async () => {
    const { read } = await there('auth/kept.root');
    const remove = await ask(shore, 'DELETE', read);
    expect([remove.status, onDisk('auth/kept.root')]).toEqual([403, true]);
  });

  it('for writing a new file does not replace one', async () => {
    const url = `${shore.url}/data/auth/first.root`;
    const signed = await signUrl(sluice, 'SHORE', 'write', url);
    expect((await ask(shore, 'PUT', signed, 'events')).status).toBe(200);
    expect((await ask(shore, 'PUT', signed, 'forged')).status).toBe(403);
    expect(readFileSync(join(shore.dataDir, 'auth/first.root'), 'utf8')).toBe('events');
  });

  it('opens no other path', async () => {
    const { url } = await there('auth/theirs.root');
    const mine = await signUrl(sluice, 'SHORE', 'read', `${shore.url}/data/auth/mine.root`);
    expect((await ask(shore, 'GET', withToken(url, tokenOf(mine)))).status).toBe(403);
  });

  it('opens no directory whose name begins as that of its file', async () => {
    const { url: namesake } = await there('auth_p1/1.root');
    const mine = await signUrl(sluice, 'SHORE', 'read', `${shore.url}/data/auth/1.root`);
    expect((await ask(shore, 'GET', withToken(namesake, tokenOf(mine)))).status).toBe(403);
  });

  // XRootD before 5.9.3 takes a token's path as a prefix: it is the naming that keeps files apart.
  it('opens no file whose name begins as that of its file, where names are hashed', async () => {
    const dids = ['auth:run', 'auth:run_2'].map((did) => `lfn=${did}`).join('&');
    const { body } = await sluice.call('GET', `/rses/SHORE/lfns2pfns?${dids}`);
    const pfns = body as Record<'auth:run' | 'auth:run_2', string>;
    await there(pfns['auth:run_2'].replace(`${shore.url}/data/`, ''));
    const mine = await signUrl(sluice, 'SHORE', 'read', pfns['auth:run']);
    const theirs = withToken(pfns['auth:run_2'], tokenOf(mine));
    expect((await ask(shore, 'GET', theirs)).status).toBe(403);
  });

  it('is refused by another storage', async () => {
    const { read } = await there('auth/here.root');
    // Its paths stand below /data there: only the audience differs.
    const elsewhere = read.replace(shore.url, inland.url).replace('/data/', '/data/data/');
    expect((await ask(shore, 'GET', read)).status).toBe(200);
    expect((await ask(inland, 'GET', elsewhere)).status).toBe(403);
  });

  it('is refused when it has expired', async () => {
    const { url } = await there('auth/aged.root');
    const database = (await findEmbedded(join(root, 's')))?.url ?? '';
    const db = await openDatabase({ url: database, poolSize: 1, applicationName: 'sluice-test' });
    const settings = {
      ...{ issuer: sluice.url, keyFile: join(root, 's/keys/storage-tokens.key') },
      ...{ publishSeconds: 0, rotationDays: 90, tokenSecondsMax: 600 },
    };
    const minted = (at: number) =>
      mintStorageToken(db, settings, {
        ...{ operation: 'read', audience: shore.url, paths: ['/data/auth/aged.root'] },
        ...{ lifetimeSeconds: 600, now: new Date(at) },
      });
    const [fresh, expired] = [await minted(Date.now()), await minted(Date.now() - HOUR_MS)];
    await db.close();
    expect((await ask(shore, 'GET', withToken(url, fresh))).status).toBe(200);
    expect((await ask(shore, 'GET', withToken(url, expired))).status).toBe(403);
  });

  it('is refused when somebody else signed it', async () => {
    const { url } = await there('auth/forged.root');
    const { privateKey } = await generateKeyPair('ES256');
    const { body } = await sluice.call('GET', '/jwks');
    const kid = (body as { keys: { kid: string }[] }).keys[0]?.kid;
    const forged = await new SignJWT({ 'wlcg.ver': '1.0', scope: 'storage.read:/' })
      .setProtectedHeader({ alg: 'ES256', typ: 'JWT', ...(kid !== undefined && { kid }) })
      .setIssuer(sluice.url)
      .setAudience(shore.url)
      .setSubject('somebody')
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(privateKey);
    expect((await ask(shore, 'GET', withToken(url, forged))).status).toBe(403);
  });

  it('is needed: without one nothing is read, written or deleted', async () => {
    const { url } = await there('auth/closed.root');
    const statuses = [
      (await ask(shore, 'GET', url)).status,
      (await ask(shore, 'PUT', `${url}.new`, 'forged')).status,
      (await ask(shore, 'DELETE', url)).status,
    ];
    expect(statuses).toEqual([403, 403, 403]);
    expect([onDisk('auth/closed.root'), onDisk('auth/closed.root.new')]).toEqual([true, false]);
  });
});
