import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { judgeCleaner } from '../../../src/daemons/judge/cleaner.js';
import { judgeEvaluator } from '../../../src/daemons/judge/evaluator.js';
import { judgeInjector } from '../../../src/daemons/judge/injector.js';
import { judgeRepairer } from '../../../src/daemons/judge/repairer.js';
import { setLocalLimit } from '../../../src/accounts/index.js';
import { execute, rows, sql } from '../../../src/db/index.js';
import { detachDids } from '../../../src/dids/index.js';
import { changeRule, findRule, rulesTerms } from '../../../src/rules/index.js';
import { RuleGrouping, RuleState } from '../../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { type Court, court } from '../../support/judge.js';

let base: TestDatabase;
let a: Court;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  await a.rse('A-DISK');
  await a.rse('B-DISK');
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const evaluate = () => a.shift(judgeEvaluator(a.config));
const detach = (parent: string, ...children: string[]) =>
  base.db.tx((tx) =>
    detachDids(
      tx,
      { scope: a.scope, name: parent },
      children.map((name) => ({ scope: a.scope, name })),
    ),
  );
const guards = () =>
  base.db.read(async (tx) =>
    (
      await rows<{ text: string }>(
        tx,
        sql`SELECT d.name || ' ' || g.cause AS text FROM guarded_copies g JOIN dids d ON d.id = g.did_id`,
      )
    ).map(({ text }) => text),
  );

