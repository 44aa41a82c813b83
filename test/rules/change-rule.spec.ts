import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { judgeCleaner } from '../../src/daemons/judge/cleaner.js';
import { judgeRepairer } from '../../src/daemons/judge/repairer.js';
import { execute, rows, sql, type Sql } from '../../src/db/index.js';
import {
  type AddedRule,
  changeRule,
  deleteRule,
  findRule,
  reduceRule,
  type RuleChange,
  rulesTerms,
} from '../../src/rules/index.js';
import { activityIndex, RseType, RuleState } from '../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Court, court } from '../support/judge.js';

let base: TestDatabase;
let a: Court;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  for (const name of ['A-DISK', 'B-DISK', 'C-DISK']) await a.rse(name);
  await a.dataset('run');
  await a.data('run', ['f1', 'f2'], 'A-DISK');
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const change = ({ uid }: AddedRule, wish: RuleChange) =>
  base.db.tx(async (tx) =>
    changeRule(tx, await findRule(tx, uid, 'wait'), wish, rulesTerms(a.config, a.now)),
  );
const remove = ({ uid }: AddedRule, purge?: boolean) =>
  base.db.tx(async (tx) =>
    deleteRule(tx, await findRule(tx, uid, 'wait'), {
      now: a.now,
      deleteGraceSeconds: 0,
      ...(purge !== undefined && { purge }),
    }),
  );
const texts = (statement: Sql) =>
  base.db.read(async (tx) => (await rows<{ text: string }>(tx, statement)).map(({ text }) => text));
const urgencies = () =>
  texts(sql`SELECT d.name || ' ' || q.priority || ' ' || q.activity || ' ' || c.name AS text
              FROM requests q JOIN dids d ON d.id = q.did_id JOIN accounts c ON c.id = q.account_id
             ORDER BY 1`);

describe('a changed priority, activity or account', () => {
  it('is that of the requests too, of those under way as well', async () => {
    const rule = await a.rule('run', { rseExpression: 'B-DISK' });
    await base.db.tx((tx) =>
      execute(
        tx,
        sql`UPDATE requests SET state = 'S', claimed_by = 'somebody'
             WHERE did_id = (SELECT id FROM dids WHERE name = 'f1')`,
      ),
    );
    const debug = activityIndex('Debug');
    await change(rule, { priority: 5, activity: debug });
    expect(await urgencies()).toEqual([`f1 5 ${debug} shore`, `f2 5 ${debug} shore`]);
    await change(rule, { accountId: await a.account('analysis') });
    expect(await urgencies()).toEqual([`f1 5 ${debug} analysis`, `f2 5 ${debug} analysis`]);
    expect(
      await texts(sql`SELECT c.name || ' ' || sum(u.bytes) AS text
                        FROM account_usage_deltas u JOIN accounts c ON c.id = u.account_id
                       GROUP BY c.name ORDER BY 1`),
    ).toEqual(['analysis 200', 'shore 0']);
  });

  it('hurries a copy that is shared with another rule, and never slows it down', async () => {
    await a.rule('run', { rseExpression: 'B-DISK', priority: 4 });
    const second = await a.rule('f1', { rseExpression: 'B-DISK' });
    await change(second, { priority: 1, activity: activityIndex('Debug') });
    expect(await urgencies()).toEqual(['f1 4 0 shore', 'f2 4 0 shore']);
    await change(second, { priority: 9 });
    expect(await urgencies()).toEqual(['f1 9 0 shore', 'f2 4 0 shore']);
  });

  it('refuses an account that has the same rule', async () => {
    const rule = await a.rule('run', { rseExpression: 'A-DISK' });
    const accountId = await a.account('analysis');
    await a.rule('run', { rseExpression: 'A-DISK', accountId, ignoreAccountLimit: true });
    await expect(change(rule, { accountId })).rejects.toMatchObject({ name: 'DuplicateRule' });
  });
});

