import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bundledConfigFile, loadConfig } from '../../../src/config/index.js';
import { judgeInjector } from '../../../src/daemons/judge/injector.js';
import { shift } from '../../support/shift.js';
import { type Call } from '../../support/api.js';
import { shelf } from '../../support/shelf.js';
import { field, ok, refused, type World, world } from '../dids/world.js';

let w: World;
let root: Call;
let alice: Call;
beforeAll(async () => {
  w = await world();
  ({ root, alice } = w);
  for (const scope of ['vo', 'raw']) await ok(root('POST', `/accounts/root/scopes/${scope}`));
  await ok(root('POST', '/accounts/alice/scopes/mc'));
  for (const rse of ['A-DISK', 'B-DISK']) {
    await shelf(w.api.db, rse, { scheme: 'https', attributes: { ANY: 'true' } });
    await ok(root('POST', `/accounts/root/limits/local/${rse}`, { bytes: -1 }));
  }
  await shelf(w.api.db, 'ODD', { scheme: 'https', deterministic: false });
  await ok(root('POST', '/accounts/root/limits/local/ODD', { bytes: -1 }));
});
afterAll(() => w.close());

const config = loadConfig({ file: bundledConfigFile('test'), environment: {} });
/** One shift of the injector. */
const inject = () => shift(w.api.db, judgeInjector(config));

const lfn = (path: string, more: object = {}) => ({
  ...{ lfn: path, rse: 'A-DISK', bytes: 100, adler32: '0cc737eb' },
  ...more,
});
const add = (call: Call, lfns: object[], more: object = {}) =>
  call('POST', '/dirac/addfiles', { lfns, ignore_availability: true, ...more });
const at = (path: string) =>
  `${path.split('/')[2] ?? path.split('/')[1]}/${encodeURIComponent(path)}`;
const read = async (path: string, what: string) =>
  (await root('GET', `/dids/${at(path)}${what}`)).body;
const content = async (path: string) => {
  const children = (await read(path, '/dids')) as { name: string; type: string }[];
  return children.map(({ name, type }) => `${type} ${name}`).sort();
};
const rules = async (path: string) =>
  ((await read(path, '/rules')) as Record<string, unknown>[]).map(
    ({ rse_expression, copies, grouping, state, expires_at }) =>
      [rse_expression, copies, grouping, state, expires_at] as const,
  );

