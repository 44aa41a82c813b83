import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { janitor } from '../../src/daemons/janitor.js';
import { execute, rows, sql } from '../../src/db/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Court, court } from '../support/judge.js';

let base: TestDatabase;
let a: Court;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
});
afterEach(() => base.close());

/** A declaration in that state, which it took up at the time of the story. */
const declared = (...states: string[]) =>
  base.db.tx((tx) =>
    execute(
      tx,
      sql`INSERT INTO bad_replicas (did_id, rse_id, state, created_at, updated_at)
          SELECT 1, 1, state::"char", '2020-01-01', ${a.now}::timestamptz FROM unnest(${states}::text[]) AS s(state)`,
    ),
  );
const kept = async () =>
  (
    await base.db.read((tx) =>
      rows<{ state: string }>(tx, sql`SELECT state FROM bad_replicas ORDER BY state`),
    )
  ).map(({ state }) => state);

it('declarations about copies are forgotten when they are closed and old, open ones never', async () => {
  await declared('B', 'D', 'L', 'R', 'S', 'T');
  a.pass((a.config.retention.badReplicasDays - 1) * 86_400);
  await a.shift(janitor(a.config));
  expect(await kept()).toEqual(['B', 'D', 'L', 'R', 'S', 'T']);
  a.pass(2 * 86_400);
  await declared('R');
  await a.shift(janitor(a.config));
  expect(await kept()).toEqual(['B', 'L', 'R', 'T']);
});
