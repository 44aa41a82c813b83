import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execute, sql } from '../../../src/db/index.js';
import { findRse, setDistance } from '../../../src/rses/index.js';
import { type Answer, type Call } from '../../support/api.js';
import { shelf } from '../../support/shelf.js';
import { file, ok, refused, type World, world } from '../dids/world.js';

interface Row {
  name: string;
  pfns: Record<string, { rse: string; priority: number; volatile: boolean }>;
  rses: Record<string, string[]>;
  states: Record<string, string>;
}

const DISTANCES = { LYON: { 'NEAR-DISK': 7, CAPETOWN: 1 } };

let w: World;
let root: Call;
beforeAll(async () => {
  w = await world({ overrides: { replicas: { siteDistances: DISTANCES } } });
  ({ root } = w);
  const { db } = w.api;
  await shelf(db, 'NEAR-DISK', { scheme: 'https', attributes: { site: 'MARSEILLE' } });
  await shelf(db, 'CAPE-DISK', { scheme: 'https', attributes: { site: 'CAPETOWN' } });
  await shelf(db, 'OTHER-DISK', { scheme: 'root' });
  await shelf(db, 'TAPE', { scheme: 'https', type: 'T', attributes: { site: 'MARSEILLE' } });
  await db.tx(async (tx) => {
    const destination = await findRse(tx, 'CAPE-DISK');
    const way = async (source: string, distance: number) =>
      setDistance(
        tx,
        { source: await findRse(tx, source), destination, bidirectional: false },
        distance,
      );
    await way('NEAR-DISK', 40);
    await way('OTHER-DISK', 3);
  });
  for (const rse of ['NEAR-DISK', 'CAPE-DISK', 'OTHER-DISK', 'TAPE']) await add(rse, 'f1');
  await add('NEAR-DISK', 'f2', 'f3');
  await ok(root('POST', '/replicas', { rse: 'NEAR-DISK', files: [file('f4', { state: 'U' })] }));
  await ok(root('POST', '/dids/km3net/run', { type: 'DATASET' }));
  const dids = ['f1', 'f2', 'f3', 'f4'].map((name) => ({ scope: 'km3net', name }));
  await ok(root('POST', '/dids/km3net/run/dids', { dids }));
});
afterAll(() => w.close());

const add = (rse: string, ...names: string[]) =>
  ok(root('POST', '/replicas', { rse, files: names.map((name) => file(name)) }));
const rowsOf = (answer: Answer): Row[] => (answer.body === '' ? [] : (answer.body as Row[]));
const list = async (name: string, more: object = {}, query = ''): Promise<Row[]> => {
  const body = { dids: [{ scope: 'km3net', name }], ...more };
  return rowsOf(await ok(root('POST', `/replicas/list${query}`, body)));
};
const best = (row: Row | undefined) =>
  Object.values(row?.pfns ?? {})
    .sort((a, b) => a.priority - b.priority)
    .map(({ rse }) => rse);
const names = (rows: readonly Row[]) => rows.map(({ name }) => name).sort();

describe('sort=custom_table', () => {
  const order = async (site: string | undefined, more: object = {}) => {
    const body = { sort: 'custom_table', ...(site && { client_location: { site } }), ...more };
    return best((await list('f1', body))[0]);
  };

  it('puts first what the configured table of the client’s site has nearest, by RSE or site', async () => {
    expect(await order('LYON')).toEqual(['CAPE-DISK', 'NEAR-DISK', 'OTHER-DISK', 'TAPE']);
  });

  it('takes the distances between RSEs for a site that has no table', async () => {
    const wan = { domain: 'wan' };
    expect(await order('CAPETOWN', wan)).toEqual(['CAPE-DISK', 'OTHER-DISK', 'NEAR-DISK', 'TAPE']);
  });

  it('is the usual order for who says no site, or one that nobody knows', async () => {
    const usual = ['CAPE-DISK', 'NEAR-DISK', 'OTHER-DISK', 'TAPE'];
    expect(await order(undefined)).toEqual(usual);
    expect(await order('ATLANTIS')).toEqual(usual);
  });

  it('may be said in the query too, which wins', async () => {
    const body = { sort: 'geoip', client_location: { site: 'CAPETOWN' }, domain: 'wan' };
    const [row] = await list('f1', body, '?sort=custom_table');
    expect(best(row)[1]).toBe('OTHER-DISK');
    expect(await refused(root('POST', '/replicas/list?select=colour', {}))).toBe(
      '400 SortingAlgorithmNotSupported',
    );
  });
});

