import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { judgeEvaluator } from '../../../src/daemons/judge/evaluator.js';
import { judgeInjector } from '../../../src/daemons/judge/injector.js';
import { sql } from '../../../src/db/index.js';
import { RuleGrouping } from '../../../src/vocabulary/index.js';
import { type TestDatabase } from '../../support/database.js';
import { type Court } from '../../support/judge.js';
import { threeDisks, type trials } from './trials.js';

let base: TestDatabase;
let a: Court;
let on: ReturnType<typeof trials>;
beforeEach(async () => {
  ({ base, a, on } = await threeDisks());
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

describe('locks and the content of a stuck rule', () => {
  const stuckRule = async (grouping: RuleGrouping) => {
    await a.data('run', ['f1', 'f2', 'f3'], 'A-DISK');
    await a.shift(judgeEvaluator(a.config));
    const { id } = await a.rule('run', { rseExpression: 'B-DISK|C-DISK', copies: 2, grouping });
    await on.fail('B-DISK', ['f1']);
    a.pass(7200);
    return id;
  };
  /** A lock vanishes as by somebody's hand. */
  const lose = (rse: string, name: string) =>
    on.write(sql`
      WITH gone AS (
        DELETE FROM locks l USING dids d, rses e
         WHERE d.id = l.did_id AND e.id = l.rse_id AND d.name = ${name} AND e.name = ${rse}
        RETURNING l.*),
      copies AS (UPDATE replicas r SET lock_cnt = lock_cnt - 1, state = 'U' FROM gone g
                  WHERE r.did_id = g.did_id AND r.rse_id = g.rse_id),
      asked AS (DELETE FROM requests q USING gone g WHERE q.did_id = g.did_id AND q.rse_id = g.rse_id),
      paid AS (INSERT INTO account_usage_deltas (account_id, rse_id, files, bytes)
               SELECT u.account_id, g.rse_id, -1, -g.bytes FROM gone g JOIN rules u ON u.id = g.rule_id)
      UPDATE rules u SET locks_replicating = locks_replicating - 1 FROM gone g WHERE u.id = g.rule_id`);

  it.each([RuleGrouping.DATASET, RuleGrouping.ALL, RuleGrouping.NONE])(
    'what is missing is made (%s)',
    async (grouping) => {
      const id = await stuckRule(grouping);
      await lose('B-DISK', 'f2');
      await lose('C-DISK', 'f3');
      expect(await a.locks(id)).toHaveLength(4);
      await on.repair();
      await a.shift(judgeInjector(a.config));
      expect(await on.places(id)).toEqual(
        ['f1', 'f2', 'f3'].flatMap((name) => [`${name}@B-DISK`, `${name}@C-DISK`]),
      );
      expect(await a.ruleRow(id)).toMatchObject({ state: 'R', replicating: 6, stuck: 0 });
    },
  );

  it('what lacks a lock that does not fit keeps its rule stuck, with the reason', async () => {
    await a.rse('D-DISK', { limit: 150n });
    await a.data('run', ['f1', 'f2'], 'A-DISK');
    const { id } = await a.rule('run', {
      rseExpression: 'C-DISK|D-DISK',
      copies: 1,
      grouping: RuleGrouping.NONE,
    });
    await on.fail('C-DISK', ['f1', 'f2']);
    await on.fail('D-DISK', ['f1', 'f2']);
    const [kept = ''] = await on.places(id);
    await on.write(
      sql`UPDATE account_limits SET bytes = 0 WHERE rse_id IN (SELECT id FROM rses WHERE name IN ('C-DISK', 'D-DISK'))`,
    );
    await on.write(
      sql`UPDATE replicas SET lock_cnt = 0 WHERE lock_cnt > 0 AND did_id = (SELECT id FROM dids WHERE name = 'f2')`,
    );
    await on.write(sql`WITH gone AS (DELETE FROM locks WHERE did_id = (SELECT id FROM dids WHERE name = 'f2') RETURNING *),
      why AS (DELETE FROM stuck_locks WHERE did_id = (SELECT id FROM dids WHERE name = 'f2')),
      paid AS (INSERT INTO account_usage_deltas (account_id, rse_id, files, bytes)
               SELECT u.account_id, g.rse_id, -1, -g.bytes FROM gone g JOIN rules u ON u.id = g.rule_id)
      UPDATE rules SET locks_stuck = locks_stuck - 1`);
    a.pass(7200);
    await on.repair();
    expect(await on.places(id)).toEqual([kept]);
    expect(await a.ruleRow(id)).toMatchObject({
      state: 'S',
      error: expect.stringContaining('insufficient quota'),
    });
  });

  it('what does not fit is tried again in time, and not by repairer and injector by turns', async () => {
    await a.rse('D-DISK', { limit: 150n });
    await a.data('run', ['f1', 'f2'], 'A-DISK');
    await a.shift(judgeEvaluator(a.config));
    const { id } = await a.rule('run', { rseExpression: 'D-DISK', asynchronous: true });
    const turns = async () => {
      let seen = 0;
      for (let n = 0; n < 3; n++) {
        seen += (await a.shift(judgeInjector(a.config))).seen + (await on.repair()).seen;
      }
      return seen;
    };
    expect(await turns()).toBe(1);
    expect(await turns()).toBe(0);
    a.pass(7200);
    // Looked at, placed in vain, and left alone.
    expect(await turns()).toBe(2);
    expect(await turns()).toBe(0);
    await on.write(sql`UPDATE account_limits SET bytes = 1000`);
    a.pass(7200);
    await turns();
    expect(await a.ruleRow(id)).toMatchObject({ state: 'R', replicating: 2, error: null });
  });

  it('what holds a file that is not below the DID is released', async () => {
    const id = await stuckRule(RuleGrouping.DATASET);
    await on.write(
      sql`DELETE FROM contents WHERE child_id = (SELECT id FROM dids WHERE name = 'f3')`,
    );
    await on.repair();
    expect(await on.places(id)).toEqual(['f1@B-DISK', 'f1@C-DISK', 'f2@B-DISK', 'f2@C-DISK']);
  });

  it('what is beyond the copies is released, what holds least first', async () => {
    const id = await stuckRule(RuleGrouping.DATASET);
    await on.arrive('C-DISK', ['f1']);
    await on.write(sql`UPDATE rules SET copies = 1`);
    await on.repair();
    expect((await a.locks(id)).filter((lock) => lock.startsWith('f1'))).toEqual(['f1@C-DISK O']);
    expect(await a.locks(id)).toHaveLength(3);
  });
});
