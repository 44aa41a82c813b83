import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Call, startApi, type TestApi } from '../../support/api.js';
import { shelf } from '../../support/shelf.js';
import { ok, refused } from './world.js';

const ODD = '/vo/prod/gamma_zd=20+az=180/f1,v=2@site~';
const DIRECTORY = ODD.slice(0, ODD.lastIndexOf('/'));
const LONG = `/vo/prod/${'deep/'.repeat(90)}f1`;

/** A server of one scheme, with a scope and a place for files. */
async function server(naming: 'generic' | 'dirac'): Promise<TestApi> {
  const api = await startApi({ overrides: { dids: { naming } } });
  for (const scope of ['prod', 'vo']) await ok(api.root('POST', `/accounts/root/scopes/${scope}`));
  await shelf(api.db, 'DISK', { scheme: 'https', attributes: { ANY: 'true' } });
  await ok(api.root('POST', '/accounts/root/limits/local/DISK', { bytes: -1 }));
  return api;
}

const file = (name: string) => ({ scope: 'prod', name, bytes: 1, adler32: '00000001' });
const register = (call: Call, name: string) =>
  call('POST', '/replicas', { rse: 'DISK', files: [file(name)] });

describe('the naming scheme dirac', () => {
  let api: TestApi;
  let root: Call;
  beforeAll(async () => {
    api = await server('dirac');
    ({ root } = api);
  });
  afterAll(() => api.close());

  it('takes names that DIRAC gives, wherever names are given', async () => {
    await ok(register(root, ODD));
    await ok(root('POST', `/dids/prod/${encodeURIComponent(DIRECTORY)}`, { type: 'DATASET' }));
    const dids = [file(ODD), file(`${DIRECTORY}/f2`)];
    await ok(
      root('POST', `/dids/prod/${encodeURIComponent(DIRECTORY)}/dids`, { dids, rse: 'DISK' }),
    );
    await ok(
      root('POST', '/dirac/addfiles', { lfns: [{ ...file(LONG), lfn: LONG, rse: 'DISK' }] }),
    );
  });

  it('lists them as they are, in JSON, in PFNs and in metalinks', async () => {
    const asked = { dids: [{ scope: 'prod', name: DIRECTORY }] };
    const { body } = await ok(root('POST', '/replicas/list', asked));
    expect((body as { name: string }[])[0]?.name).toBe(ODD);
    const pfn = (body as { rses: { DISK: [string] } }[])[0]?.rses.DISK[0] ?? '';
    expect(pfn).toMatch(/f1,v=2@site~$/);
    expect((await ok(root('POST', '/replicas/dids', { pfns: [pfn] }))).body).toEqual([
      { [pfn]: { scope: 'prod', name: ODD } },
    ]);
    const metalink = await root('POST', '/replicas/list', asked, {
      Accept: 'application/metalink4+xml',
    });
    expect(metalink.text).toContain(`<identity>prod:${ODD}</identity>`);
    const found = await ok(
      root('GET', `/dids/prod/dids/search?type=file&name=${encodeURIComponent('*az=180*')}`),
    );
    expect(found.body).toEqual([ODD, `${DIRECTORY}/f2`]);
  });

  it('still takes plain names, and no others', async () => {
    await ok(register(root, 'run1.root'));
    for (const name of ['a=b', '/vo/a b', '/vo/a:b', `${LONG}${LONG}`]) {
      expect(await refused(register(root, name))).toBe('400 InvalidObject');
    }
  });
});

describe('the naming scheme generic', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await server('generic');
  });
  afterAll(() => api.close());

  it('refuses what only DIRAC would give, wherever names are given', async () => {
    const { root } = api;
    expect(await refused(register(root, ODD))).toBe('400 InvalidObject');
    const path = `/dids/prod/${encodeURIComponent(DIRECTORY)}`;
    expect(await refused(root('POST', path, { type: 'DATASET' }))).toBe('400 InvalidObject');
    await ok(root('POST', '/dids/prod/ds', { type: 'DATASET' }));
    const body = { dids: [file(ODD)], rse: 'DISK' };
    expect(await refused(root('POST', '/dids/prod/ds/dids', body))).toBe('400 InvalidObject');
    await ok(register(root, 'all.zip'));
    const members = { dids: [file(ODD)] };
    expect(await refused(root('POST', '/dids/prod/all.zip/dids', members))).toBe(
      '400 InvalidObject',
    );
    const lfns = [{ ...file(LONG), lfn: LONG, rse: 'DISK' }];
    expect(await refused(root('POST', '/dirac/addfiles', { lfns }))).toBe('400 InvalidObject');
  });
});
