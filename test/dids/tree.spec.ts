import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rows, sql, type Sql } from '../../src/db/index.js';
import {
  ancestorsOf,
  collectionsBelow,
  datasetsBelow,
  didsBelow,
  eraseDids,
  filesBelow,
  sizesOf,
} from '../../src/dids/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { lake, type Lake } from '../support/lake.js';

let base: TestDatabase;
let a: Lake;
beforeAll(async () => {
  base = await testDatabase();
  a = await lake(base.db);
  for (const name of ['top', 'mid']) await a.container(name);
  for (const name of ['d1', 'd2', 'd3']) await a.dataset(name);
  await a.files('f1', 'f2', 'f3');
  await a.attach('d1', 'f1', 'f2');
  await a.attach('d2', 'f2', 'f3');
  await a.attach('mid', 'd1', 'd2');
  await a.attach('top', 'mid');
  await a.attach('top', 'd1');
});
afterAll(() => base.close());

/** The names that a CTE body of ids gives, with repetitions. */
const namesOf = async (body: Sql, column = 'id'): Promise<string[]> => {
  const found = await a.db.read((tx) =>
    rows<{ name: string }>(
      tx,
      sql`WITH x(id) AS (SELECT ${column === 'id' ? sql`id` : sql`did_id`} FROM (${body}) AS b)
          SELECT d.name FROM x JOIN dids d ON d.id = x.id ORDER BY d.name`,
    ),
  );
  return found.map(({ name }) => name);
};

describe('below a DID', () => {
  it('every dataset, collection, file and DID comes once', async () => {
    const { id } = await a.did('top');
    expect(await namesOf(datasetsBelow(id))).toEqual(['d1', 'd2']);
    expect(await namesOf(collectionsBelow(id))).toEqual(['d1', 'd2', 'mid', 'top']);
    expect(await namesOf(filesBelow(id), 'did_id')).toEqual(['f1', 'f2', 'f3']);
    expect(await namesOf(didsBelow(id))).toEqual(['d1', 'd2', 'f1', 'f2', 'f3', 'mid', 'top']);
  });

  it('a dataset and a file are at their own level', async () => {
    expect(await namesOf(datasetsBelow((await a.did('d1')).id))).toEqual(['d1']);
    expect(await namesOf(filesBelow((await a.did('f1')).id), 'did_id')).toEqual(['f1']);
    expect(await namesOf(datasetsBelow((await a.did('f1')).id))).toEqual([]);
    expect(await namesOf(filesBelow((await a.did('d3')).id), 'did_id')).toEqual([]);
  });

  it('of several, each once', async () => {
    const ids = await Promise.all(['top', 'd2', 'd3', 'f1'].map(async (n) => (await a.did(n)).id));
    expect(await namesOf(datasetsBelow(ids))).toEqual(['d1', 'd2', 'd3']);
    expect(await namesOf(datasetsBelow([]))).toEqual([]);
  });

  it('and above, every ancestor once, without the DID itself', async () => {
    const { id } = await a.did('f3');
    expect(await namesOf(ancestorsOf(sql`SELECT ${id}::bigint`))).toEqual(['d2', 'mid', 'top']);
  });
});

describe('erasing', () => {
  it('takes a file out of its datasets, tells the judge and remembers the name', async () => {
    const f2 = await a.did('f2');
    const parents = [await a.did('d1'), await a.did('d2')].map(({ id }) => id);
    await a.db.tx(async (tx) => {
      await rows(tx, sql`DELETE FROM updated_dids`);
      expect(await eraseDids(tx, [f2.id])).toBe(1);
    });
    await expect(a.did('f2')).rejects.toMatchObject({ name: 'DataIdentifierNotFound' });
    const [sizes, told, remembered] = await a.db.read(async (tx) => [
      await sizesOf(tx, parents),
      await rows(tx, sql`SELECT did_id, action, child_from FROM updated_dids ORDER BY did_id`),
      await rows(tx, sql`SELECT name, bytes FROM deleted_dids`),
    ]);
    expect([...sizes.values()]).toEqual([
      { length: 1n, bytes: 100n },
      { length: 1n, bytes: 100n },
    ]);
    expect(told).toEqual(parents.map((did_id) => ({ did_id, action: 'D', child_from: f2.id })));
    expect(remembered).toEqual([{ name: 'f2', bytes: 100n }]);
  });

  it('empties a container that goes, and tells what was above it', async () => {
    const [mid, top] = [await a.did('mid'), await a.did('top')];
    await a.db.tx((tx) => eraseDids(tx, [mid.id]));
    expect(await namesOf(datasetsBelow(top.id))).toEqual(['d1']);
    const left = await a.db.read((tx) =>
      rows(tx, sql`SELECT FROM contents WHERE parent_id = ${mid.id} OR child_id = ${mid.id}`),
    );
    expect(left).toEqual([]);
  });
});
