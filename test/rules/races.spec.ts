import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { judgeCleaner } from '../../src/daemons/judge/cleaner.js';
import { judgeEvaluator } from '../../src/daemons/judge/evaluator.js';
import { conveyorFinisher } from '../../src/daemons/conveyor/finisher.js';
import { execute, rows, sql, type Tx } from '../../src/db/index.js';
import { attachDids } from '../../src/dids/index.js';
import { letCopiesGo, makeAvailable } from '../../src/replicas/index.js';
import {
  addRules,
  confirmCopies,
  expireNext,
  injectNext,
  rulesTerms,
} from '../../src/rules/index.js';
import { RuleGrouping, RuleNotification } from '../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Court, court } from '../support/judge.js';
import { hold, someoneWaits } from '../support/sessions.js';

let base: TestDatabase;
let a: Court;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  await a.rse('A-DISK');
  await a.rse('B-DISK');
  await a.dataset('run');
  await a.data('run', ['f1', 'f2'], 'A-DISK');
});
afterEach(() => base.close());

/** A rule added inside the caller's transaction. */
const addRule = (tx: Tx, name: string, rseExpression: string) =>
  addRules(
    tx,
    {
      dids: [{ scope: a.scope, name }],
      accountId: a.accountId,
      copies: 1,
      rseExpression,
      grouping: RuleGrouping.DATASET,
      activity: 0,
      notification: RuleNotification.NO,
    },
    rulesTerms(a.config, a.now),
  );
const TOKEN = new Date('1970-01-21T00:00:00.001Z');
/** What a reaper's claim does to copies that are due (see deletion-claims.sql.ts). */
const claim = (tx: Tx) =>
  rows(
    tx,
    sql`WITH due AS MATERIALIZED (
          SELECT did_id, rse_id FROM replicas WHERE tombstone <= ${a.now} AND lock_cnt = 0
           ORDER BY tombstone LIMIT 10 FOR NO KEY UPDATE SKIP LOCKED)
        UPDATE replicas r SET state = 'B', tombstone = ${TOKEN} FROM due
         WHERE r.did_id = due.did_id AND r.rse_id = due.rse_id RETURNING r.did_id`,
  );
const makeDue = () =>
  base.db.tx((tx) => execute(tx, sql`UPDATE replicas SET tombstone = timestamptz 'epoch'`));
/** The first statement of the finisher over everything queued; the second is confirmCopies. */
const arrive = async (tx: Tx) => {
  const done = await rows<{ didId: bigint; rseId: number }>(
    tx,
    sql`DELETE FROM requests RETURNING did_id AS "didId", rse_id AS "rseId"`,
  );
  const pairs = sql`SELECT * FROM unnest(${done.map(({ didId }) => didId)}::bigint[],
    ${done.map(({ rseId }) => rseId)}::int[]) AS p(did_id, rse_id)`;
  await execute(tx, makeAvailable(pairs, a.now));
  return done;
};

describe('a rule and a reaper', () => {
  it('the rule waits for the claim, counts its lock, and asks for the copy to come back', async () => {
    await makeDue();
    const reaper = await hold(base.db, claim);
    const rule = base.db.tx((tx) => addRule(tx, 'run', 'A-DISK'));
    await someoneWaits(base.url);
    await reaper.release();
    await rule;
    expect(await a.replicas()).toEqual(['f1@A-DISK B 1', 'f2@A-DISK B 1']);
    expect(await a.locks()).toEqual(['f1@A-DISK R', 'f2@A-DISK R']);
    expect(await a.requests()).toEqual(['f1@A-DISK W', 'f2@A-DISK W']);
  });

  it('the claim passes over copies that a rule is locking, and finds them locked', async () => {
    await makeDue();
    const rule = await hold(base.db, (tx) => addRule(tx, 'run', 'A-DISK'));
    expect(await base.db.tx(claim)).toEqual([]);
    await rule.release();
    expect(await base.db.tx(claim)).toEqual([]);
    expect(await a.locks()).toEqual(['f1@A-DISK O', 'f2@A-DISK O']);
  });
});

