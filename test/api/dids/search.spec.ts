import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { file, ok, refused, type World, world } from './world.js';

let w: World;
beforeAll(async () => {
  w = await world();
  const run = (name: string, meta: object) => ({ scope: 'km3net', name, type: 'DATASET', meta });
  const runs = [
    run('run25289', { datatype: 'RAW', run_number: 25289, detector: 'D0ARCA030' }),
    run('run25290', { datatype: 'RAW', run_number: 25290, detector: 'D0ARCA030' }),
    run('run25291', { datatype: 'RAW', run_number: 25291, detector: 'D0ORCA018' }),
    run('mc25291', { datatype: 'MC', run_number: 25291, detector: 'D0ARCA030' }),
    { scope: 'km3net', name: 'year', type: 'CONTAINER' },
  ];
  await ok(w.root('POST', '/dids', runs));
  const files = { rse: 'SHORE-DISK', dids: [file('f1', { meta: { stream: 'L1' } }), file('f2')] };
  await ok(w.root('POST', '/dids/km3net/run25290/dids', files));
  await ok(
    w.root('POST', '/dids/km3net/run25289/dids', { dids: [{ scope: 'km3net', name: 'f1' }] }),
  );
  const dids = ['run25289', 'run25290'].map((name) => ({ scope: 'km3net', name }));
  await ok(w.root('POST', '/dids/km3net/year/dids', { dids }));
});
afterAll(() => w.close());

const search = async (filters: string, rest = 'type=all') =>
  (await w.root('GET', `/dids/km3net/dids/search?${rest}&filters=${encodeURIComponent(filters)}`))
    .body;
const refusal = (filters: string, rest = 'type=all') =>
  refused(w.root('GET', `/dids/km3net/dids/search?${rest}&filters=${encodeURIComponent(filters)}`));

describe('searching a scope', () => {
  it('mixes built-in and own metadata in one question', async () => {
    const question = `[{'datatype': 'RAW', 'run_number.gte': '25290', 'detector': 'D0ARCA030'}]`;
    expect(await search(question)).toEqual(['run25290']);
    expect(await search(`[{'detector': 'D0ORCA*'}, {'datatype': 'MC'}]`)).toEqual([
      'mc25291',
      'run25291',
    ]);
  });

  it('shows sizes in long rows', async () => {
    expect(await search(`[{'name': 'run25290'}]`, 'type=all&long=True')).toEqual([
      { scope: 'km3net', name: 'run25290', did_type: 'DATASET', bytes: 200, length: 2 },
    ]);
    expect(await search(`[{'name': 'f1'}]`, 'type=all&long=1')).toEqual([
      { scope: 'km3net', name: 'f1', did_type: 'FILE', bytes: 100, length: null },
    ]);
  });

  it('goes below what it finds, and names each DID once', async () => {
    const below = await search(`[{'name': 'year'}]`, 'type=all&recursive=True');
    expect((below as string[]).toSorted()).toEqual(['f1', 'f2', 'run25289', 'run25290', 'year']);
    const twice = await search(`[{'name': 'run*'}]`, 'type=all&recursive=True&long=True');
    const names = (twice as { name: string }[]).map(({ name }) => name);
    expect(names.toSorted()).toEqual(['f1', 'f2', 'run25289', 'run25290', 'run25291']);
  });

  it('stops at the limit', async () => {
    expect(await search(`[{}]`, 'type=dataset&limit=2')).toEqual(['mc25291', 'run25289']);
    expect(await refusal(`[{}]`, 'type=dataset&limit=0')).toBe('400 ValueError');
  });

  it('goes on over pages, in the order of names', async () => {
    const many = Array.from({ length: 900 }, (_, i) => `page${String(i).padStart(4, '0')}`);
    await ok(
      w.root(
        'POST',
        '/dids',
        many.map((name) => ({ scope: 'km3net', name, type: 'CONTAINER' })),
      ),
    );
    expect(await search(`[{'name': 'page*'}]`, 'type=container')).toEqual(many);
  });

  it.each([
    [`[{'name': `, '400 DIDFilterSyntaxError'],
    [`{'a': {'b': 1}}`, '400 DIDFilterSyntaxError'],
    [`[{'run_number.near': 1}]`, '400 DIDFilterSyntaxError'],
    [
      `[{'created_after': '2026-01-01 00:00:00', 'created_at.gte': '2026-01-01 00:00:00'}]`,
      '400 DuplicateCriteriaInDIDFilter',
    ],
    [`[{'type': 'heap'}]`, '409 UnsupportedOperation'],
  ])('refuses %s', async (filters, fact) => {
    expect(await refusal(filters)).toBe(fact);
  });
});
