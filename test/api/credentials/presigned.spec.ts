import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../../src/config/index.js';
import { addProtocol, findRse } from '../../../src/rses/index.js';
import { shelf } from '../../support/shelf.js';
import { opens } from '../../support/s3-door.js';
import { file, ok, refused, type World, world } from '../dids/world.js';

const KEYS = {
  CLOUD: { accessKey: 'AKIACLOUD', secretKey: 'not told' },
  GOOGLE: { accessKey: 'GOOG1E', secretKey: 'not told either' },
  SWIFT: { secretKey: 'nor this' },
};
const ALL = { read: 1, write: 1, delete: 1 };

let w: World;
beforeAll(async () => {
  w = await world({ overrides: { storage: { keys: KEYS } } });
  await cloud('CLOUD', 's3', { s3: { region: 'eu-west-1' } });
  await cloud('GOOGLE', 'gcs', { gcs: true });
  await cloud('SWIFT', 'swift', { swift: true });
  await cloud('KEYLESS', 's3', { s3: true });
  for (const rse of ['CLOUD', 'GOOGLE', 'SWIFT', 'KEYLESS']) {
    await ok(w.root('POST', '/replicas', { rse, files: [file('f1')] }));
  }
});
afterAll(() => w.close());

/** An RSE at `<name>.example` whose https protocol has these extended attributes. */
async function cloud(name: string, service: string, extendedAttributes: Record<string, unknown>) {
  const attributes = { sign_url: service, lfn2pfn_algorithm: 'identity' };
  await shelf(w.api.db, name, { attributes });
  await w.api.db.tx(async (tx) =>
    addProtocol(tx, await findRse(tx, name), {
      scheme: 'https',
      hostname: `${name.toLowerCase()}.example`,
      port: 443,
      prefix: '/bucket/',
      impl: 'rucio.rse.protocols.webdav.NoRename',
      domains: { lan: ALL, wan: ALL },
      extendedAttributes,
    }),
  );
}
const urlOf = (rse: string, name = 'f1') =>
  `https://${rse.toLowerCase()}.example:443/bucket/km3net/${name}`;
const sign = (rse: string, more: Record<string, string> = {}, name = 'f1') => {
  const query = new URLSearchParams({ rse, op: 'read', url: urlOf(rse, name), ...more });
  return w.root('GET', `/credentials/signurl?${query.toString()}`);
};
const openedBy = (url: string, rse: keyof typeof KEYS, region: string, method = 'GET') => {
  const { host, pathname, search } = new URL(url);
  const { accessKey = '', secretKey } = KEYS[rse] as { accessKey?: string; secretKey: string };
  const request = { method, target: pathname + search, host, now: new Date() };
  return opens(request, { accessKey, secretKey, region });
};
const listed = async (rse: string) => {
  const body = { dids: [{ scope: 'km3net', name: 'f1' }], schemes: ['https'], rse_expression: rse };
  const answer = await ok(w.root('POST', '/replicas/list', body));
  return (answer.body as { rses: Record<string, string[]> }[])[0]?.rses[rse]?.[0] ?? '';
};

