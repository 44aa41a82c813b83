import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { field, file, ok, refused, type World, world } from './world.js';

let w: World;
beforeAll(async () => {
  w = await world();
  await ok(
    w.root('POST', '/dids/km3net/run1', {
      type: 'DATASET',
      meta: { campaign: 'arca', season: 'winter' },
      rse: 'SHORE-DISK',
      dids: [file('f1', { meta: { season: 'spring' } }), file('f2')],
    }),
  );
});
afterAll(() => w.close());

const dids = (...names: string[]) => names.map((name) => ({ scope: 'km3net', name }));

describe('metadata of several DIDs', () => {
  it('keeps the order of the request and leaves out what is unknown', async () => {
    const { body } = await w.root('POST', '/dids/bulkmeta', {
      dids: dids('f2', 'none', 'run1', 'f1', 'f2'),
    });
    expect((body as { name: string }[]).map(({ name }) => name)).toEqual([
      'f2',
      'run1',
      'f1',
      'f2',
    ]);
  });

  it('takes over from above what a DID does not say', async () => {
    const { body } = await w.root('POST', '/dids/bulkmeta', {
      dids: dids('f1', 'f2'),
      inherit: true,
      plugin: 'ALL',
    });
    expect(body).toMatchObject([
      { name: 'f1', campaign: 'arca', season: 'spring', bytes: 100 },
      { name: 'f2', campaign: 'arca', season: 'winter', did_type: 'FILE' },
    ]);
  });

  it('is bounded', async () => {
    const names = Array.from({ length: 1001 }, (_, i) => `n${i}`);
    expect(await refused(w.root('POST', '/dids/bulkmeta', { dids: dids(...names) }))).toBe(
      '400 InvalidObject',
    );
    expect(await refused(w.root('POST', '/dids/bulkmeta', { dids: [], plugin: 'MONGO' }))).toBe(
      '400 UnsupportedMetadataPlugin',
    );
  });
});

describe('changing metadata', () => {
  const own = async (name: string) =>
    (await w.root('GET', `/dids/km3net/${name}/meta?plugin=JSON`)).body;

  it('of several DIDs is all or nothing', async () => {
    const change = (...metas: object[]) => ({
      dids: dids('f1', 'f2').map((did, at) => ({ ...did, meta: metas[at] })),
    });
    await ok(w.root('POST', '/dids/bulkdidsmeta', change({ a: 1 }, { a: [1, { b: null }] })));
    expect(await own('f2')).toEqual({ a: [1, { b: null }] });
    const half = change({ a: 2 }, { run_number: 'many' });
    expect(await refused(w.root('POST', '/dids/bulkdidsmeta', half))).toBe(
      '400 InvalidValueForKey',
    );
    expect(await own('f1')).toEqual({ season: 'spring', a: 1 });
  });

  it('reaches what is below only where it says so', async () => {
    await ok(w.root('POST', '/dids/km3net/run1/meta/site', { value: 'Toulon' }));
    expect(await own('f2')).not.toHaveProperty('site');
    await ok(
      w.root('POST', '/dids/km3net/run1/meta', { meta: { site: 'Sicily' }, recursive: true }),
    );
    expect(await own('f2')).toMatchObject({ site: 'Sicily' });
  });

  it('takes keys of any characters but a dot', async () => {
    await ok(w.root('POST', '/dids/km3net/f1/meta/%CE%B8%20and%2Fmore', { value: 'ß' }));
    expect(await own('f1')).toMatchObject({ 'θ and/more': 'ß' });
    expect(await refused(w.root('POST', '/dids/km3net/f1/meta/a.b', { value: 1 }))).toBe(
      '400 InvalidMetadata',
    );
  });

  it('refuses what cannot be stored, and a key that is not named', async () => {
    expect(await refused(w.root('POST', '/dids/km3net/f1/meta/nul', { value: 'a\0b' }))).toBe(
      '400 InvalidObject',
    );
    expect(await refused(w.root('DELETE', '/dids/km3net/f1/meta'))).toBe('400 ValueError');
    expect(await refused(w.root('DELETE', '/dids/km3net/f1/meta?key=bytes'))).toBe(
      '403 AccessDenied',
    );
  });
});

describe('conventions', () => {
  it('are declared by admins, and a slash tells a key from its values', async () => {
    expect(await refused(w.alice('POST', '/meta_conventions/site', { key_type: 'ALL' }))).toBe(
      '403 AccessDenied',
    );
    await ok(w.root('POST', '/meta_conventions/site', { key_type: 'ALL' }));
    await ok(w.root('POST', '/meta_conventions/site/', { value: 'Sicily' }));
    expect((await w.root('GET', '/meta_conventions/site/')).body).toEqual(['Sicily']);
    expect((await w.root('GET', '/meta_conventions/')).body).toEqual(['site']);
    expect(await refused(w.root('POST', '/dids/km3net/run1/meta/site', { value: 'Paris' }))).toBe(
      '400 InvalidValueForKey',
    );
    expect(await refused(w.root('POST', '/meta_conventions/none/', { value: 'x' }))).toBe(
      '404 KeyNotFound',
    );
  });

  it('bind a dataset that is added', async () => {
    await ok(w.root('POST', '/meta_conventions/datatype', { key_type: 'DATASET' }));
    await ok(w.root('POST', '/meta_conventions/datatype/', { value: 'RAW' }));
    const dataset = (datatype: string) => ({ type: 'DATASET', meta: { datatype } });
    expect(await refused(w.root('POST', '/dids/km3net/odd', dataset('ROW')))).toBe(
      '400 InvalidObject',
    );
    await ok(w.root('POST', '/dids/km3net/even', dataset('RAW')));
    expect(field(await w.root('GET', '/dids/km3net/'), 'name')).toContain('even');
  });
});
