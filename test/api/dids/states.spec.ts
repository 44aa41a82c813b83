import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execute, sql } from '../../../src/db/index.js';
import { eraseDids, findDid } from '../../../src/dids/index.js';
import { field, file, ok, refused, type World, world } from './world.js';

let w: World;
beforeAll(async () => {
  w = await world();
  const dids = ['f1', 'f2'].map((name) => file(name));
  await ok(w.root('POST', '/dids/km3net/run1', { type: 'DATASET', rse: 'SHORE-DISK', dids }));
  for (const name of ['year', 'ever']) {
    await ok(w.root('POST', `/dids/km3net/${name}`, { type: 'CONTAINER' }));
  }
  await ok(w.root('POST', '/dids/km3net/year/dids', { dids: named('run1') }));
  await ok(w.root('POST', '/dids/km3net/ever/dids', { dids: named('year') }));
});
afterAll(() => w.close());

const named = (...names: string[]) => names.map((name) => ({ scope: 'km3net', name }));
const shown = async (path: string) => (await ok(w.root('GET', `/dids/km3net/${path}`))).body;
const found = async (filters: string) =>
  (
    await ok(
      w.root('GET', `/dids/km3net/dids/search?type=all&filters=${encodeURIComponent(filters)}`),
    )
  ).body;

describe('a closed container', () => {
  it('has the size of what is below it, also of what comes later', async () => {
    expect(await shown('ever')).toMatchObject({ open: true, length: null, bytes: null });
    await ok(w.root('PUT', '/dids/km3net/ever/status', { open: false }));
    expect(await shown('ever')).toMatchObject({ open: false, length: 2, bytes: 200 });
    const dids = [file('f3')];
    await ok(w.root('POST', '/dids/km3net/run1/dids', { rse: 'SHORE-DISK', dids }));
    expect(await shown('ever')).toMatchObject({ length: 3, bytes: 300 });
    expect(await refused(w.root('POST', '/dids/km3net/ever/dids', { dids: named('year') }))).toBe(
      '409 UnsupportedOperation',
    );
  });
});

describe('a DID', () => {
  it('that is hidden is found by who looks for it', async () => {
    await ok(w.root('POST', '/dids/km3net/run1/meta/hidden', { value: true }));
    expect(await shown('run1/meta')).toMatchObject({ hidden: true });
    expect(await found(`[{'hidden': True}]`)).toEqual(['run1']);
  });

  it('that is suppressed is read by its name, and in no search or list of its scope', async () => {
    await ok(w.root('POST', '/dids/km3net/dark', { type: 'DATASET' }));
    expect(
      await refused(w.root('POST', '/dids/km3net/dark/meta/suppressed', { value: true })),
    ).toBe('403 AccessDenied');
    await w.api.db.tx((tx) =>
      execute(tx, sql`UPDATE dids SET suppressed = true WHERE name = 'dark'`),
    );
    expect(await shown('dark/meta')).toMatchObject({ name: 'dark', suppressed: true });
    expect(await found(`[{'name': 'dark'}]`)).toEqual([]);
    expect(field(await w.root('GET', '/dids/km3net/'), 'name')).not.toContain('dark');
  });

  it('that is to end of life says when, and expires by its lifetime', async () => {
    const meta = { eol_at: '2030-01-02 03:04:05', lifetime: 3600 };
    await ok(w.root('POST', '/dids/km3net/year/meta', { meta }));
    const { eol_at, expired_at } = (await shown('year/meta')) as Record<string, string>;
    expect(eol_at).toBe('Wed, 02 Jan 2030 03:04:05 UTC');
    const seconds = (Date.parse(expired_at?.replace('UTC', 'GMT') ?? '') - Date.now()) / 1000;
    expect(seconds).toBeGreaterThan(3500);
    expect(seconds).toBeLessThanOrEqual(3600);
  });

  it('that is monotonic says so', async () => {
    const body = { type: 'DATASET', statuses: { monotonic: true } };
    await ok(w.root('POST', '/dids/km3net/grows', body));
    expect(await shown('grows')).toMatchObject({ monotonic: true, open: true });
  });
});

describe('former content', () => {
  it('tells of what was erased, as it was', async () => {
    await ok(w.root('POST', '/dids/km3net/past', { type: 'DATASET', dids: named('f1', 'f2') }));
    await ok(w.root('DELETE', '/dids/km3net/past/dids', { dids: named('f2') }));
    const { id } = await w.api.db.read((tx) => findDid(tx, { scope: 'km3net', name: 'run1' }));
    await ok(w.root('POST', '/dids/km3net/year/dids', { dids: named('past') }));
    await w.api.db.tx((tx) => eraseDids(tx, [id]));
    expect(await shown('past/dids/history')).toMatchObject([
      { name: 'f2', type: 'FILE', bytes: 100 },
    ]);
    expect(await shown('year/dids/history')).toMatchObject([
      { name: 'run1', type: 'DATASET', deleted_at: expect.stringMatching(/ UTC$/) },
    ]);
  });
});

describe('a GUID', () => {
  it('leads to the datasets of its file, however it is written', async () => {
    const guid = '2e1a6c1b-0f3d-4b8e-a1a2-b3c4d5e6f701';
    const dids = [file('g1', { meta: { guid } })];
    for (const name of ['of1', 'of2']) {
      await ok(
        w.root('POST', `/dids/km3net/${name}`, { type: 'DATASET', rse: 'SHORE-DISK', dids }),
      );
    }
    for (const text of [guid, guid.toUpperCase(), guid.replaceAll('-', '')]) {
      expect(field(await w.root('GET', `/dids/${text}/guid`), 'name')).toEqual(['of1', 'of2']);
    }
    expect(await refused(w.root('GET', '/dids/nothing/guid'))).toBe('400 ValueError');
  });
});
