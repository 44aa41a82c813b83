import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Database, execute, isAmong, one, sql } from '../../src/db/index.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { hold, someoneWaits } from '../support/sessions.js';

const KEY = ['did_id', 'rse_id', 'rule_id'] as const;

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
  await db.tx((tx) =>
    execute(
      tx,
      sql`INSERT INTO stuck_locks (did_id, rse_id, rule_id, cause)
          SELECT d, e, 1, 'NO_SOURCE' FROM generate_series(1, 3) d, generate_series(1, 3) e`,
    ),
  );
});
afterAll(() => database.close());

/** Takes the records of the locks on the diagonal, as a CTE that writes gives their keys. */
const forget = sql`
  WITH noted AS (
    INSERT INTO settings (section, option, value) SELECT 'spec', g::text, '1' FROM generate_series(1, 3) g
    RETURNING option::bigint AS did_id, option::int AS rse_id, 1::bigint AS rule_id),
  gone AS (
    WITH known AS MATERIALIZED (SELECT * FROM noted)
    DELETE FROM stuck_locks s WHERE ${isAmong('s', 'known', KEY)} RETURNING s.did_id, s.rse_id)
  SELECT array_agg(did_id || '@' || rse_id ORDER BY did_id) AS keys FROM gone`;

it('finds whole keys only, one too that somebody else has just changed', async () => {
  const other = await hold(db, (tx) =>
    execute(tx, sql`UPDATE stuck_locks SET attempts = 7 WHERE did_id = 2`),
  );
  const taken = db.tx((tx) => one<{ keys: string[] }>(tx, forget));
  await someoneWaits(database.url);
  await other.release();
  expect((await taken)?.keys).toEqual(['1@1', '2@2', '3@3']);
});