describe('a source expression', () => {
  it('must name RSEs', async () => {
    const rule = await a.rule('run', { rseExpression: 'B-DISK' });
    for (const sourceReplicaExpression of ['tier==1', 'NO-SUCH-DISK']) {
      await expect(change(rule, { sourceReplicaExpression })).rejects.toMatchObject({
        name: 'InvalidSourceReplicaExpression',
      });
    }
  });

  it('that was wrong is mended without waiting for the next try', async () => {
    const rule = await a.rule('run', {
      rseExpression: 'B-DISK',
      sourceReplicaExpression: 'C-DISK',
    });
    await a.shift(judgeRepairer(a.config));
    expect(await a.locks()).toEqual(['f1@B-DISK S', 'f2@B-DISK S']);
    await change(rule, { sourceReplicaExpression: 'A-DISK' });
    await a.shift(judgeRepairer(a.config));
    expect(await a.locks()).toEqual(['f1@B-DISK R', 'f2@B-DISK R']);
    expect(await a.requests()).toEqual(['f1@B-DISK Q', 'f2@B-DISK Q']);
  });
});

describe('a locked rule', () => {
  it('is not deleted; unlocked it is', async () => {
    const rule = await a.rule('run', { rseExpression: 'A-DISK' });
    await change(rule, { locked: true, lifetime: 0 });
    await expect(remove(rule)).rejects.toMatchObject({ name: 'UnsupportedOperation' });
    await a.shift(judgeCleaner(a.config));
    expect(await a.locks()).toHaveLength(2);
    await change(rule, { locked: false });
    await remove(rule);
    await a.shift(judgeCleaner(a.config));
    expect(await a.locks()).toEqual([]);
  });

  it('is not reduced; unlocked it is', async () => {
    await a.copies('B-DISK', ['f1', 'f2']);
    const rule = await a.rule('run', { rseExpression: 'A-DISK|B-DISK', copies: 2, locked: true });
    const reduce = () =>
      base.db.tx(async (tx) =>
        reduceRule(
          tx,
          await findRule(tx, rule.uid, 'wait'),
          { copies: 1, exclude: null },
          rulesTerms(a.config, a.now),
        ),
      );
    await expect(reduce()).rejects.toMatchObject({ name: 'UnsupportedOperation' });
    await change(rule, { locked: false });
    await reduce();
    await a.shift(judgeCleaner(a.config));
    expect(await a.locks()).toHaveLength(2);
  });

  it('is what a rule for ever on tape is, and can be unlocked', async () => {
    await a.rse('D-TAPE', { type: RseType.TAPE });
    const rule = await a.rule('run', { rseExpression: 'D-TAPE' });
    await expect(remove(rule)).rejects.toMatchObject({ name: 'UnsupportedOperation' });
    await change(rule, { locked: false });
    await remove(rule);
    const timed = await a.rule('f1', { rseExpression: 'D-TAPE', lifetime: 60 });
    await remove(timed);
  });
});

describe('what deleting a rule does to its copies', () => {
  const due = () =>
    texts(sql`SELECT DISTINCT (tombstone = timestamptz 'epoch')::text AS text FROM replicas`);

  it.each([
    [false, true, 'true'],
    [true, false, 'false'],
    [true, undefined, 'true'],
  ])(
    'the rule purges: %s, the deletion says: %s; due at once: %s',
    async (purgeReplicas, said, atOnce) => {
      const rule = await a.rule('run', { rseExpression: 'A-DISK', purgeReplicas });
      await remove(rule, said);
      await a.shift(judgeCleaner(a.config));
      expect(await due()).toEqual([atOnce]);
    },
  );
});

describe('a rule that is set stuck', () => {
  it('is hurried by a boost', async () => {
    const rule = await a.rule('run', { rseExpression: 'B-DISK' });
    await change(rule, { state: RuleState.STUCK });
    await a.shift(judgeRepairer(a.config));
    expect((await a.ruleRow(rule.id)).state).toBe('S');
    await change(rule, { boost: true });
    await a.shift(judgeRepairer(a.config));
    expect((await a.ruleRow(rule.id)).state).toBe('R');
  });

  it('with its requests cancelled takes every rule on those copies along', async () => {
    const rule = await a.rule('run', { rseExpression: 'B-DISK' });
    const other = await a.rule('f1', { rseExpression: 'B-DISK' });
    await change(rule, { state: RuleState.SUSPENDED, cancelRequests: true });
    expect(await a.requests()).toEqual([]);
    expect(await a.ruleRow(rule.id)).toMatchObject({ state: 'U', stuck: 2 });
    expect(await a.ruleRow(other.id)).toMatchObject({ state: 'S', stuck: 1 });
    a.pass(86_400);
    await a.shift(judgeRepairer(a.config));
    expect((await a.ruleRow(rule.id)).state).toBe('U');
  });
});