describe('POST /dirac/addfiles', () => {
  it('makes a file with its copy, its dataset and the containers above', async () => {
    const file = lfn('/vo/raw/2026/run1/f1', {
      guid: '2E1A6C1B-0F3D-4B8E-A1A2-B3C4D5E6F701',
      meta: { run_number: 25291, detector: 'D0ARCA030', datatype: null },
      rse_id: 'whatever',
    });
    const answer = await add(root, [file]);
    expect([answer.status, answer.text]).toEqual([201, 'Created']);
    expect(await content('/vo')).toEqual(['CONTAINER /vo/raw']);
    expect(await content('/vo/raw')).toEqual(['CONTAINER /vo/raw/2026']);
    expect(await content('/vo/raw/2026')).toEqual(['DATASET /vo/raw/2026/run1']);
    expect(await content('/vo/raw/2026/run1')).toEqual(['FILE /vo/raw/2026/run1/f1']);
    expect(await read('/vo/raw/2026/run1/f1', '/meta?plugin=ALL')).toMatchObject({
      ...{ did_type: 'FILE', bytes: 100, adler32: '0cc737eb', run_number: 25291 },
      ...{ guid: '2e1a6c1b0f3d4b8ea1a2b3c4d5e6f701', detector: 'D0ARCA030' },
    });
  });

  it('keeps the file where it is, and a new dataset anywhere, where nothing has to be moved', async () => {
    expect(await rules('/vo/raw/2026/run1/f1')).toEqual([['A-DISK', 1, 'DATASET', 'OK', null]]);
    expect(await rules('/vo/raw/2026/run1')).toEqual([['ANY=true', 1, 'NONE', 'INJECT', null]]);
    await inject();
    expect(await rules('/vo/raw/2026/run1')).toEqual([['ANY=true', 1, 'NONE', 'OK', null]]);
  });

  it('passes over what is known, and adds to directories that are there', async () => {
    const known = lfn('/vo/raw/2026/run1/f1', { bytes: 7, rse: 'B-DISK' });
    await ok(add(root, [known, lfn('/vo/raw/2026/run1/f2'), lfn('/vo/raw/2026/run1/f2')]));
    expect(await content('/vo/raw/2026/run1')).toHaveLength(2);
    expect(await read('/vo/raw/2026/run1/f1', '')).toMatchObject({ bytes: 100 });
    expect(await rules('/vo/raw/2026/run1')).toHaveLength(1);
    expect((await add(root, [known])).status).toBe(201);
    expect((await add(root, [])).status).toBe(201);
  });

  it('says of new directories what it is told, of known ones nothing', async () => {
    await ok(
      add(root, [lfn('/vo/raw/2027/run9/f1')], {
        parents_metadata: {
          '/vo/raw/2027': { season: 'winter', campaign: 'arca' },
          '/vo/raw/2027/run9': { run_number: 9 },
          '/vo/raw': { season: 'all' },
          '/vo/elsewhere': { season: 'none' },
        },
      }),
    );
    expect(await read('/vo/raw/2027', '/meta?plugin=ALL')).toMatchObject({
      ...{ season: 'winter', campaign: 'arca' },
    });
    expect(await read('/vo/raw/2027/run9', '/meta')).toMatchObject({ run_number: 9 });
    expect(await read('/vo/raw', '/meta?plugin=JSON')).toEqual({});
  });

  it('attaches a directory that somebody detached', async () => {
    const dids = [{ scope: 'raw', name: '/vo/raw/2027/run9' }];
    await ok(root('DELETE', `/dids/${at('/vo/raw/2027')}/dids`, { dids }));
    await ok(add(root, [lfn('/vo/raw/2027/run9/f2')]));
    expect(await content('/vo/raw/2027')).toEqual(['DATASET /vo/raw/2027/run9']);
  });

  it('takes files at several storage elements, with the path that they have there', async () => {
    const pfn = 'https://odd.example:443/data/somewhere/f2';
    await ok(
      add(root, [
        lfn('/vo/raw/2028/run1/f1', { rse: 'B-DISK' }),
        lfn('/vo/raw/2028/run1/f2', { rse: 'ODD', pfn }),
      ]),
    );
    const dids = [{ scope: 'raw', name: '/vo/raw/2028/run1' }];
    const { body } = await ok(root('POST', '/replicas/list', { dids }));
    expect((body as { rses: object }[]).map(({ rses }) => rses)).toEqual([
      { 'B-DISK': [expect.stringContaining('/vo/raw/2028/run1/f1')] },
      { ODD: [pfn] },
    ]);
  });

  it('makes two requests for one new directory succeed, whoever is first', async () => {
    const answers = await Promise.all(
      ['f1', 'f2', 'f3', 'f4'].map((name) => add(root, [lfn(`/vo/raw/2029/run1/${name}`)])),
    );
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    expect(await content('/vo/raw/2029/run1')).toHaveLength(4);
    expect(await rules('/vo/raw/2029/run1')).toHaveLength(1);
  });
});

