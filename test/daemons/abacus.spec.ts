import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { accountUsage } from '../../src/accounts/index.js';
import { abacus } from '../../src/daemons/abacus.js';
import { only, sql } from '../../src/db/index.js';
import { sizesOf } from '../../src/dids/index.js';
import { mergeOwnMetadata } from '../../src/metadata/did-meta.sql.js';
import { searchPage } from '../../src/metadata/index.js';
import { parseFilter } from '../../src/metadata/query/index.js';
import { rseUsage } from '../../src/rses/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Court, court } from '../support/judge.js';

let base: TestDatabase;
let a: Court;
beforeAll(async () => {
  base = await testDatabase();
  a = await court(base.db);
});
afterAll(() => base.close());

const open = () =>
  base.db.read((tx) =>
    only<{ n: number }>(
      tx,
      sql`SELECT ((SELECT count(*) FROM rse_usage_deltas) + (SELECT count(*) FROM account_usage_deltas)
               + (SELECT count(*) FROM collection_deltas))::int AS n`,
    ),
  );

/** What readers are told. */
const told = () =>
  base.db.read(async (tx) => {
    const { id } = await a.did('run');
    return {
      storage: await rseUsage(tx, [1]),
      account: await accountUsage(tx, a.accountId),
      dataset: await sizesOf(tx, [id]),
    };
  });

describe('folding', () => {
  it('changes no answer, ends, and finds nothing the second time', async () => {
    await a.rse('A-DISK');
    await a.dataset('run');
    await a.data('run', ['f1', 'f2', 'f3'], 'A-DISK');
    await a.copies('A-DISK', ['f4']);
    await a.rule('run', { rseExpression: 'A-DISK' });
    const before = await told();
    expect(before.storage.get(1)).toEqual({ files: 4n, bytes: 400n });
    const { n } = await open();
    expect(n).toBeGreaterThan(2);

    let folded = 0;
    for (let more = true; more;) {
      const tally = await a.shift(abacus(), 1);
      folded += tally.done;
      more = tally.more;
      expect(await told()).toEqual(before);
    }
    expect(folded).toBe(n);
    expect(await open()).toEqual({ n: 0 });
    expect(await a.shift(abacus())).toEqual({ seen: 0, done: 0, failed: 0, more: false });
  });

  it('sorts new metadata into its index, which searches would read as a list', async () => {
    const search = () =>
      base.db.read((tx) => searchPage(tx, a.scope, filter, { after: '', limit: 10 }));
    const filter = parseFilter([{ detector: 'ARCA' }], 'file');
    await base.db.tx(async (tx) => {
      const dids = sql`SELECT id, '{"detector":"ARCA"}'::jsonb FROM dids WHERE name IN ('f1', 'f2')`;
      await mergeOwnMetadata(tx, dids);
    });
    const found = await search();
    expect(found).toHaveLength(2);
    expect((await a.shift(abacus())).seen).toBeGreaterThan(0);
    expect(await search()).toEqual(found);
    expect((await a.shift(abacus())).seen).toBe(0);
  });

  it('by two at once counts every delta once', async () => {
    for (let i = 0; i < 10; i++) await a.copies('A-DISK', [`g${i}`]);
    const before = await told();
    await Promise.all([a.shift(abacus()), a.shift(abacus()), a.shift(abacus())]);
    expect(await open()).toEqual({ n: 0 });
    expect(await told()).toEqual(before);
  });
});