describe('a rule and a guard', () => {
  it('a copy that was guarded while the rule waited for it is free when the rule ends', async () => {
    await a.copies('B-DISK', ['f1', 'f2']);
    const copies = sql`SELECT r.did_id, r.rse_id FROM replicas r JOIN rses e ON e.id = r.rse_id
                        WHERE e.name = 'A-DISK'`;
    const job = await hold(base.db, (tx) => letCopiesGo(tx, copies, 'drain'));
    const rule = a.rule('run', { rseExpression: 'A-DISK', lifetime: 0 });
    await someoneWaits(base.url);
    await job.release();
    await rule;
    await a.audit();
    await a.shift(judgeCleaner(a.config));
    expect(await base.db.read((tx) => execute(tx, sql`SELECT FROM guarded_copies`))).toBe(0);
    await a.audit();
  });
});

describe('two releases at once', () => {
  it('leave a tombstone: neither relies on seeing the locks of the other', async () => {
    await a.rule('run', { rseExpression: 'A-DISK', lifetime: 0 });
    await a.rule('run', { rseExpression: 'A-DISK&*', lifetime: 0 });
    const { sliceLocks, ...terms } = rulesTerms(a.config, a.now);
    const expire = (tx: Tx) => expireNext(tx, { ...terms, locksMax: sliceLocks });
    const first = await hold(base.db, expire);
    const second = base.db.tx(expire);
    await someoneWaits(base.url);
    await first.release();
    expect(await second).toMatchObject({ rules: 1, locks: 2 });
    expect(await a.replicas()).toEqual(['f1@A-DISK A 0', 'f2@A-DISK A 0']);
    expect(
      await base.db.read((tx) => execute(tx, sql`SELECT FROM replicas WHERE tombstone IS NULL`)),
    ).toBe(0);
    await a.audit();
  });

  it('of several rules each end what the other does not, and nothing twice', async () => {
    for (const more of ['', '&*', '|A-DISK', '|A-DISK&*']) {
      await a.rule('run', { rseExpression: `A-DISK${more}`, lifetime: 0 });
    }
    const { sliceLocks, ...terms } = rulesTerms(a.config, a.now);
    const expire = (tx: Tx) => expireNext(tx, { ...terms, locksMax: sliceLocks, rulesMax: 2 });
    const first = await hold(base.db, expire);
    const second = base.db.tx(expire);
    await someoneWaits(base.url);
    expect(await base.db.tx(expire)).toBeUndefined();
    await first.release();
    expect(await second).toEqual({ rules: 2, locks: 4, more: false });
    expect(await a.replicas()).toEqual(['f1@A-DISK A 0', 'f2@A-DISK A 0']);
    const ended = await base.db.read((tx) => execute(tx, sql`SELECT FROM rules_history`));
    expect([ended, await a.usage(), await a.locks()]).toEqual([4, [], []]);
    await a.audit();
  });
});

