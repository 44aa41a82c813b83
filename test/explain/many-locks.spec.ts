import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { execute, lit, sql } from '../../src/db/index.js';
import { type Explanation } from '../../src/explain/index.js';
import { type AddedRule } from '../../src/rules/index.js';
import { Cause, LockState, ReplicaState, RequestState } from '../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Court, court } from '../support/judge.js';
import { office } from './office.js';

const SMALL = 100;
const LARGE = 100_000;

let base: TestDatabase;
let a: Court;
beforeAll(async () => {
  base = await testDatabase();
  a = await court(base.db);
  for (const name of ['A-DISK', 'B-DISK', 'C-DISK']) await a.rse(name);
});
afterAll(() => base.close());

const CAUSES = [Cause.DEST_FULL, Cause.SOURCE_CHECKSUM, Cause.TIMEOUT, Cause.NO_SOURCE];

/** A rule with so many locks: a third OK, a third stuck by four causes, the rest queued. */
async function ruleOf(size: number): Promise<AddedRule> {
  const dataset = await a.dataset(`run-${size}`);
  const rule = await a.rule(`run-${size}`, { rseExpression: 'B-DISK|C-DISK' });
  const rses = sql`(SELECT array_agg(id ORDER BY name) FROM rses WHERE name IN ('B-DISK', 'C-DISK'))`;
  await a.db.tx(async (tx) => {
    const run = (statement: ReturnType<typeof sql>) => execute(tx, statement);
    await run(sql`INSERT INTO dids (scope, name, type, account_id, bytes, adler32)
      SELECT ${a.scope}, ${`run-${size}`} || '.' || n, 'F', ${a.accountId}, 100, 1 FROM generate_series(1, ${size}::int) n`);
    await run(sql`INSERT INTO contents (parent_id, child_id)
      SELECT ${dataset.id}, id FROM dids WHERE name LIKE ${`run-${size}.%`}`);
    await run(sql`INSERT INTO locks (did_id, rse_id, rule_id, bytes, state)
      SELECT id, ${rses}[1 + id % 2], ${rule.id}, 100,
             CASE id % 3 WHEN 0 THEN ${lit(LockState.OK)}::"char" WHEN 1 THEN ${lit(LockState.STUCK)}::"char"
                         ELSE ${lit(LockState.REPLICATING)}::"char" END
        FROM dids WHERE name LIKE ${`run-${size}.%`}`);
    await run(sql`INSERT INTO replicas (did_id, rse_id, bytes, state, lock_cnt)
      SELECT did_id, rse_id, bytes,
             CASE state WHEN ${lit(LockState.OK)} THEN ${lit(ReplicaState.AVAILABLE)}::"char"
                        WHEN ${lit(LockState.STUCK)} THEN ${lit(ReplicaState.UNAVAILABLE)}::"char"
                        ELSE ${lit(ReplicaState.COPYING)}::"char" END, 1
        FROM locks WHERE rule_id = ${rule.id}`);
    await run(sql`INSERT INTO stuck_locks (did_id, rse_id, rule_id, cause, since, last_at, next_try_at, attempts)
      SELECT did_id, rse_id, rule_id, (${CAUSES}::text[])[1 + did_id % 4], ${a.now}, ${a.now}, ${a.now}, 1
        FROM locks WHERE rule_id = ${rule.id} AND state = ${lit(LockState.STUCK)}`);
    await run(sql`INSERT INTO requests (did_id, rse_id, bytes, rule_id, account_id, state)
      SELECT did_id, rse_id, bytes, rule_id, ${a.accountId}, ${lit(RequestState.QUEUED)}
        FROM locks WHERE rule_id = ${rule.id} AND state = ${lit(LockState.REPLICATING)}`);
    await run(sql`UPDATE rules SET state = 'S', locks_ok = c.ok, locks_replicating = c.replicating, locks_stuck = c.stuck
      FROM (SELECT count(*) FILTER (WHERE state = 'O') AS ok, count(*) FILTER (WHERE state = 'R') AS replicating,
                   count(*) FILTER (WHERE state = 'S') AS stuck FROM locks WHERE rule_id = ${rule.id}) c
      WHERE id = ${rule.id}`);
  });
  return rule;
}

type Query = (this: unknown, ...given: unknown[]) => unknown;

/** An explanation, and how many statements it took. */
async function counting(rule: AddedRule): Promise<[Explanation, number]> {
  const client = pg.Client.prototype as unknown as { query: Query };
  const query = client.query;
  let count = 0;
  client.query = function (...given) {
    count++;
    return query.apply(this, given);
  };
  try {
    return [await office(a).rule(rule), count];
  } finally {
    client.query = query;
  }
}

it('explains 100,000 locks in as many statements as 100, with an answer of the same size', async () => {
  const small = await ruleOf(SMALL);
  const large = await ruleOf(LARGE);
  const [few, statements] = await counting(small);
  const began = performance.now();
  const [many, same] = await counting(large);
  const milliseconds = performance.now() - began;
  expect(same).toBe(statements);
  expect(many.groups.length).toBe(few.groups.length);
  const open = many.groups.reduce((sum, group) => sum + group.files, 0n);
  expect(open + (many.facts['locks_ok'] as bigint)).toBe(BigInt(LARGE));
  const plain = (_key: string, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value;
  expect(JSON.stringify(many, plain).length).toBeLessThan(40_000);
  // Generous: other work may go on beside it.
  expect(milliseconds).toBeLessThan(10_000);
}, 120_000);
