import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { reconcilersOf } from '../../src/daemons/index.js';
import { type Reconciler } from '../../src/daemons/runtime/index.js';
import { execute, type Sql, sql } from '../../src/db/index.js';
import { detachDids } from '../../src/dids/index.js';
import { checks, doctorTerms, lookOver } from '../../src/doctor/index.js';
import { changeRule, deleteRule, findRule, moveRule, rulesTerms } from '../../src/rules/index.js';
import { openStorages } from '../../src/storages.js';
import { RuleGrouping } from '../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Court, court } from '../support/judge.js';

let base: TestDatabase;
let a: Court;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  for (const name of ['A-DISK', 'B-DISK', 'C-DISK']) await a.rse(name);
  await a.dataset('run');
  await a.container('period');
  await a.attach('period', 'run');
});
afterEach(() => base.close());

const write = (statement: Sql) => base.db.tx((tx) => execute(tx, statement));
const ROUNDS = 30;
const DAEMONS = [
  'judge-evaluator',
  'judge-injector',
  'judge-cleaner',
  'judge-repairer',
  'conveyor-finisher',
  'abacus',
] as const;

/** What clients do, one thing after the other: every verb some ten times. */
async function client(): Promise<void> {
  const uids: string[] = [];
  const held = (at: number, work: (uid: string) => Promise<unknown>) => {
    const uid = uids[at % Math.max(1, uids.length)];
    // It may be gone, or have a child: that is no business of this story.
    return uid === undefined ? undefined : work(uid).catch(() => undefined);
  };
  for (let n = 0; n < ROUNDS; n++) {
    const names = [1, 2, 3].map((i) => `f${n}-${i}`);
    await a.copies('A-DISK', names);
    await a.attach('run', ...names);
    const grouping = [RuleGrouping.NONE, RuleGrouping.DATASET, RuleGrouping.ALL][n % 3] ?? 'N';
    const expression = ['B-DISK', 'A-DISK|B-DISK', 'A-DISK|B-DISK|C-DISK'][n % 3] ?? '*';
    const did = n % 2 === 0 ? 'run' : 'period';
    const asynchronous = n % 4 === 0;
    const wish = { rseExpression: expression, grouping, asynchronous, copies: 1, comment: `${n}` };
    await a.rule(did, wish).then(
      ({ uid }) => uids.push(uid),
      () => undefined,
    );
    const terms = rulesTerms(a.config, a.now);
    await held(n * 7, (uid) =>
      base.db.tx(async (tx) => {
        const rule = await findRule(tx, uid, 'wait');
        if (n % 3 === 0) await deleteRule(tx, rule, { now: a.now, deleteGraceSeconds: 0 });
        else if (n % 3 === 1) await changeRule(tx, rule, { boost: true, priority: n % 5 }, terms);
        else await moveRule(tx, rule, { rseExpression: 'C-DISK', override: {} }, terms);
      }),
    );
    if (n % 5 === 4) {
      await base.db.tx((tx) =>
        detachDids(tx, { scope: a.scope, name: 'run' }, [{ scope: a.scope, name: `f${n}-1` }]),
      );
    }
  }
}

/** Transfers end, well or not, whoever asked for them. */
async function transfers(): Promise<void> {
  await write(sql`UPDATE requests SET state = CASE WHEN id % 4 = 0 THEN 'F'::"char" ELSE 'D'::"char" END,
      cause = CASE WHEN id % 4 = 0 THEN 'DEST_FULL' END, finished_at = now(), submitted_at = now()
    WHERE id IN (SELECT id FROM requests WHERE state IN ('Q', 'W') ORDER BY id LIMIT 10 FOR UPDATE SKIP LOCKED)`);
}

it('beside live work the doctor gives no false alarm, and mends nothing', async () => {
  const config = { ...a.config, rules: { ...a.config.rules, sliceLocks: 5, lockRetrySeconds: 0 } };
  const reconcilers: readonly Reconciler[] = reconcilersOf(DAEMONS, {
    config,
    storages: openStorages(base.db, config),
  });
  let working = true;
  const alarms: string[] = [];
  let looks = 0;
  const forever = async (work: () => Promise<unknown>) => {
    while (working) await work();
  };
  const look = async (repair: boolean) => {
    for (const check of checks) {
      const terms = { ...doctorTerms(config, a.now), sliceRows: 10, repair, clock: () => a.now };
      const { found, examples } = await lookOver(base.db, check, terms);
      looks++;
      if (found > 0) alarms.push(`${check.name}: ${examples[0]?.subject}: ${examples[0]?.fact}`);
    }
  };
  const shift = async () => {
    a.pass(30);
    for (const reconciler of reconcilers) await a.shift(reconciler, 20);
  };
  await Promise.all([
    client().finally(() => (working = false)),
    forever(shift),
    forever(transfers),
    forever(() => look(false)),
    forever(() => look(true)),
  ]);
  expect(alarms).toEqual([]);
  expect(looks).toBeGreaterThan(checks.length);
  await look(false);
  expect(alarms).toEqual([]);
}, 120_000);