describe('a finisher and a new lock', () => {
  it('a lock added while the finisher waits for the copy is confirmed by its second statement', async () => {
    await a.rule('run', { rseExpression: 'B-DISK' });
    const rule = await hold(base.db, (tx) => addRule(tx, 'run', 'B-DISK&*'));
    const finisher = base.db.tx(async (tx) => confirmCopies(tx, await arrive(tx), a.now));
    await someoneWaits(base.url);
    await rule.release();
    expect(await finisher).toBe(4);
    expect(new Set((await a.locks()).map((lock) => lock.at(-1)))).toEqual(new Set(['O']));
    await a.audit();
  });

  it('a rule that waits for the finisher finds the copy there', async () => {
    await a.rule('run', { rseExpression: 'B-DISK' });
    const finisher = await hold(base.db, async (tx) => confirmCopies(tx, await arrive(tx), a.now));
    const rule = base.db.tx((tx) => addRule(tx, 'run', 'B-DISK&*'));
    await someoneWaits(base.url);
    await finisher.release();
    await rule;
    expect(new Set((await a.locks()).map((lock) => lock.at(-1)))).toEqual(new Set(['O']));
    expect(await a.requests()).toEqual([]);
    await a.audit();
  });

  it('a release and the real finisher on the same copies end with no lock, no request, a tombstone', async () => {
    await a.rule('run', { rseExpression: 'B-DISK', lifetime: 0 });
    await base.db.tx((tx) => execute(tx, sql`UPDATE requests SET state = 'D'`));
    await Promise.all([a.shift(judgeCleaner(a.config)), a.shift(conveyorFinisher(a.config))]);
    await a.shift(conveyorFinisher(a.config));
    expect(await a.requests()).toEqual([]);
    expect(
      await base.db.read((tx) =>
        execute(
          tx,
          sql`SELECT FROM replicas r JOIN rses e ON e.id = r.rse_id
               WHERE e.name = 'B-DISK' AND tombstone IS NULL`,
        ),
      ),
    ).toBe(0);
    await a.audit();
  });
});

describe('a rule and a change of content', () => {
  it('a file attached while the rule is being added gets its lock', async () => {
    await a.shift(judgeEvaluator(a.config));
    await a.copies('A-DISK', ['f3']);
    const rule = await hold(base.db, (tx) => addRule(tx, 'run', 'A-DISK'));
    await base.db.tx((tx) =>
      attachDids(tx, { scope: a.scope, name: 'run' }, [{ scope: a.scope, name: 'f3' }]),
    );
    const evaluation = a.shift(judgeEvaluator(a.config));
    await someoneWaits(base.url);
    await rule.release();
    await evaluation;
    expect(await a.locks()).toEqual(['f1@A-DISK O', 'f2@A-DISK O', 'f3@A-DISK O']);
    await a.audit();
  });

  it('a file attached while the injector places the rule gets its lock', async () => {
    await a.shift(judgeEvaluator(a.config));
    await a.copies('A-DISK', ['f3']);
    await a.rule('run', { rseExpression: 'A-DISK', asynchronous: true });
    const terms = rulesTerms(a.config, a.now);
    const slice = await hold(base.db, (tx) => injectNext(tx, terms));
    await base.db.tx((tx) =>
      attachDids(tx, { scope: a.scope, name: 'run' }, [{ scope: a.scope, name: 'f3' }]),
    );
    const evaluation = a.shift(judgeEvaluator(a.config));
    await someoneWaits(base.url);
    await slice.release();
    await evaluation;
    expect(await a.locks()).toEqual(['f1@A-DISK O', 'f2@A-DISK O', 'f3@A-DISK O']);
    await a.audit();
  });

  it('several evaluators at once do each change once', async () => {
    await a.rule('run', { rseExpression: 'B-DISK' });
    for (const file of ['g1', 'g2', 'g3', 'g4', 'g5', 'g6']) await a.data('run', [file], 'A-DISK');
    const daemon = judgeEvaluator(a.config);
    await Promise.all([a.shift(daemon), a.shift(daemon), a.shift(daemon)]);
    expect((await a.shift(daemon)).seen).toBe(0);
    expect(await a.locks()).toHaveLength(8);
    await a.audit();
  });
});

describe('two rules and one quota', () => {
  it('do not both fit where there is room for one', async () => {
    await a.rse('C-DISK', { limit: 250n });
    const first = await hold(base.db, (tx) => addRule(tx, 'run', 'C-DISK'));
    const second = base.db.tx((tx) => addRule(tx, 'f1', 'C-DISK'));
    const refused = expect(second).rejects.toMatchObject({ name: 'InsufficientAccountLimit' });
    await someoneWaits(base.url);
    await first.release();
    await refused;
    await a.audit();
  });
});
