import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { setLocalLimit } from '../../src/accounts/index.js';
import { rows, sql, type Tx } from '../../src/db/index.js';
import { addRules, injectNext, rulesTerms } from '../../src/rules/index.js';
import { RuleGrouping, RuleNotification } from '../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Court, court, START } from '../support/judge.js';
import { undone } from '../support/undone.js';

const DATASETS = 6;
const datasets = Array.from({ length: DATASETS }, (_, at) => `run${at}`);

let base: TestDatabase;
let a: Court;
let rses: number[];
beforeAll(async () => {
  base = await testDatabase();
  a = await court(base.db);
  rses = [await a.rse('A-DISK'), await a.rse('B-DISK'), await a.rse('C-DISK')];
  await a.container('year');
  for (const [at, name] of datasets.entries()) {
    await a.dataset(name);
    await a.data(name, [`f${at}`, `g${at}`], ...(at % 2 === 0 ? ['A-DISK'] : []));
    await a.attach('year', name);
  }
  await a.container('half');
  await a.attach('half', 'run2');
  await a.attach('year', 'half');
  await a.dataset('empty');
  await a.attach('year', 'empty');
});
afterAll(() => base.close());

interface Wanted {
  readonly grouping: RuleGrouping;
  readonly copies: number;
  /** Bytes that the account may put at B-DISK; null is as much as it likes. */
  readonly limit: bigint | null;
  readonly name?: string;
}

/** Where everything is in the end when slices are that large, or who refuses. Nothing of it stays. */
async function outcome(wanted: Wanted, sliceLocks: number, asynchronous: boolean) {
  const terms = { ...rulesTerms(a.config, START), sliceLocks };
  const found = await undone(base.db, async (tx) => {
    await place(tx, wanted, { terms, asynchronous });
    return [
      await rows(tx, sql`SELECT did_id, rse_id, bytes, state FROM locks ORDER BY 1, 2`),
      await rows(tx, sql`SELECT did_id, rse_id, state, lock_cnt FROM replicas ORDER BY 1, 2`),
      await rows(tx, sql`SELECT did_id, rse_id, state, bytes FROM requests ORDER BY 1, 2`),
      await rows(
        tx,
        sql`SELECT state, error, locks_ok, locks_replicating, locks_stuck, cursor_dataset,
                     placement -> 'rses' AS rses FROM rules`,
      ),
      await rows(
        tx,
        sql`SELECT rse_id, sum(files)::int, sum(bytes)::int
                FROM account_usage_deltas GROUP BY 1 ORDER BY 1`,
      ),
    ];
  });
  return found instanceof Error ? `${found.name}` : found;
}

async function place(
  tx: Tx,
  { grouping, copies, limit, name = 'year' }: Wanted,
  how: { readonly terms: ReturnType<typeof rulesTerms>; readonly asynchronous: boolean },
): Promise<void> {
  const { terms, asynchronous } = how;
  const { accountId, scope } = a;
  if (limit !== null) {
    await setLocalLimit(tx, accountId, { rseId: rses[1] ?? 0, bytes: limit });
  }
  const common = { rseExpression: '*', activity: 0, notification: RuleNotification.NO };
  const dids = [{ scope, name }];
  await addRules(tx, { ...common, dids, accountId, copies, grouping, asynchronous }, terms);
  for (let more = asynchronous; more;) {
    const slice = await injectNext(tx, terms);
    if (slice?.error) throw slice.error;
    more = slice !== undefined;
  }
}

const grouping = fc.constantFrom(RuleGrouping.DATASET, RuleGrouping.ALL, RuleGrouping.NONE);

describe('a rule over a container of small datasets', () => {
  it('places them together as it would one by one, at once and by the injector', async () => {
    const wanted = fc.record({
      grouping,
      copies: fc.integer({ min: 1, max: 3 }),
      limit: fc.constantFrom(null, 0n, 10_000n),
    });
    await fc.assert(
      fc.asyncProperty(wanted, fc.integer({ min: 2, max: 12 }), async (wish, slice) => {
        const oneByOne = await outcome(wish, 1, true);
        expect(await outcome(wish, 10_000, false)).toEqual(oneByOne);
        expect(await outcome(wish, 10_000, true)).toEqual(oneByOne);
        expect(await outcome(wish, slice, true)).toEqual(oneByOne);
      }),
      { numRuns: 25 },
    );
  });

  it('keeps each dataset whole, also where two have a file in common, and within the limit', async () => {
    await a.container('related');
    for (const name of ['left', 'right']) {
      await a.dataset(name);
      await a.attach('related', name);
      await a.data(name, [`${name}1`, `${name}2`]);
      await a.data(name, ['common']);
    }
    const wish = { grouping: RuleGrouping.DATASET, copies: 2, limit: 400n, name: 'related' };
    await base.db.tx(async (tx) => {
      await place(tx, wish, { terms: rulesTerms(a.config, START), asynchronous: false });
      const whole = await rows<{ rses: number; files: number; atB: number }>(
        tx,
        sql`SELECT count(*)::int AS rses, min(files)::int AS files,
                   sum(files) FILTER (WHERE rse_id = ${rses[1] ?? 0})::int AS "atB" FROM (
              SELECT c.parent_id, l.rse_id, count(*) AS files
                FROM locks l JOIN contents c ON c.child_id = l.did_id
                JOIN dids d ON d.id = c.parent_id
               WHERE d.name IN ('left', 'right') GROUP BY 1, 2) x WHERE files = 3 GROUP BY parent_id`,
      );
      expect(whole.map(({ rses: complete }) => complete)).toEqual([2, 2]);
      // Room for one of them there.
      expect(whole.filter(({ atB }) => atB > 0).length).toBeLessThanOrEqual(1);
    });
    await a.audit();
  });
});
