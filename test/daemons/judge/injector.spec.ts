import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { judgeEvaluator } from '../../../src/daemons/judge/evaluator.js';
import { judgeInjector } from '../../../src/daemons/judge/injector.js';
import { type Tx } from '../../../src/db/index.js';
import { injectNext, rulesTerms } from '../../../src/rules/index.js';
import { RuleGrouping } from '../../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { type Court, court } from '../../support/judge.js';
import { days, phase } from '../../support/phases.js';
import { hold } from '../../support/sessions.js';

let base: TestDatabase;
let a: Court;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  for (const name of ['A-DISK', 'B-DISK', 'C-DISK']) await a.rse(name);
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const inSlicesOf = (sliceLocks: number) => ({
  ...a.config,
  rules: { ...a.config.rules, sliceLocks },
});
const runs = async () => {
  await a.container('all');
  for (const run of ['run1', 'run2']) await a.dataset(run);
  await a.data('run1', ['f1', 'f2', 'f3'], 'A-DISK');
  await a.data('run2', ['f4', 'f5'], 'A-DISK');
  await a.attach('all', 'run1', 'run2');
  await a.shift(judgeEvaluator(a.config));
};

describe('the injector', () => {
  it.each([RuleGrouping.ALL, RuleGrouping.DATASET, RuleGrouping.NONE])(
    'places an asynchronous rule in slices (%s), and nothing the second time',
    async (grouping) => {
      await runs();
      const { id } = await a.rule('all', {
        grouping,
        copies: 2,
        rseExpression: 'A-DISK|B-DISK',
        asynchronous: true,
      });
      expect(await a.ruleRow(id)).toMatchObject({ state: 'I' });
      const daemon = judgeInjector(inSlicesOf(4));
      expect((await a.shift(daemon)).seen).toBeGreaterThan(1);
      expect(await a.locks(id)).toHaveLength(10);
      expect(await a.ruleRow(id)).toMatchObject({ state: 'R', ok: 5, replicating: 5 });
      expect(await a.shift(daemon)).toEqual({ seen: 0, done: 0, failed: 0, more: false });
    },
  );

  it('places the same as at once', async () => {
    await runs();
    const spec = { copies: 1, rseExpression: 'B-DISK|C-DISK' };
    const atOnce = await a.rule('all', spec);
    const later = await a.rule('all', {
      ...spec,
      rseExpression: 'C-DISK|B-DISK',
      asynchronous: true,
    });
    await a.shift(judgeInjector(inSlicesOf(2)));
    const where = async (id: bigint) => (await a.locks(id)).map((lock) => lock.slice(0, -2));
    expect(await where(later.id)).toEqual(await where(atOnce.id));
  });

  it('goes on where it was killed between two slices', async () => {
    await runs();
    const { id } = await a.rule('all', { copies: 1, rseExpression: 'B-DISK', asynchronous: true });
    const terms = rulesTerms(inSlicesOf(2), a.now);
    await base.db.tx((tx) => injectNext(tx, terms));
    const first = await a.locks(id);
    expect(first.length).toBe(2);
    await a.audit();

    // Killed in the middle of the next one: nothing of it is left.
    await base.db
      .tx(async (tx) => {
        await injectNext(tx, terms);
        throw new Error('killed');
      })
      .catch(() => undefined);
    expect(await a.locks(id)).toEqual(first);

    await a.shift(judgeInjector(inSlicesOf(2)));
    expect(await a.locks(id)).toHaveLength(5);
    expect(await a.ruleRow(id)).toMatchObject({ state: 'R', replicating: 5 });
  });

  it('two of them take different rules, and the second tally is zero', async () => {
    await runs();
    for (const expression of ['A-DISK', 'B-DISK', 'C-DISK']) {
      await a.rule('all', { rseExpression: expression, asynchronous: true });
    }
    const daemon = judgeInjector(inSlicesOf(3));
    await Promise.all([a.shift(daemon), a.shift(daemon), a.shift(daemon)]);
    await a.shift(daemon);
    expect(await a.locks()).toHaveLength(15);
    expect((await a.shift(daemon)).seen).toBe(0);
  });

  it('two of them share one rule: slice by slice, nothing twice', async () => {
    await runs();
    const { id } = await a.rule('all', { rseExpression: 'B-DISK', asynchronous: true });
    const daemon = judgeInjector(inSlicesOf(1));
    for (let seen = 1; seen > 0;) {
      const shifts = await Promise.all([a.shift(daemon, 2), a.shift(daemon, 2)]);
      seen = shifts.reduce((sum, shift) => sum + shift.seen, 0);
    }
    expect(await a.locks(id)).toHaveLength(5);
    expect(await a.requests()).toHaveLength(5);
    expect(await a.ruleRow(id)).toMatchObject({ state: 'R', replicating: 5 });
  });

  it('the next one waits for nobody: a rule that is being placed is passed by', async () => {
    await runs();
    const terms = rulesTerms(inSlicesOf(2), a.now);
    // Of one account they would wait for each other: who decides by a quota decides alone.
    const free = { asynchronous: true, ignoreAccountLimit: true };
    const first = await a.rule('all', { rseExpression: 'A-DISK', ...free });
    const second = await a.rule('all', { rseExpression: 'B-DISK', ...free });
    const slice = await hold(base.db, (tx) => injectNext(tx, terms));
    await base.db.tx((tx) => injectNext(tx, terms));
    expect([await a.locks(first.id), await a.locks(second.id)]).toMatchObject([[], { length: 2 }]);
    await slice.release();
  });

  it.each([RuleGrouping.ALL, RuleGrouping.DATASET, RuleGrouping.NONE])(
    'takes no row of a file out of the database (%s)',
    async (grouping) => {
      const names = Array.from({ length: 300 }, (_, n) => `f${n}`);
      await a.dataset('large');
      await a.data('large', names, 'A-DISK');
      await a.rule('large', {
        rseExpression: 'B-DISK|C-DISK',
        copies: 2,
        grouping,
        asynchronous: true,
      });
      const terms = rulesTerms(inSlicesOf(1000), a.now);
      let most = 0;
      await base.db.tx(async (tx) => {
        const counting = Object.assign(Object.create(tx) as Tx, {
          async query(text: string, values?: readonly unknown[]) {
            const answer = await tx.query(text, values);
            most = Math.max(most, answer.rows.length);
            return answer;
          },
        });
        expect(await injectNext(counting, terms)).toMatchObject({ locks: 600 });
      });
      expect(most).toBeGreaterThan(0);
      expect(most).toBeLessThan(10);
    },
  );

  it('files that come while a rule is being placed get their locks', async () => {
    await runs();
    const { id } = await a.rule('all', { rseExpression: 'A-DISK', asynchronous: true });
    await base.db.tx((tx) => injectNext(tx, rulesTerms(inSlicesOf(2), a.now)));
    // Older than the cursor: the injection has passed its place already.
    await a.attach('run1', 'f5');
    await a.data('run2', ['f6'], 'A-DISK');
    await a.shift(judgeEvaluator(a.config));
    await a.shift(judgeInjector(inSlicesOf(2)));
    await a.shift(judgeEvaluator(a.config));
    expect(await a.locks(id)).toHaveLength(6);
  });

  it('waits for the delay', async () => {
    await runs();
    const { id } = await a.rule('all', { rseExpression: 'A-DISK', delayInjection: 60 });
    expect((await a.shift(judgeInjector(a.config))).seen).toBe(0);
    a.pass(60);
    await a.shift(judgeInjector(a.config));
    expect(await a.ruleRow(id)).toMatchObject({ state: 'O', ok: 5 });
  });

  it('takes large requests, counted over all their DIDs', async () => {
    await runs();
    const config = { ...a.config, rules: { ...a.config.rules, synchronousLocksMax: 5 } };
    Object.assign(a, { config });
    const small = await a.rule('run2', { rseExpression: 'A-DISK', copies: 1 });
    expect((await a.ruleRow(small.id)).state).toBe('O');
  });

  it('a rule that cannot be placed is stuck with the reason', async () => {
    await runs();
    await a.rse('D-DISK', { limit: 100n });
    const { id } = await a.rule('all', { rseExpression: 'D-DISK', asynchronous: true });
    expect(await a.shift(judgeInjector(a.config))).toMatchObject({ seen: 1, failed: 1 });
    expect(await a.ruleRow(id)).toMatchObject({
      state: 'S',
      error: expect.stringContaining('insufficient quota'),
    });
    expect((await a.shift(judgeInjector(a.config))).seen).toBe(0);
  });

  it('counts what is still to come of one dataset before it places the next', async () => {
    await runs();
    // Room for the three files of run1, of which the last comes in the slice that begins run2.
    await a.rse('D-DISK', { limit: 450n });
    const { id } = await a.rule('all', { rseExpression: 'D-DISK', asynchronous: true });
    await a.shift(judgeInjector(inSlicesOf(2)));
    expect(await a.ruleRow(id)).toMatchObject({
      state: 'S',
      error: expect.stringContaining('insufficient quota'),
    });
    expect((await a.locks(id)).some((lock) => lock.startsWith('f4') || lock.startsWith('f5'))).toBe(
      false,
    );
  });

  const datasets = async (count: number, spec: Parameters<Court['rule']>[1]) => {
    const rules = [];
    for (let n = 0; n < count; n++) {
      await a.dataset(`small${n}`);
      await a.data(`small${n}`, [`f${n}`, `g${n}`], 'A-DISK');
      rules.push(await a.rule(`small${n}`, { asynchronous: true, ...spec }));
    }
    return rules;
  };

  it('places small rules that differ in nothing but their dataset together', async () => {
    await datasets(6, { rseExpression: 'B-DISK|C-DISK' });
    await a.rule('small0', { rseExpression: 'C-DISK', asynchronous: true });
    const terms = rulesTerms(a.config, a.now);
    expect(await base.db.tx((tx) => injectNext(tx, terms))).toMatchObject({ locks: 12 });
    expect(await base.db.tx((tx) => injectNext(tx, terms))).toMatchObject({ locks: 2 });
    expect(await base.db.tx((tx) => injectNext(tx, terms))).toBeUndefined();
  });

  it('places rules on one file that differ in their later phases, each in its turn', async () => {
    await a.dataset('run');
    await a.data('run', ['f1', 'f2'], 'A-DISK');
    const phases = [phase('B-DISK', days(1)), phase('C-DISK')];
    for (const name of ['f1', 'f2']) {
      await a.rule(name, { rseExpression: 'B-DISK', asynchronous: true });
      await a.rule(name, { rseExpression: 'B-DISK', asynchronous: true, phases });
    }
    expect(await a.shift(judgeInjector(a.config))).toMatchObject({ failed: 0 });
    expect(await a.locks()).toEqual(['f1', 'f1', 'f2', 'f2'].map((name) => `${name}@B-DISK R`));
  });

  it('together they make no more locks than one slice', async () => {
    await datasets(5, { rseExpression: 'B-DISK' });
    const terms = rulesTerms(inSlicesOf(5), a.now);
    const slices = [4, 4, 2].map((locks) => expect.objectContaining({ locks }));
    const placed = [];
    for (let n = 0; n < 3; n++) placed.push(await base.db.tx((tx) => injectNext(tx, terms)));
    expect(placed).toEqual(slices);
  });

  it('the ones that find no room do not keep the others from being placed', async () => {
    await a.rse('D-DISK', { limit: 501n });
    const rules = await datasets(4, { rseExpression: 'D-DISK' });
    await a.shift(judgeInjector(a.config));
    const states = await Promise.all(rules.map(async ({ id }) => (await a.ruleRow(id)).state));
    expect(states.toSorted().join('')).toBe('RRSS');
  });

  it('splits a rule over a container into one for each dataset', async () => {
    await runs();
    const { id } = await a.rule('all', { rseExpression: 'A-DISK', splitContainer: true });
    await a.shift(judgeInjector(a.config));
    expect(await a.locks(id)).toEqual([]);
    expect(await a.locks()).toHaveLength(5);
  });
});
