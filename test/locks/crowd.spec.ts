import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execute, only, sql, type Sql, type Tx } from '../../src/db/index.js';
import { confirmLocks, reopenLocks } from '../../src/locks/index.js';
import { sameCopies } from '../../src/rules/slice-files.sql.js';
import { testDatabase, type TestDatabase } from '../support/database.js';

const RULES = 2000;
const [FILE, RSE] = [7n, 1];

/** How many locks a statement fetches. */
async function fetched(tx: Tx, statement: Sql): Promise<number> {
  const count = async () =>
    (
      await only<{ rows: number }>(
        tx,
        sql`SELECT (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::int AS rows
              FROM pg_stat_xact_user_tables WHERE relname = 'locks'`,
      )
    ).rows;
  const before = await count();
  await execute(tx, statement);
  return (await count()) - before;
}

describe('a copy that two thousand rules hold', () => {
  let base: TestDatabase;
  beforeAll(async () => {
    base = await testDatabase();
    await base.db.tx((tx) =>
      execute(
        tx,
        sql`INSERT INTO locks (did_id, rse_id, rule_id, bytes, state)
            SELECT ${FILE}::bigint, ${RSE}::int, i, 1, 'R' FROM generate_series(1, ${RULES}::int) i`,
      ),
    );
  });
  afterAll(() => base.close());

  it('is looked at once for each of them when it arrives, and when it goes bad', async () => {
    const copy = sql`SELECT ${FILE}::bigint AS did_id, ${RSE}::int AS rse_id`;
    await base.db.tx(async (tx) => {
      expect(await fetched(tx, confirmLocks(copy))).toBeLessThan(4 * RULES);
      expect(await fetched(tx, reopenLocks(copy))).toBeLessThan(8 * RULES);
    });
  });

  it('is not looked through for the lock of one of them', async () => {
    const copies = sql`WITH slice AS (SELECT ${FILE}::bigint AS did_id, 1::bigint AS bytes)
                       ${sameCopies(5n, [RSE, 2], 1)}`;
    await base.db.tx(async (tx) => {
      expect(await fetched(tx, copies)).toBeLessThan(10);
    });
  });
});