describe('limit', () => {
  it('shows the best physical names of each file, and still every RSE', async () => {
    for (const [row] of [
      rowsOf(await ok(root('GET', '/replicas/km3net/f1?limit=2'))),
      await list('f1', {}, '?limit=2'),
    ]) {
      expect(best(row)).toEqual(['CAPE-DISK', 'NEAR-DISK']);
      expect(Object.keys(row?.rses ?? {})).toHaveLength(4);
    }
  });

  it('leaves no file out', async () => {
    const answer = await ok(root('GET', '/replicas/km3net/run?limit=1'));
    expect(names(rowsOf(answer))).toEqual(['f1', 'f2', 'f3']);
  });

  it('holds for metalinks', async () => {
    const Accept = 'application/metalink4+xml';
    const { text } = await ok(root('GET', '/replicas/km3net/f1?limit=1', undefined, { Accept }));
    expect(text.match(/<url /g)).toHaveLength(1);
    const redirected = await ok(w.api.anonymous('GET', '/redirect/km3net/f1/metalink?limit=3'));
    expect(redirected.text.match(/<url /g)).toHaveLength(3);
  });

  it.each(['0', '-1', 'many', '1.5'])('is a whole number: %s is refused', async (limit) => {
    expect(await refused(root('GET', `/replicas/km3net/f1?limit=${limit}`))).toBe('400 ValueError');
  });
});

describe('GET /replicas/{scope}/{name}', () => {
  it('takes schemes with commas and an order', async () => {
    const path = '/replicas/km3net/f1?schemes=root,davs&select=random';
    expect(best(rowsOf(await ok(root('GET', path)))[0])).toEqual(['OTHER-DISK']);
    expect(await refused(root('GET', '/replicas/km3net/f1?select=colour'))).toBe(
      '400 SortingAlgorithmNotSupported',
    );
  });

  it('has no row for a name that nobody knows', async () => {
    expect((await ok(root('GET', '/replicas/km3net/nothing'))).text).toBe('');
  });
});

describe('the other options of a listing', () => {
  it('unavailable shows what cannot be read or is on its way, all_states everything', async () => {
    expect(await list('f4')).toMatchObject([{ states: {} }]);
    expect(await list('f4', { unavailable: true })).toMatchObject([
      { states: { 'NEAR-DISK': 'UNAVAILABLE' } },
    ]);
    const [all] = await list('f4', { all_states: true });
    expect(all?.rses['NEAR-DISK']).toHaveLength(1);
  });

  it('updated_after shows copies that were made, read or verified since then', async () => {
    await w.api.db.tx((tx) =>
      execute(
        tx,
        sql`UPDATE replicas SET accessed_at = '2020-01-01' WHERE did_id =
              (SELECT id FROM dids WHERE name = 'f2')`,
      ),
    );
    expect(names(await list('run', { updated_after: '2024-01-01T00:00:00' }))).toEqual([
      'f1',
      'f3',
    ]);
    const epoch = Date.parse('2019-01-01') / 1000;
    expect(names(await list('run', { updated_after: epoch }))).toEqual(['f1', 'f2', 'f3']);
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 19);
    expect(await list('run', { updated_after: tomorrow })).toEqual([]);
  });

  it('nrandom draws files that have a copy, random shuffles the copies of each', async () => {
    expect(await list('run', { nrandom: 2 })).toHaveLength(2);
    expect(names(await list('run', { nrandom: 100 }))).toEqual(['f1', 'f2', 'f3']);
    const [row] = await list('f1', { sort: 'random' });
    expect(best(row).sort()).toEqual(['CAPE-DISK', 'NEAR-DISK', 'OTHER-DISK', 'TAPE']);
  });

  it('rse_expression and schemes choose, domain says by which network', async () => {
    expect(best((await list('f1', { rse_expression: 'site=MARSEILLE' }))[0])).toEqual([
      'NEAR-DISK',
      'TAPE',
    ]);
    expect(best((await list('f1', { schemes: ['root'] }))[0])).toEqual(['OTHER-DISK']);
    const [both] = await list('f2', { domain: 'all' });
    expect(Object.values(both?.pfns ?? {})).toMatchObject([{ domain: 'wan' }]);
  });

  it('says which storage elements are volatile', async () => {
    await ok(root('PUT', '/rses/OTHER-DISK', { volatile: true }));
    const [row] = await list('f1');
    const told = Object.values(row?.pfns ?? {}).map(({ rse, volatile }) => [rse, volatile]);
    expect(Object.fromEntries(told)).toMatchObject({ 'OTHER-DISK': true, 'CAPE-DISK': false });
    const more = { rse: 'OTHER-DISK', files: [file('f9')] };
    expect(await refused(root('POST', '/replicas', more))).toBe('409 UnsupportedOperation');
    await ok(root('PUT', '/rses/OTHER-DISK', { volatile: false }));
  });

  it('members of archives are found unless the client does not want it', async () => {
    await add('NEAR-DISK', 'run.zip');
    await ok(root('POST', '/dids/km3net/run.zip/dids', { dids: [file('inside')] }));
    const found = async (more: object) => Object.keys((await list('inside', more))[0]?.pfns ?? {});
    expect(await found({})).toHaveLength(1);
    expect(await found({ resolve_archives: false })).toEqual([]);
  });
});