describe('the evaluator', () => {
  it('gives new files the locks of rules on their dataset and above it, where the rest is', async () => {
    await a.container('all');
    await a.dataset('run');
    await a.attach('all', 'run');
    await a.data('run', ['f1'], 'A-DISK');
    await evaluate();
    const onRun = await a.rule('run', { rseExpression: 'A-DISK|B-DISK' });
    const onAll = await a.rule('all', { rseExpression: 'B-DISK' });

    await a.data('run', ['f2'], 'B-DISK');
    expect(await evaluate()).toEqual({ seen: 1, done: 1, failed: 0, more: false });

    expect(await a.locks(onRun.id)).toEqual(['f1@A-DISK O', 'f2@A-DISK R']);
    expect(await a.locks(onAll.id)).toEqual(['f1@B-DISK R', 'f2@B-DISK O']);
    expect(await evaluate()).toEqual({ seen: 0, done: 0, failed: 0, more: false });
  });

  it('reaches the files of a dataset that comes into a container', async () => {
    await a.container('all');
    const { id } = await a.rule('all', { rseExpression: 'A-DISK', grouping: RuleGrouping.ALL });
    await a.dataset('run');
    await a.data('run', ['f1', 'f2'], 'A-DISK');
    await a.attach('all', 'run');
    await evaluate();
    expect(await a.locks(id)).toEqual(['f1@A-DISK O', 'f2@A-DISK O']);
    expect((await evaluate()).seen).toBe(0);
  });

  it('changes nothing when it looks at a dataset twice', async () => {
    await a.dataset('run');
    await a.data('run', ['f1'], 'A-DISK');
    await a.rule('run', { rseExpression: 'B-DISK' });
    const before = [await a.locks(), await a.replicas(), await a.usage()];
    expect((await evaluate()).seen).toBe(1);
    expect([await a.locks(), await a.replicas(), await a.usage()]).toEqual(before);
  });

  it('works in slices where a dataset is large', async () => {
    await a.dataset('run');
    const { id } = await a.rule('run', { rseExpression: 'A-DISK' });
    const names = Array.from({ length: 25 }, (_, n) => `f${n}`);
    await a.data('run', names, 'A-DISK');
    const config = { ...a.config, rules: { ...a.config.rules, sliceLocks: 10 } };
    expect(await a.shift(judgeEvaluator(config))).toMatchObject({ seen: 3, more: false });
    expect(await a.locks(id)).toHaveLength(25);
  });

  it('takes the locks off files that left, and remembers that nobody asked for that', async () => {
    await a.dataset('run');
    await a.data('run', ['f1', 'f2'], 'A-DISK');
    await evaluate();
    const { id } = await a.rule('run', { rseExpression: 'A-DISK|B-DISK', copies: 2 });
    await detach('run', 'f2');
    await evaluate();
    expect(await a.locks(id)).toEqual(['f1@A-DISK O', 'f1@B-DISK R']);
    // The copy that was still to be made is not wanted any more; the one that is there may go.
    expect(await a.requests()).toEqual(['f1@B-DISK Q']);
    expect(await a.replicas()).toEqual([
      'f1@A-DISK A 1',
      'f1@B-DISK C 1',
      'f2@A-DISK A 0',
      'f2@B-DISK U 0',
    ]);
    expect(await guards()).toEqual(['f2 detach']);
    expect(await evaluate()).toEqual({ seen: 0, done: 0, failed: 0, more: false });
  });

  it('keeps the locks of files that the rule reaches by another way', async () => {
    await a.container('all');
    for (const run of ['run1', 'run2']) await a.dataset(run);
    await a.attach('all', 'run1', 'run2');
    await a.data('run1', ['f1', 'f2'], 'A-DISK');
    await a.attach('run2', 'f2');
    await evaluate();
    const { id } = await a.rule('all', { rseExpression: 'A-DISK', grouping: RuleGrouping.ALL });
    await detach('run1', 'f1', 'f2');
    await evaluate();
    expect(await a.locks(id)).toEqual(['f2@A-DISK O']);
    await detach('all', 'run2');
    await evaluate();
    expect(await a.locks(id)).toEqual([]);
  });

  it('the guard of a copy ends with the rule that held it since, which was to end', async () => {
    await a.dataset('run');
    await a.data('run', ['f1'], 'A-DISK');
    await evaluate();
    await a.rule('run', { rseExpression: 'A-DISK' });
    await detach('run', 'f1');
    await evaluate();
    expect(await guards()).toEqual(['f1 detach']);
    await a.rule('f1', { rseExpression: 'A-DISK', lifetime: 0 });
    expect(await guards()).toEqual(['f1 detach']);
    await a.shift(judgeCleaner(a.config));
    expect(await guards()).toEqual([]);
  });

  it('what a copy was to be made from is guarded when its file leaves', async () => {
    await a.dataset('run');
    await a.data('run', ['f1'], 'A-DISK');
    await evaluate();
    await a.rule('run', { rseExpression: 'A-DISK', lifetime: 0, purgeReplicas: true });
    await a.rule('run', { rseExpression: 'B-DISK' });
    await a.shift(judgeCleaner(a.config));
    expect(await guards()).toEqual([]);
    await detach('run', 'f1');
    await evaluate();
    expect(await a.replicas()).toEqual(['f1@A-DISK A 0', 'f1@B-DISK U 0']);
    expect(await guards()).toEqual(['f1 detach']);
  });

  it('gives a rule that is to be split no lock, stuck or not: the rules of its datasets get them', async () => {
    await a.container('all');
    await a.dataset('run');
    await a.attach('all', 'run');
    const spec = { rseExpression: 'A-DISK', asynchronous: true, splitContainer: true };
    const { id, uid } = await a.rule('all', spec);
    await base.db.tx(async (tx) => {
      const rule = await findRule(tx, uid, 'wait');
      await changeRule(tx, rule, { state: RuleState.STUCK }, rulesTerms(a.config, a.now));
    });
    await a.data('run', ['f1'], 'A-DISK');
    await evaluate();
    expect(await a.locks(id)).toEqual([]);
    a.pass(7200);
    await a.shift(judgeRepairer(a.config));
    await a.shift(judgeInjector(a.config));
    expect(await a.locks()).toEqual(['f1@A-DISK O']);
    expect(await a.locks(id)).toEqual([]);
  });

  it('follows a dataset whose rule would have split a container', async () => {
    await a.dataset('run');
    await a.rule('run', { rseExpression: 'A-DISK', splitContainer: true });
    await a.data('run', ['f1'], 'A-DISK');
    await evaluate();
    expect(await a.locks()).toEqual(['f1@A-DISK O']);
  });

  it('leaves rules that are suspended or wait for approval alone', async () => {
    await a.dataset('run');
    const waiting = await a.rule('run', { rseExpression: 'A-DISK', askApproval: true });
    const resting = await a.rule('run', { rseExpression: 'B-DISK' });
    await base.db.tx((tx) =>
      execute(tx, sql`UPDATE rules SET state = 'U' WHERE id = ${resting.id}`),
    );
    await a.data('run', ['f1'], 'A-DISK');
    await evaluate();
    expect(await a.locks(waiting.id)).toEqual([]);
    expect(await a.locks(resting.id)).toEqual([]);
  });

  it('a rule that has no room for new files is stuck with the reason, and placed when there is room', async () => {
    await a.dataset('run');
    const limited = await a.rse('C-DISK', { limit: 150n });
    await a.data('run', ['f1'], 'A-DISK');
    await evaluate();
    const { id } = await a.rule('run', { rseExpression: 'C-DISK' });
    await a.data('run', ['f2'], 'A-DISK');
    expect(await evaluate()).toMatchObject({ seen: 1, failed: 1 });
    expect(await a.ruleRow(id)).toMatchObject({
      state: 'S',
      error: expect.stringContaining('insufficient quota'),
    });

    await base.db.tx((tx) => setLocalLimit(tx, a.accountId, { rseId: limited, bytes: 1000n }));
    a.pass(a.config.rules.lockRetrySeconds);
    await a.shift(judgeRepairer(a.config));
    await a.shift(judgeInjector(a.config));
    expect(await a.locks(id)).toEqual(['f1@C-DISK R', 'f2@C-DISK R']);
    expect(await a.ruleRow(id)).toMatchObject({ state: 'R', error: null });
  });
});
