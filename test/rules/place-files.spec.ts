import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { setLocalLimit } from '../../src/accounts/index.js';
import { rows, sql, type Tx } from '../../src/db/index.js';
import { addRules, rulesTerms } from '../../src/rules/index.js';
import { setRseLimit } from '../../src/rses/index.js';
import { ReplicaState, RuleGrouping, RuleNotification } from '../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Court, court, START } from '../support/judge.js';
import { undone } from '../support/undone.js';

let base: TestDatabase;
let a: Court;
let rses: number[];
beforeAll(async () => {
  base = await testDatabase();
  a = await court(base.db);
  rses = [await a.rse('A-DISK'), await a.rse('B-DISK'), await a.rse('C-DISK')];
  await a.dataset('run');
  await a.data('run', ['f1', 'f2'], 'A-DISK');
  await a.copies('B-DISK', ['f2', 'f3']);
  await a.copies('C-DISK', ['f4'], ReplicaState.UNAVAILABLE);
  await a.files('f5', 'f6');
});
afterAll(() => base.close());

/** All that rules came to, without ids; or who refuses. Nothing of it stays. */
async function outcome(work: (tx: Tx) => Promise<void>): Promise<unknown> {
  const found = await undone(base.db, async (tx) => {
    await work(tx);
    return [
      await rows(tx, sql`SELECT did_id, rse_id, bytes, state FROM locks ORDER BY 1, 2`),
      await rows(tx, sql`SELECT did_id, rse_id, state, lock_cnt FROM replicas ORDER BY 1, 2`),
      await rows(tx, sql`SELECT did_id, rse_id, state, bytes FROM requests ORDER BY 1, 2`),
      await rows(
        tx,
        sql`SELECT did_id, state, locks_ok, locks_replicating, locks_stuck, error,
                             repair_at, stuck_at, inject_at FROM rules ORDER BY did_id`,
      ),
      await rows(tx, sql`SELECT did_id, rse_id, cause FROM stuck_locks ORDER BY 1, 2`),
      await rows(
        tx,
        sql`SELECT rse_id, sum(files)::int, sum(bytes)::int
                             FROM account_usage_deltas GROUP BY 1 ORDER BY 1`,
      ),
      await rows(
        tx,
        sql`SELECT rse_id, sum(files)::int, sum(bytes)::int
                             FROM rse_usage_deltas GROUP BY 1 ORDER BY 1`,
      ),
    ];
  });
  return found instanceof Error ? `${found.name}: ${found.message}` : found;
}

interface Wanted {
  readonly names: readonly string[];
  readonly copies: number;
  readonly quota: readonly number[];
  readonly space: readonly number[];
}

/** The rules of one request, or of a request for each DID. */
const rulesOn = ({ names, copies, quota, space }: Wanted, inOne: boolean) =>
  outcome(async (tx) => {
    for (const [at, rseId] of rses.entries()) {
      await setLocalLimit(tx, a.accountId, { rseId, bytes: BigInt(quota[at] ?? -1) });
      const value = BigInt(space[at] ?? 0);
      await setRseLimit(tx, rseId, { name: 'MaxSpaceAvailable', value });
    }
    const dids = names.map((name) => ({ scope: a.scope, name }));
    for (const asked of inOne ? [dids] : dids.map((did) => [did])) {
      const spec = { dids: asked, accountId: a.accountId, copies, rseExpression: '*', activity: 0 };
      const how = { grouping: RuleGrouping.DATASET, notification: RuleNotification.NO };
      await addRules(tx, { ...spec, ...how }, rulesTerms(a.config, START));
    }
  });

it('rules on files come to the same in one request as in one each, whatever room there is', async () => {
  const names = fc.shuffledSubarray(['f1', 'f2', 'run', 'f3', 'f4', 'f5', 'f6'], { minLength: 2 });
  const limit = fc.constantFrom(-1, 150, 250, 350, 1000);
  const room = fc.constantFrom(150, 250, 350, 450, 10_000);
  const three = (of: fc.Arbitrary<number>) => fc.array(of, { minLength: 3, maxLength: 3 });
  const wanted = fc.record({
    names,
    copies: fc.constantFrom(1, 1, 2),
    quota: three(limit),
    space: three(room),
  });
  let placed = 0;
  await fc.assert(
    fc.asyncProperty(wanted, async (wish) => {
      const together = await rulesOn(wish, true);
      if (typeof together !== 'string') placed += 1;
      expect(together).toEqual(await rulesOn(wish, false));
    }),
    { numRuns: 80 },
  );
  expect(placed).toBeGreaterThan(15);
});
