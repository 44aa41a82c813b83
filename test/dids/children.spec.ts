import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { childrenPage } from '../../src/dids/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { lake, type Lake } from '../support/lake.js';

let base: TestDatabase;
let a: Lake;
beforeAll(async () => {
  base = await testDatabase();
  a = await lake(base.db);
  for (const name of ['d1', 'd2', 'empty', 'd3']) await a.dataset(name);
  await a.files('f1', 'f2', 'f3', 'f4', 'f5');
  await a.attach('d1', 'f1', 'f3', 'f5');
  await a.attach('d2', 'f2', 'f3');
  await a.attach('d3', 'f1', 'f2', 'f3', 'f4');
});
afterAll(() => base.close());

/** The children of these, by pages of a size, each as place and name. */
async function childrenOf(parents: readonly string[], limit: number): Promise<string[]> {
  const ids = await Promise.all(parents.map(async (name) => (await a.did(name)).id));
  const found: string[] = [];
  let first = 0;
  for (let after = -1n; ;) {
    const page = await a.db.read((tx) => childrenPage(tx, ids.slice(first), after, limit));
    found.push(...page.map(({ at, name }) => `${first + at} ${name}`));
    const last = page.at(-1);
    if (!last || page.length < limit) return found;
    first += last.at;
    after = last.id;
  }
}

describe('the children of several collections', () => {
  it('come parent by parent in the order asked, also of one that is asked twice', async () => {
    expect(await childrenOf(['d2', 'empty', 'd1', 'd2'], 100)).toEqual([
      '0 f2',
      '0 f3',
      '2 f1',
      '2 f3',
      '2 f5',
      '3 f2',
      '3 f3',
    ]);
    expect(await childrenOf([], 100)).toEqual([]);
  });

  it.each([1, 2, 3, 4, 5])('are the same by pages of %d', async (limit) => {
    const parents = ['d3', 'd1', 'empty', 'd3', 'd2', 'd1'];
    expect(await childrenOf(parents, limit)).toEqual(await childrenOf(parents, 100));
  });
});
