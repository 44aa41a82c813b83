import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type StorageRight, storageScope } from '../../../src/accounts/storage-token.js';
import {
  endpointOrigin,
  type ProtocolEndpoint,
  StorageRegistry,
} from '../../../src/protocols/index.js';
import { httpTpcTool } from '../../../src/transfertools/index.js';
import { jobBetween, limits, run } from '../../transfertools/setting.js';
import { isRoot, openAuthority, type SiteAuthority } from '../site/authority.js';
import { freePort, type StorageServer } from '../site/storage-server.js';
import { startXrootd } from '../site/xrootd.js';
import { endpointTo } from './setting.js';
import { clear, filesOn, putOn, readOn } from './tpc-setting.js';

const CONTENT = randomBytes(300_000);
const forRoot = isRoot() ? describe : describe.skip;

forRoot('third-party copy with tokens (trusting our authority needs root)', () => {
  const root = mkdtempSync(join(tmpdir(), 'sluice-tpc-tokens-'));
  let authority: SiteAuthority;
  let issuer: Server;
  let shore: StorageServer;
  let inland: StorageServer;
  let registry: StorageRegistry;
  /** Tokens that were asked for. */
  const asked: string[] = [];
  /** What the next token says instead of what it should. */
  let spoil: (operation: StorageRight, endpoint: ProtocolEndpoint) => StorageRight = (right) =>
    right;

  beforeAll(async () => {
    authority = await openAuthority();
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
    const port = await freePort();
    const url = `https://localhost:${port}`;
    const { certificate, key } = await authority.issue('localhost', '127.0.0.1');
    issuer = createServer({ cert: certificate, key }, (request, response) => {
      const discovery = { issuer: url, jwks_uri: `${url}/jwks` };
      const body = request.url === '/jwks' ? { keys: [jwk] } : discovery;
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    });
    issuer.listen(port, '127.0.0.1');
    await once(issuer, 'listening');
    const tokens = { issuer: url };
    shore = await startXrootd({ root, name: 'shore', authority, tokens });
    inland = await startXrootd({ root, name: 'inland', authority, tokens });
    const mint = (operation: StorageRight, audience: string, paths: string[]) =>
      new SignJWT({ 'wlcg.ver': '1.0', scope: storageScope({ operation, paths }) })
        .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: 'one' })
        .setIssuer(url)
        .setSubject('sluice:storage-token')
        .setAudience(audience)
        .setNotBefore('-1m')
        .setIssuedAt()
        .setExpirationTime('10m')
        .sign(privateKey);
    registry = new StorageRegistry({
      allowPrivate: true,
      attemptsMax: 1,
      authorize: (endpoint, operation, path, target) => {
        asked.push(`${endpoint.rse} ${operation} ${path}`);
        const paths = target === undefined ? [path] : [path, target];
        return mint(spoil(operation, endpoint), endpointOrigin(endpoint), paths);
      },
    });
  });
  beforeEach(() => {
    asked.length = 0;
    spoil = (right) => right;
    clear(shore);
    clear(inland);
    putOn(shore, 'raw/run', CONTENT);
  });
  afterAll(async () => {
    registry?.close();
    await Promise.allSettled([shore?.remove(), inland?.remove()]);
    issuer?.close();
    authority?.close();
    rmSync(root, { recursive: true, force: true });
  });

  const job = (from: unknown, to: unknown) =>
    jobBetween(
      endpointTo(shore, { third_party_copy: from }),
      endpointTo(inland, { third_party_copy: to }),
      {},
      CONTENT,
    );
  const tool = () => httpTpcTool(registry, { ...limits, stallMs: 30_000 });

  it('pulls with a token that reads that file at the source and nothing else', async () => {
    const wish = await job(true, true);
    const outcome = await run(tool(), wish);
    expect(outcome).toMatchObject({ state: 'DONE' });
    expect(outcome.message).toBeUndefined();
    expect(readOn(inland, 'raw/run').equals(CONTENT)).toBe(true);
    expect(filesOn(inland)).toEqual(['raw/run']);
    expect(new Set(asked.filter((one) => one.startsWith('SHORE')))).toEqual(
      new Set(['SHORE read /data/raw/run']),
    );
  });

  it('pushes with a token that makes that file at the destination and nothing else', async () => {
    const wish = await job('push', false);
    expect(await run(tool(), wish)).toMatchObject({ state: 'DONE' });
    expect(filesOn(inland)).toEqual(['raw/run']);
    const part = `/data/${wish.destination.temporaryPath}`;
    // The directory, the copy, our look at it, the rename: never more than to create.
    expect(new Set(asked.filter((one) => one.startsWith('INLAND')))).toEqual(
      new Set([
        'INLAND read /data/raw/run',
        'INLAND create /data/raw',
        `INLAND create ${part}`,
        `INLAND read ${part}`,
      ]),
    );
  });

  it('says AUTH where the destination does not let us ask for a copy', async () => {
    const driver = registry.driver(endpointTo(inland));
    spoil = () => 'read';
    const url = `${shore.url}/data/raw/run`;
    const copied = driver.thirdPartyCopy('pulled', { way: 'pull', url });
    await expect(copied).rejects.toMatchObject({ code: 'AUTH', status: 401, farSide: false });
    expect(filesOn(inland)).toEqual([]);
  });

  it('says REFUSED of the end that refuses the token it is shown', async () => {
    const far = { code: 'REFUSED', farSide: true, unreached: false };
    const from = { way: 'pull', url: `${shore.url}/data/raw/run`, token: 'a.b.c' } as const;
    await expect(
      registry.driver(endpointTo(inland)).thirdPartyCopy('pulled', from),
    ).rejects.toMatchObject(far);
    const to = { way: 'push', url: `${inland.url}/data/pushed` } as const;
    await expect(
      registry.driver(endpointTo(shore)).thirdPartyCopy('raw/run', to),
    ).rejects.toMatchObject(far);
  });

  it('tells a refused token of a transfer at the end where it was refused, and leaves nothing', async () => {
    const wish = await job(true, true);
    const token = registry.token.bind(registry);
    // Shown to the destination, not used by us: it opens another file.
    registry.token = (endpoint, operation) => token(endpoint, operation, '/data/raw/other');
    const outcome = await run(tool(), wish);
    registry.token = token;
    expect(outcome).toMatchObject({ cause: 'SOURCE_REFUSED', side: 'source' });
    expect(filesOn(inland)).toEqual([]);
  });
});
