import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eraseDids, findDid } from '../../../src/dids/index.js';
import { file, ok, refused, type World, world } from './world.js';

let w: World;
beforeAll(async () => {
  w = await world();
  const files = ['raw', 'calibrated', 'scratch', 'merged'].map((name) => file(name));
  await ok(w.root('POST', '/replicas', { rse: 'SHORE-DISK', files }));
  const dataset = (scope: string, name: string) => ({ scope, name, type: 'DATASET' });
  await ok(w.root('POST', '/dids', [dataset('km3net', 'run1'), dataset('user.alice', 'plots')]));
});
afterAll(() => w.close());

const km3net = (...names: string[]) => names.map((name) => ({ scope: 'km3net', name }));
const relatives = async (path: string) =>
  ((await ok(w.root('GET', `/dids/${path}`))).body as Record<string, unknown>[]).map(
    ({ name, type, depth, deleted_at }) =>
      `${String(depth)} ${String(name)} ${String(type)}${deleted_at === null ? '' : ' erased'}`,
  );

describe('lineage', () => {
  it('is declared one by one or many at once, and read in both directions', async () => {
    const parents = km3net('raw', 'run1');
    await ok(w.root('POST', '/dids/km3net/calibrated/derived', { parents }));
    const many = [
      { scope: 'km3net', name: 'scratch', parents: km3net('calibrated', 'raw') },
      { scope: 'km3net', name: 'merged', parents: km3net('scratch') },
    ];
    expect((await ok(w.root('POST', '/dids/derived', many))).status).toBe(201);
    expect((await relatives('km3net/merged/ancestors')).sort()).toEqual([
      '1 scratch FILE',
      '2 calibrated FILE',
      '2 raw FILE',
      '3 run1 DATASET',
    ]);
    expect((await relatives('km3net/run1/descendants')).sort()).toEqual([
      '1 calibrated FILE',
      '2 scratch FILE',
      '3 merged FILE',
    ]);
    expect(await relatives('km3net/merged/ancestors?depth=1')).toEqual(['1 scratch FILE']);
  });

  it('goes through what was erased, whose name is known for a while', async () => {
    const { id } = await w.api.db.read((tx) => findDid(tx, { scope: 'km3net', name: 'scratch' }));
    await w.api.db.tx((tx) => eraseDids(tx, [id]));
    expect((await relatives('km3net/merged/ancestors')).sort()).toEqual([
      '1 scratch FILE erased',
      '2 calibrated FILE',
      '2 raw FILE',
      '3 run1 DATASET',
    ]);
  });

  it('belongs to the scope of what was made: its owner says, from whatever it was made', async () => {
    const parents = km3net('raw');
    await ok(w.alice('POST', '/dids/user.alice/plots/derived', { parents }));
    expect(await refused(w.alice('POST', '/dids/km3net/merged/derived', { parents }))).toBe(
      '403 AccessDenied',
    );
    await ok(w.alice('DELETE', '/dids/user.alice/plots/derived', { parents }));
    expect(await relatives('user.alice/plots/ancestors')).toEqual([]);
    expect(await refused(w.alice('DELETE', '/dids/user.alice/plots/derived', { parents }))).toBe(
      '404 DataIdentifierNotFound',
    );
  });

  it.each<[string, unknown, string]>([
    ['km3net/raw/derived', { parents: km3net('calibrated') }, '409 UnsupportedOperation'],
    ['km3net/raw/derived', { parents: km3net('raw') }, '409 UnsupportedOperation'],
    ['km3net/raw/derived', { parents: km3net('nothing') }, '404 DataIdentifierNotFound'],
    ['km3net/nothing/derived', { parents: km3net('raw') }, '404 DataIdentifierNotFound'],
    ['km3net/raw/derived', { parents: [] }, '400 InvalidObject'],
    ['km3net/raw/derived', { parents: ['run1'] }, '400 InvalidObject'],
    ['km3net/raw/derived', {}, '400 KeyError'],
    ['derived', {}, '400 TypeError'],
    ['derived', [{ scope: 'km3net', name: 'raw' }], '400 InvalidObject'],
  ])('POST %s %j is %s', async (path, body, fact) => {
    expect(await refused(w.root('POST', `/dids/${path}`, body))).toBe(fact);
  });

  it.each([
    ['km3net/raw/ancestors?depth=0', '400 ValueError'],
    ['km3net/raw/descendants?depth=101', '400 ValueError'],
    ['km3net/nothing/ancestors', '404 DataIdentifierNotFound'],
  ])('GET %s is %s', async (path, fact) => {
    expect(await refused(w.root('GET', `/dids/${path}`))).toBe(fact);
  });
});
