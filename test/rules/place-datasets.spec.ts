import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { setLocalLimit } from '../../src/accounts/index.js';
import { rows, sql, type Sql, type Tx } from '../../src/db/index.js';
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
  for (const name of ['run1', 'run2', 'run3', 'empty', 'shared1', 'shared2']) await a.dataset(name);
  for (const name of ['year', 'nothing']) await a.container(name);
  await a.data('run1', ['f1', 'f2'], 'A-DISK');
  await a.data('run2', ['f3'], 'B-DISK');
  await a.copies('C-DISK', ['f3'], ReplicaState.UNAVAILABLE);
  await a.data('run3', ['f4', 'f5']);
  await a.copies('A-DISK', ['s1', 's2', 's3']);
  await a.attach('shared1', 's1', 's2');
  await a.attach('shared2', 's2', 's3');
  await a.attach('year', 'run2');
});
afterAll(() => base.close());

/** All that rules came to, without ids; or who refuses. Nothing of it stays. */
async function outcome(work: (tx: Tx) => Promise<void>): Promise<unknown> {
  const found = await undone(base.db, async (tx) => {
    await work(tx);
    const all = async (statement: Sql) => await rows(tx, statement);
    return [
      await all(sql`SELECT l.did_id, rse_id, r.did_id AS rule, l.bytes, l.state
                        FROM locks l JOIN rules r ON r.id = l.rule_id ORDER BY 1, 2, 3`),
      await all(sql`SELECT did_id, rse_id, state, lock_cnt FROM replicas ORDER BY 1, 2`),
      await all(sql`SELECT did_id, rse_id, state, bytes FROM requests ORDER BY 1, 2`),
      await all(sql`SELECT did_id, state, locks_ok, locks_replicating, locks_stuck, error, inject_at,
                        placement -> 'rses' AS rses FROM rules ORDER BY did_id`),
      await all(sql`SELECT did_id, rse_id, cause FROM stuck_locks ORDER BY 1, 2, rule_id`),
      await all(sql`SELECT rse_id, sum(files)::int, sum(bytes)::int
                        FROM account_usage_deltas GROUP BY 1 ORDER BY 1`),
      await all(sql`SELECT rse_id, sum(files)::int, sum(bytes)::int
                        FROM rse_usage_deltas GROUP BY 1 ORDER BY 1`),
    ];
  });
  return found instanceof Error ? `${found.name}: ${found.message}` : found;
}

interface Wanted {
  readonly names: readonly string[];
  readonly copies: number;
  readonly grouping: RuleGrouping;
  readonly quota: readonly number[];
  readonly space: readonly number[];
}

async function ruleOn(tx: Tx, names: readonly string[], { copies, grouping }: Wanted) {
  const dids = names.map((name) => ({ scope: a.scope, name }));
  const spec = { dids, accountId: a.accountId, copies, rseExpression: '*', activity: 0, grouping };
  await addRules(tx, { ...spec, notification: RuleNotification.NO }, rulesTerms(a.config, START));
}

/** The rules of one request, or of a request for each DID. */
const rulesOn = (wanted: Wanted, inOne: boolean) =>
  outcome(async (tx) => {
    for (const [at, rseId] of rses.entries()) {
      await setLocalLimit(tx, a.accountId, { rseId, bytes: BigInt(wanted.quota[at] ?? -1) });
      const value = BigInt(wanted.space[at] ?? 0);
      await setRseLimit(tx, rseId, { name: 'MaxSpaceAvailable', value });
    }
    for (const asked of inOne ? [wanted.names] : wanted.names.map((name) => [name])) {
      await ruleOn(tx, asked, wanted);
    }
  });

const three = (of: fc.Arbitrary<number>) => fc.array(of, { minLength: 3, maxLength: 3 });
const wish = (names: readonly string[]): fc.Arbitrary<Wanted> =>
  fc.record({
    names: fc.shuffledSubarray([...names], { minLength: 2 }),
    copies: fc.constantFrom(1, 1, 2),
    grouping: fc.constantFrom(...Object.values(RuleGrouping)),
    quota: three(fc.constantFrom(-1, 150, 250, 450, 1000)),
    space: three(fc.constantFrom(150, 250, 450, 650, 10_000)),
  });

describe('rules on datasets and containers', () => {
  it('come to the same in one request as in one each, whatever room there is', async () => {
    const names = ['run1', 'run2', 'run3', 'empty', 'nothing', 'f6'];
    await a.files('f6');
    let placed = 0;
    await fc.assert(
      fc.asyncProperty(wish(names), async (wanted) => {
        const together = await rulesOn(wanted, true);
        if (typeof together !== 'string') placed += 1;
        expect(together).toEqual(await rulesOn(wanted, false));
      }),
      { numRuns: 50 },
    );
    expect(placed).toBeGreaterThan(8);
  });

  it('hold a file once for each dataset that it is in', async () => {
    const names = ['shared1', 'shared2', 'year', 'run2'];
    const wanted = { names, copies: 3, grouping: RuleGrouping.DATASET, quota: [], space: [] };
    await a.db.tx((tx) => ruleOn(tx, names, { ...wanted }));
    await a.audit();
    const copies = await a.replicas();
    expect(copies.filter((text) => text.startsWith('s'))).toEqual([
      's1@A-DISK A 1',
      's1@B-DISK C 1',
      's1@C-DISK C 1',
      's2@A-DISK A 2',
      's2@B-DISK C 2',
      's2@C-DISK C 2',
      's3@A-DISK A 1',
      's3@B-DISK C 1',
      's3@C-DISK C 1',
    ]);
    expect(await a.requests()).toEqual(
      expect.arrayContaining(['s2@B-DISK Q', 's2@C-DISK Q', 'f3@A-DISK Q', 'f3@C-DISK Q']),
    );
  });
});