describe('GET /credentials/signurl for storages that sign their own way', () => {
  it('gives URLs that S3 takes, for one method, as long as asked for', async () => {
    const answer = await ok(sign('CLOUD', { svc: 's3', lifetime: '60' }));
    expect(answer.headers['content-type']).toMatch(/^text\/plain/);
    expect(answer.text.split('?')[0]).toBe(urlOf('CLOUD'));
    expect(answer.text).toContain('X-Amz-Expires=60&');
    expect(openedBy(answer.text, 'CLOUD', 'eu-west-1')).toBe(true);
    expect(openedBy(answer.text, 'CLOUD', 'eu-west-1', 'PUT')).toBe(false);
    const write = await ok(sign('CLOUD', { op: 'write' }, 'new'));
    expect(openedBy(write.text, 'CLOUD', 'eu-west-1', 'PUT')).toBe(true);
    const remove = await ok(sign('CLOUD', { op: 'delete' }));
    expect(openedBy(remove.text, 'CLOUD', 'eu-west-1', 'DELETE')).toBe(true);
  });

  it('gives URLs that Google and Swift take', async () => {
    const google = await ok(sign('GOOGLE', { svc: 'gcs' }));
    expect(openedBy(google.text, 'GOOGLE', 'auto')).toBe(true);
    const swift = await ok(sign('SWIFT', { svc: 'swift' }));
    expect(swift.text).toMatch(/\?temp_url_sig=[0-9a-f]{64}&temp_url_expires=\d{10}$/);
  });

  it('says what is not configured, and what does not fit', async () => {
    const keyless = await sign('KEYLESS', { svc: 's3' });
    expect(keyless.status).toBe(400);
    expect(JSON.parse(keyless.text)).toMatchObject({
      ExceptionClass: 'ConfigurationError',
      ExceptionMessage: expect.stringContaining('storage.keys.KEYLESS') as unknown,
    });
    expect(await refused(sign('CLOUD', { svc: 'gcs' }))).toBe('400 ValueError');
    expect(await refused(sign('CLOUD', { svc: 'ftp' }))).toBe('400 ValueError');
  });

  it('asks for the same rights as our own signatures', async () => {
    const query = new URLSearchParams({ rse: 'CLOUD', op: 'write', url: urlOf('CLOUD', 'new') });
    const asked = w.alice('GET', `/credentials/signurl?${query.toString()}`);
    expect(await refused(asked)).toBe('403 AccessDenied');
    expect(await refused(sign('CLOUD', { op: 'write' }))).toBe('403 AccessDenied');
  });
});

describe('listings', () => {
  it('carry such URLs, and plain ones where no key is configured', async () => {
    expect(openedBy(await listed('CLOUD'), 'CLOUD', 'eu-west-1')).toBe(true);
    expect(openedBy(await listed('GOOGLE'), 'GOOGLE', 'auto')).toBe(true);
    expect(await listed('KEYLESS')).toBe(urlOf('KEYLESS'));
  });

  it('never show a key', async () => {
    const all = await Promise.all(['CLOUD', 'GOOGLE', 'SWIFT'].map(listed));
    for (const { secretKey } of Object.values(KEYS)) expect(all.join()).not.toContain(secretKey);
  });

  it('keep what is for the client alone out of what is signed', async () => {
    await ok(w.root('POST', '/replicas', { rse: 'CLOUD', files: [file('run.zip')] }));
    await ok(w.root('POST', '/dids/km3net/run.zip/dids', { dids: [file('inside')] }));
    const body = { dids: [{ scope: 'km3net', name: 'inside' }], schemes: ['https'] };
    const answer = await ok(w.root('POST', '/replicas/list', body));
    const [pfn = ''] = Object.keys((answer.body as { pfns: object }[])[0]?.pfns ?? {});
    expect(pfn).toMatch(/#xrdcl\.unzip=inside&archive=\/run\.zip$/);
    expect(openedBy(pfn, 'CLOUD', 'eu-west-1')).toBe(true);
  });
});

describe('keys in the configuration', () => {
  const load = (environment: Record<string, string>) => loadConfig({ environment }).storage.keys;

  it('may be a file of their own, or stand in the environment', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'sluice-keys-')), 'keys.yaml');
    writeFileSync(path, 'CLOUD:\n  accessKey: AKIA\n  secretKey: s\n');
    const keys = { CLOUD: { accessKey: 'AKIA', secretKey: 's' } };
    expect(load({ SLUICE_STORAGE__KEYS_FILE: path })).toEqual(keys);
    expect(load({ SLUICE_STORAGE__KEYS: JSON.stringify(keys) })).toEqual(keys);
  });

  it('are not shown when they are wrong', () => {
    const wrong = { SLUICE_STORAGE__KEYS: 'CLOUD: { secret: very-secret }' };
    expect(() => load(wrong)).toThrow(/SLUICE_STORAGE__KEYS: the value \(not shown\)/);
    expect(() => load(wrong)).not.toThrow(/very-secret/);
  });
});
