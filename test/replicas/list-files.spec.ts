import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Database } from '../../src/db/index.js';
import {
  ancestries,
  countListed,
  datasetPage,
  listedFiles,
  registerFiles,
  resolveListed,
  sortedFiles,
} from '../../src/replicas/index.js';
import { type Rse } from '../../src/rses/index.js';
import { type DidId } from '../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Lake, lake } from '../support/lake.js';
import { shelf } from '../support/shelf.js';

describe('listing files with their copies', () => {
  let db: Database;
  let base: TestDatabase;
  let a: Lake;
  let disk: Rse;
  let odd: Rse;
  const scope = 'km3net';
  const named = (...names: string[]) => names.map((name) => ({ scope, name }));
  const file = (name: string, more: object = {}) => ({
    scope,
    name,
    bytes: 100n,
    adler32: 1,
    ...more,
  });
  const register = (rse: Rse, ...files: ReturnType<typeof file>[]) =>
    db.tx((tx) => registerFiles(tx, { accountId: a.accountId, rse, files }));
  const everything = (rseIds: number[]) =>
    ({ rseIds, states: null, since: null, withPaths: true }) as const;

  beforeAll(async () => {
    base = await testDatabase();
    ({ db } = base);
    a = await lake(db, scope);
    disk = await shelf(db, 'DISK');
    odd = await shelf(db, 'ODD', { deterministic: false });
    await register(disk, file('f2'), file('f1'), file('f3'));
    await register(odd, file('f1', { path: '/somewhere/f1' }));
    await register(disk, file('f4', { state: 'C' }));
    await a.dataset('run1');
    await a.dataset('run2');
    await a.container('all');
    await a.attach('run1', 'f1', 'f2');
    await a.attach('run2', 'f2', 'f3');
    await a.attach('all', 'run1', 'run2');
  });
  afterAll(() => base.close());

  const names = async (ids: readonly DidId[]) =>
    (await db.read((tx) => listedFiles(tx, ids, everything([disk.id])))).map(({ name }) => name);

  it('finds the files below a container once each, sorted by name', async () => {
    const ids = await db.read(async (tx) => {
      const listed = await resolveListed(tx, named('all'));
      expect(await countListed(tx, listed, 100)).toBe(4);
      return await sortedFiles(tx, listed);
    });
    expect(await names(ids)).toEqual(['f1', 'f2', 'f3']);
  });

  it('sorts no more files than fit: none where a dataset grew beyond', async () => {
    const sorted = (limit: number) =>
      db.read(async (tx) => sortedFiles(tx, await resolveListed(tx, named('all')), limit));
    expect(await sorted(4)).toHaveLength(3);
    expect(await sorted(3)).toEqual([]);
  });

  it('pages through datasets without repeating a file of an earlier one or one asked for', async () => {
    const pages = await db.read(async (tx) => {
      const listed = await resolveListed(tx, named('all', 'f1'));
      const page = (at: number, after = 0n) =>
        datasetPage(tx, listed, { dataset: listed.datasets[at] as DidId, after, limit: 1 });
      const first = await page(0);
      return [first, await page(0, first.last), await page(1), await page(1, 10_000n)];
    });
    const found = (await names(pages.flatMap(({ ids }) => ids))).sort();
    expect(found).toEqual(['f2']);
    expect(pages.at(-1)?.last).toBeUndefined();
  });

  it('shows copies with states and registered paths side by side', async () => {
    const [{ id } = { id: 0n }] = [await a.did('f1')];
    const [listed] = await db.read((tx) => listedFiles(tx, [id], everything([disk.id, odd.id])));
    expect(listed).toMatchObject({
      rseIds: [disk.id, odd.id],
      states: ['A', 'A'],
      paths: [null, '/somewhere/f1'],
    });
  });

  it('shows only what is asked for: these RSEs, AVAILABLE', async () => {
    const ids = [(await a.did('f4')).id, (await a.did('f1')).id];
    const filter = { rseIds: [disk.id], states: ['A'], since: null, withPaths: false } as const;
    const listed = await db.read((tx) => listedFiles(tx, ids, filter));
    expect(listed.map(({ name, rseIds, states }) => [name, rseIds, states])).toEqual([
      ['f4', [], null],
      ['f1', [disk.id], null],
    ]);
  });

  it('climbs from a file to everything above it', async () => {
    const { id } = await a.did('f2');
    const steps = await db.read((tx) => ancestries(tx, [id]));
    expect(steps.map(({ name }) => name)).toEqual(['all', 'all', 'run1', 'run2']);
  });
});