describe('what is refused', () => {
  it.each<[string, object[], string]>([
    [
      'a directory of directories that would hold files',
      [lfn('/vo/raw/2026/f1')],
      '405 UnsupportedOperation',
    ],
    [
      'a directory of files that would hold one',
      [lfn('/vo/raw/2026/run1/x/f1')],
      '405 UnsupportedOperation',
    ],
    ['a file that is a directory', [lfn('/vo/raw/2026/run1')], '405 UnsupportedOperation'],
    ['a directory that is a file', [lfn('/vo/raw/2026/run1/f1/g1')], '405 UnsupportedOperation'],
    ['a file of the VO itself', [lfn('/vo/f1')], '400 InvalidPath'],
    ['a name that climbs', [lfn('/vo/raw/../f1')], '400 InvalidObject'],
    ['a name with a blank', [lfn('/vo/raw/a b/f1')], '400 InvalidObject'],
    ['a scope that is not there', [lfn('/vo/sim/run1/f1')], '404 ScopeNotFound'],
    ['a VO whose scope is not there', [lfn('/other/raw/run1/f1')], '404 ScopeNotFound'],
    ['an RSE that is not there', [lfn('/vo/raw/n/f1', { rse: 'NOWHERE' })], '404 RSENotFound'],
    ['no size', [{ lfn: '/vo/raw/n/f1', rse: 'A-DISK' }], '400 InvalidObject'],
    ['a checksum that is none', [lfn('/vo/raw/n/f1', { adler32: 'x' })], '400 InvalidObject'],
    [
      'another PFN than the RSE would make',
      [lfn('/vo/raw/n/f1', { pfn: 'https://a-disk.example:443/data/n' })],
      '400 InvalidPath',
    ],
    [
      'no PFN where one is needed',
      [lfn('/vo/raw/n/f1', { rse: 'ODD' })],
      '405 UnsupportedOperation',
    ],
  ])('%s', async (_, lfns, fact) => {
    expect(await refused(add(root, [lfn('/vo/raw/kept/f1'), ...lfns]))).toBe(fact);
    expect((await root('GET', `/dids/${at('/vo/raw/kept/f1')}`)).status).toBe(404);
  });

  it('a body without files, or of another kind', async () => {
    expect(await refused(root('POST', '/dirac/addfiles', {}))).toBe('400 KeyError');
    expect(await refused(root('POST', '/dirac/addfiles', []))).toBe('400 TypeError');
    expect(await refused(root('POST', '/dirac/addfiles', { lfns: 'all' }))).toBe(
      '400 InvalidObject',
    );
    const many = Array.from({ length: 1001 }, (_, i) => lfn(`/vo/raw/many/f${i}`));
    expect(await refused(add(root, many))).toBe('400 InvalidObject');
  });

  it('whoever has no quota at the RSE, or another scope', async () => {
    expect(await refused(add(alice, [lfn('/vo/mc/run1/f1')]))).toBe('403 AccessDenied');
    await ok(root('POST', '/accounts/alice/limits/local/A-DISK', { bytes: 1000 }));
    await ok(root('POST', '/accounts/alice/limits/local/B-DISK', { bytes: 1000 }));
    expect(await refused(add(alice, [lfn('/vo/raw/2026/run1/f7')]))).toBe('403 AccessDenied');
    await ok(add(alice, [lfn('/vo/mc/run1/f1')]));
    expect(await content('/vo')).toEqual(['CONTAINER /vo/mc', 'CONTAINER /vo/raw']);
    expect(field(await root('GET', '/rules/?account=alice'), 'rse_expression')).toEqual([
      'A-DISK',
      'ANY=true',
    ]);
  });

  it('an RSE that takes no writes, unless that is to be ignored', async () => {
    await ok(root('PUT', '/rses/B-DISK', { availability_write: false }));
    const file = lfn('/vo/raw/2030/run1/f1', { rse: 'B-DISK' });
    expect(await refused(add(root, [file], { ignore_availability: false }))).toBe(
      '503 ResourceTemporaryUnavailable',
    );
    await ok(add(root, [file]));
    expect(await rules('/vo/raw/2030/run1/f1')).toEqual([['B-DISK', 1, 'DATASET', 'OK', null]]);
    await ok(root('PUT', '/rses/B-DISK', { availability_write: true }));
  });
});

describe('how long rules last', () => {
  const lasting = async (path: string) => {
    const [rule] = await rules(path);
    const expiry = rule?.[4] as string | null | undefined;
    return expiry == null ? expiry : Math.round((Date.parse(expiry) - Date.now()) / 60_000);
  };
  const lifetimes = (lifetime: string, file_lifetime = '7200') =>
    ok(root('POST', '/config', { dirac: { lifetime, file_lifetime } }));

  it('is what the settings say, by scope or an expression', async () => {
    await lifetimes('{"r[ao]w": 3600, "vo": 60}');
    await ok(add(root, [lfn('/vo/raw/2031/run1/f1')]));
    expect(await lasting('/vo/raw/2031/run1/f1')).toBe(120);
    expect(await lasting('/vo/raw/2031/run1')).toBe(60);
  });

  it('is prolonged by each new file, and never shortened', async () => {
    await lifetimes('{"raw": 36000}');
    await ok(add(root, [lfn('/vo/raw/2031/run1/f2'), lfn('/vo/raw/2026/run1/f3')]));
    expect(await lasting('/vo/raw/2031/run1')).toBe(600);
    expect(await lasting('/vo/raw/2026/run1')).toBeNull();
    await lifetimes('{"raw": 60}');
    await ok(add(root, [lfn('/vo/raw/2031/run1/f3')]));
    expect(await lasting('/vo/raw/2031/run1')).toBe(600);
  });

  it('is a mistake of the settings where they are none', async () => {
    for (const [lifetime, file] of [['[]'], ['{"raw": "long"}'], ['{'], ['{}', 'long']] as const) {
      await lifetimes(lifetime, file);
      expect(await refused(add(root, [lfn('/vo/raw/2032/run1/f1')]))).toBe('400 InvalidType');
    }
    await ok(root('DELETE', '/config/dirac'));
  });
});
