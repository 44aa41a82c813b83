import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { insertFiles } from '../../../src/dids/index.js';
import { field, file, ok, refused, type World, world } from './world.js';

let w: World;
beforeAll(async () => {
  w = await world();
  for (const name of ['run1', 'run2', 'large']) {
    await ok(w.root('POST', `/dids/km3net/${name}`, { type: 'DATASET' }));
  }
  for (const name of ['year', 'ever']) {
    await ok(w.root('POST', `/dids/km3net/${name}`, { type: 'CONTAINER' }));
  }
});
afterAll(() => w.close());

const named = (...names: string[]) => names.map((name) => ({ scope: 'km3net', name }));

describe('attachments of several parents', () => {
  it('are one transaction, and may be a bare list', async () => {
    const files = { rse: 'SHORE-DISK', dids: [file('f1'), file('f2')] };
    await ok(w.root('POST', '/dids/attachments', [{ scope: 'km3net', name: 'run1', ...files }]));
    const attachments = [
      { scope: 'km3net', name: 'run2', dids: named('f1') },
      { scope: 'km3net', name: 'run1', dids: named('f1') },
    ];
    const repeated = { attachments, ignore_duplicate: false };
    expect(await refused(w.root('POST', '/dids/attachments', repeated))).toBe(
      '409 FileAlreadyExists',
    );
    expect((await w.root('GET', '/dids/km3net/run2/dids')).body).toEqual([]);
    await ok(w.root('POST', '/dids/attachments', { attachments, ignore_duplicate: true }));
    expect(field(await w.root('GET', '/dids/km3net/run2/dids'), 'name')).toEqual(['f1']);
  });

  it('take no unknown keys', async () => {
    const odd = [{ scope: 'km3net', name: 'run2', dids: [{ ...file('f2'), colour: 'blue' }] }];
    expect(await refused(w.root('POST', '/dids/attachments', odd))).toBe('400 InvalidObject');
  });
});

describe('an attachment that registers', () => {
  it('takes the PFN only where it is the right one', async () => {
    const dids = [file('f3', { pfn: 'https://elsewhere.example/f3' })];
    const body = { rse: 'SHORE-DISK', dids };
    expect(await refused(w.root('POST', '/dids/km3net/run2/dids', body))).toBe('400 InvalidPath');
  });

  it('takes no state that only the reaper gives', async () => {
    const body = { rse: 'SHORE-DISK', dids: [file('f3', { state: 'B' })] };
    expect(await refused(w.root('POST', '/dids/km3net/run2/dids', body))).toBe('400 InvalidObject');
  });
});

describe('listing', () => {
  beforeAll(async () => {
    await ok(w.root('POST', '/dids/km3net/year/dids', { dids: named('run1', 'run2') }));
    await ok(w.root('POST', '/dids/km3net/ever/dids', { dids: named('year') }));
  });

  it('files come dataset by dataset, so one that is in two comes twice', async () => {
    expect(field(await w.root('GET', '/dids/km3net/ever/files'), 'name')).toEqual([
      'f1',
      'f1',
      'f2',
    ]);
  });

  it('sizes are counted in files or in datasets', async () => {
    const at = async (depth: string) =>
      (await w.root('GET', `/dids/km3net/ever${depth}`)).body as { length: number; bytes: number };
    expect(await at('')).toMatchObject({ length: null, bytes: null });
    expect(await at('?dynamic_depth=FILE')).toMatchObject({ length: 3, bytes: 300 });
    expect(await at('?dynamic_depth=DATASET')).toMatchObject({ length: 2, bytes: 300 });
    expect(await refused(w.root('GET', '/dids/km3net/ever?dynamic_depth=HEAP'))).toBe(
      '400 ValueError',
    );
  });

  it('what is below a name comes depth first, with its level and parent', async () => {
    const { body } = await w.root('GET', '/dids/km3net/?name=ever&recursive=True');
    const rows = body as { name: string; level: number; parent: { name: string } }[];
    expect(rows.map(({ name, level, parent }) => `${level} ${parent.name}/${name}`)).toEqual([
      '1 ever/year',
      '2 year/run1',
      '3 run1/f1',
      '3 run1/f2',
      '2 year/run2',
      '3 run2/f1',
    ]);
  });

  it('goes on over pages', async () => {
    const names = Array.from({ length: 4500 }, (_, i) => `p${i}`);
    const { db } = w.api;
    const root = (await db.tx((tx) => tx.query(`SELECT id FROM accounts WHERE name = 'root'`)))
      .rows[0] as { id: number };
    const files = names.map((name) => ({
      scope: 'km3net',
      name,
      bytes: 1n,
      adler32: null,
      md5: null,
    }));
    await db.tx((tx) => insertFiles(tx, root.id, files));
    await ok(w.root('POST', '/dids/km3net/large/dids', { dids: named(...names) }));
    const wanted = names.toSorted();
    expect(field(await w.root('GET', '/dids/km3net/large/dids'), 'name')).toEqual(wanted);
    expect(field(await w.root('GET', '/dids/km3net/large/files'), 'name')).toEqual(wanted);
    await ok(w.root('DELETE', '/dids/km3net/large/dids', { dids: named(...names) }));
    expect(field(await w.root('GET', '/dids/km3net/large/dids/history'), 'name')).toEqual(wanted);
    expect((await w.root('GET', '/dids/km3net/large')).body).toMatchObject({ length: 0, bytes: 0 });
  });

  it('so does what is below a name, whose next collection waits for its turn', async () => {
    const names = Array.from({ length: 2001 }, (_, i) => `p${i}`);
    const dataset = (name: string) => ({ scope: 'km3net', name, type: 'DATASET' });
    await ok(w.root('POST', '/dids', [dataset('wide1'), dataset('wide2')]));
    for (const name of ['wide1', 'wide2']) {
      await ok(w.root('POST', `/dids/km3net/${name}/dids`, { dids: named(...names) }));
    }
    const body = { type: 'CONTAINER', dids: named('wide1', 'wide2') };
    await ok(w.root('POST', '/dids/km3net/wide', body));
    const listed = await w.root('GET', '/dids/km3net/?name=wide&recursive=True');
    expect((listed.body as { name: string }[]).map(({ name }) => name)).toEqual(
      ['wide1', 'wide2'].flatMap((name) => [name, ...names.toSorted()]),
    );
  });

  it('parents, constituents and datasets by GUID', async () => {
    await ok(
      w.root('POST', '/dids/km3net/run1/dids', {
        rse: 'SHORE-DISK',
        dids: [file('pack.zip', { meta: { guid: '00000000000000000000000000000001' } })],
      }),
    );
    await ok(w.root('POST', '/dids/km3net/pack.zip/dids', { dids: [file('inner')] }));
    expect(field(await w.root('GET', '/archives/km3net/pack.zip/files'), 'name')).toEqual([
      'inner',
    ]);
    expect((await w.root('GET', '/archives/km3net/run1/files')).body).toEqual([]);
    expect((await w.root('GET', '/dids/km3net/inner/parents')).body).toEqual([]);
    const byGuid = '/dids/00000000-0000-0000-0000-000000000001/guid';
    expect((await w.root('GET', byGuid)).body).toEqual([{ scope: 'km3net', name: 'run1' }]);
    expect(await refused(w.root('GET', '/dids/zero/guid'))).toBe('400 ValueError');
  });
});
