import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setLocalLimit } from '../../../src/accounts/index.js';
import { judgeDrifter } from '../../../src/daemons/judge/drifter.js';
import { judgeEvaluator } from '../../../src/daemons/judge/evaluator.js';
import { explainRule } from '../../../src/explain/index.js';
import {
  changeRse,
  findRse,
  removeRseAttribute,
  setRseAttribute,
} from '../../../src/rses/index.js';
import { driftAt, driftsOf, type RuleSpec } from '../../../src/rules/index.js';
import { type Tally } from '../../../src/daemons/runtime/index.js';
import { RuleGrouping, wireId } from '../../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { type Court, court } from '../../support/judge.js';
import { trials } from './trials.js';

let base: TestDatabase;
let a: Court;
let on: ReturnType<typeof trials>;
let drift: () => Promise<Tally>;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  on = trials(a);
  const daemon = judgeDrifter(a.config);
  drift = () => a.shift(daemon);
  for (const name of ['A-DISK', 'B-DISK']) await a.rse(name, { attributes: { tier: '1' } });
  await a.rse('C-DISK');
  await a.dataset('run');
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const IDLE = { seen: 0, done: 0, failed: 0, more: false };
/** As `changeRse` and people do it. */
const change = (
  rse: string,
  what: (
    tx: Parameters<typeof findRse>[0],
    it: Awaited<ReturnType<typeof findRse>>,
  ) => Promise<unknown>,
) => a.db.tx(async (tx) => what(tx, await findRse(tx, rse)));
const set = (rse: string, tier: string) =>
  change(rse, (tx, it) => setRseAttribute(tx, it, 'tier', tier));
const unset = (rse: string) => change(rse, (tx, it) => removeRseAttribute(tx, it, 'tier'));
const found = (id: bigint) =>
  a.db.read(async (tx) =>
    (await driftsOf(tx, [id])).map(({ locks, since }) => `${locks} since ${since.toISOString()}`),
  );
const replacing = (spec: Partial<RuleSpec> = {}): Partial<RuleSpec> => ({
  rseExpression: 'tier=1',
  repairPolicy: { onStuck: 'suspend', attempts: null, afterSeconds: null, drift: 'replace' },
  ...spec,
});
const explain = (uid: string) =>
  a.db.read((tx) => explainRule(tx, wireId(uid), { config: a.config, now: a.now }));

describe('drift', () => {
  it('is found, dated, told, and over when the RSE is in the expression again', async () => {
    await a.data('run', ['f1', 'f2'], 'A-DISK');
    const rule = await a.rule('run', { rseExpression: 'tier=1' });
    await drift();
    expect(await drift()).toEqual(IDLE);

    a.pass(60);
    await unset('A-DISK');
    expect((await drift()).done).toBeGreaterThan(0);
    expect(await found(rule.id)).toEqual(['2 since 2026-11-21T12:01:00.000Z']);
    expect(await drift()).toEqual(IDLE);
    const { lines, next, remedies, facts } = await explain(rule.uid);
    expect(lines).toContain(
      "Drift: A-DISK is not in 'tier=1' since 12:01 UTC and holds 2 copies of the rule",
    );
    expect(next).toContain('Its policy keeps drifted copies where they are');
    expect(facts['drift']).toMatchObject([{ rse: 'A-DISK', copies: 2n }]);
    expect(remedies.map(({ what }) => what)).toContain(
      'place the drifted copies anew: new ones first, the old ones go when those are OK',
    );

    await set('A-DISK', '1');
    expect((await drift()).done).toBeGreaterThan(0);
    expect(await found(rule.id)).toEqual([]);
    expect(await drift()).toEqual(IDLE);
    expect(await a.locks(rule.id)).toEqual(['f1@A-DISK O', 'f2@A-DISK O']);
  });

  it('of a rule that was never looked at is found by the slow walk', async () => {
    await a.data('run', ['f1'], 'A-DISK');
    const rule = await a.rule('run', { rseExpression: 'tier=1' });
    await unset('A-DISK');
    await drift();
    expect(await found(rule.id)).toHaveLength(1);
    expect(await drift()).toEqual(IDLE);
  });

  it('is no matter of rules that hold nothing there', async () => {
    await a.data('run', ['f1'], 'B-DISK');
    const rule = await a.rule('run', { rseExpression: 'tier=1' });
    await drift();
    await unset('A-DISK');
    await drift();
    expect(await found(rule.id)).toEqual([]);
    expect(await drift()).toEqual(IDLE);
  });

  it('comes with a new name of an RSE, and is told where the copies are', async () => {
    await a.data('run', ['f1'], 'A-DISK');
    const rule = await a.rule('run', { rseExpression: 'A-DISK' });
    await drift();
    await change('A-DISK', (tx, it) => changeRse(tx, it, { name: 'Z-DISK' }));
    await drift();
    expect((await explain(rule.uid)).lines[0]).toMatch(/^Drift: Z-DISK is not in 'A-DISK' since/);
    const at = await a.db.read(async (tx) => driftAt(tx, (await findRse(tx, 'Z-DISK')).id));
    expect(at).toMatchObject([{ rules: 1n, locks: 1n }]);
  });
});

describe('drift of a rule whose policy places copies anew', () => {
  it('makes the new copies first, and lets the old ones go when those are there', async () => {
    await a.data('run', ['f1', 'f2'], 'A-DISK');
    const rule = await a.rule('run', replacing());
    await drift();
    await unset('A-DISK');
    await drift();
    expect(await a.locks(rule.id)).toEqual([
      'f1@A-DISK O',
      'f1@B-DISK R',
      'f2@A-DISK O',
      'f2@B-DISK R',
    ]);
    expect(await drift()).toEqual(IDLE);

    await on.arrive('B-DISK', ['f1']);
    a.pass(600);
    await drift();
    expect(await a.locks(rule.id)).toEqual(['f1@B-DISK O', 'f2@A-DISK O', 'f2@B-DISK R']);
    await on.arrive('B-DISK');
    a.pass(600);
    await drift();
    expect(await a.locks(rule.id)).toEqual(['f1@B-DISK O', 'f2@B-DISK O']);
    expect(await found(rule.id)).toEqual([]);
    expect(await drift()).toEqual(IDLE);
    expect((await a.ruleRow(rule.id)).state).toBe('O');
  });

  it('never has fewer good copies than it asks for, and follows a failure', async () => {
    await a.rse('D-DISK', { attributes: { tier: '1' } });
    await a.data('run', ['f1'], 'A-DISK', 'B-DISK');
    const rule = await a.rule('run', replacing({ copies: 2 }));
    await drift();
    await unset('A-DISK');
    await drift();
    expect(await a.locks(rule.id)).toEqual(['f1@A-DISK O', 'f1@B-DISK O', 'f1@D-DISK R']);
    await on.fail('D-DISK');
    a.pass(7200);
    await on.repair();
    await drift();
    expect(await a.locks(rule.id)).toEqual(['f1@A-DISK O', 'f1@B-DISK O', 'f1@D-DISK R']);
    await on.arrive('D-DISK');
    a.pass(600);
    await drift();
    expect(await a.locks(rule.id)).toEqual(['f1@B-DISK O', 'f1@D-DISK O']);
  });

  it('is placed once by two drifters at a time', async () => {
    const names = Array.from({ length: 20 }, (_, n) => `f${n}`);
    await a.data('run', names, 'A-DISK');
    const rule = await a.rule('run', replacing({ grouping: RuleGrouping.NONE }));
    await drift();
    await unset('A-DISK');
    const sliced = { ...a.config, rules: { ...a.config.rules, sliceLocks: 3 } };
    await Promise.all([1, 2].map(() => a.shift(judgeDrifter(sliced))));
    await drift();
    expect(await a.locks(rule.id)).toHaveLength(40);
    await on.arrive('B-DISK');
    a.pass(600);
    await Promise.all([1, 2].map(() => a.shift(judgeDrifter(sliced))));
    expect(await on.places(rule.id)).toEqual(names.map((name) => `${name}@B-DISK`).sort());
  });

  it('is placed at once where a copy is already', async () => {
    await a.data('run', ['f1'], 'A-DISK', 'B-DISK');
    await set('B-DISK', '2');
    const rule = await a.rule('run', replacing());
    await drift();
    await set('B-DISK', '1');
    await unset('A-DISK');
    await drift();
    expect(await a.locks(rule.id)).toEqual(['f1@B-DISK O']);
    expect(await a.requests()).toEqual([]);
  });

  it('keeps what belongs together together, slice by slice', async () => {
    await a.rse('D-DISK', { attributes: { tier: '1' } });
    await a.container('all');
    await a.dataset('run2');
    const names = ['f1', 'f2', 'f3', 'f4'];
    await a.data('run', names, 'A-DISK');
    await a.data('run2', ['g1', 'g2'], 'A-DISK');
    await a.attach('all', 'run', 'run2');
    await a.shift(judgeEvaluator(a.config));
    const rule = await a.rule('all', replacing());
    expect(new Set((await on.places(rule.id)).map((place) => place.split('@')[1]))).toEqual(
      new Set(['A-DISK']),
    );
    const sliced = judgeDrifter({ ...a.config, rules: { ...a.config.rules, sliceLocks: 3 } });
    await a.shift(sliced);
    await unset('A-DISK');
    await a.shift(sliced);
    for (const rse of ['B-DISK', 'D-DISK']) await on.arrive(rse);
    a.pass(600);
    await a.shift(sliced);
    const places = await on.places(rule.id);
    expect(places).toHaveLength(6);
    const of = (letter: string) =>
      new Set(
        places.filter((place) => place.startsWith(letter)).map((place) => place.split('@')[1]),
      );
    expect(of('f').size).toBe(1);
    expect(of('g').size).toBe(1);
    expect(places.some((place) => place.endsWith('@A-DISK'))).toBe(false);
  });

  it.each([RuleGrouping.ALL, RuleGrouping.NONE])(
    'of the grouping %s ends, too',
    async (grouping) => {
      await a.data('run', ['f1', 'f2', 'f3'], 'A-DISK');
      const rule = await a.rule('run', replacing({ grouping }));
      await drift();
      await unset('A-DISK');
      await drift();
      await on.arrive('B-DISK');
      a.pass(600);
      await drift();
      expect(await on.places(rule.id)).toEqual(['f1@B-DISK', 'f2@B-DISK', 'f3@B-DISK']);
      await a.data('run', ['f4'], 'C-DISK');
      await a.shift(judgeEvaluator(a.config));
      expect(await on.rseOf(rule.id, 'f4')).toBe('B-DISK');
    },
  );

  it('stays where it is, with the reason, where the account has no room elsewhere', async () => {
    await a.data('run', ['f1'], 'A-DISK');
    const rule = await a.rule('run', replacing());
    await drift();
    await unset('A-DISK');
    await change('B-DISK', (tx, it) => setLocalLimit(tx, a.accountId, { rseId: it.id, bytes: 0n }));
    await drift();
    expect(await a.locks(rule.id)).toEqual(['f1@A-DISK O']);
    expect((await explain(rule.uid)).lines[0]).toMatch(
      /could not be placed elsewhere: There is insufficient quota/,
    );
    expect(await drift()).toEqual(IDLE);

    await change('B-DISK', (tx, it) =>
      setLocalLimit(tx, a.accountId, { rseId: it.id, bytes: -1n }),
    );
    a.pass(7200);
    await drift();
    expect(await a.locks(rule.id)).toEqual(['f1@A-DISK O', 'f1@B-DISK R']);
  });
});
