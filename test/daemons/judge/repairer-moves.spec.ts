import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { judgeEvaluator } from '../../../src/daemons/judge/evaluator.js';
import { judgeRepairer } from '../../../src/daemons/judge/repairer.js';
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

describe('locks that move', () => {
  const two = async () => {
    await a.container('all');
    await a.dataset('run2');
    await a.data('run', ['f1', 'f2'], 'A-DISK');
    await a.data('run2', ['g1', 'g2'], 'A-DISK');
    await a.attach('all', 'run', 'run2');
    await a.shift(judgeEvaluator(a.config));
    return await a.rule('all', { rseExpression: 'B-DISK|C-DISK', grouping: RuleGrouping.DATASET });
  };

  it('move with their dataset, and leave the other datasets where they are', async () => {
    const { id } = await two();
    const before = await on.places(id);
    const first = await on.rseOf(id, 'f1');
    const other = first === 'B-DISK' ? 'C-DISK' : 'B-DISK';
    await on.arrive(first, ['f2']);
    await on.tire(first, ['f1']);
    await on.repair();
    expect(await on.rseOf(id, 'f1')).toBe(other);
    expect(await on.rseOf(id, 'f2')).toBe(other);
    const others = (list: readonly string[]) => list.filter((place) => place.startsWith('g'));
    expect(others(await on.places(id))).toEqual(others(before));
  });

  it('stay where most of their dataset has arrived, and are tried again there', async () => {
    await a.data('run', ['f1', 'f2', 'f3'], 'A-DISK');
    const { id } = await a.rule('run', { rseExpression: 'B-DISK|C-DISK' });
    const first = await on.rseOf(id, 'f1');
    await on.arrive(first, ['f2', 'f3']);
    await on.tire(first, ['f1']);
    await on.repair();
    expect(await on.places(id)).toEqual([`f1@${first}`, `f2@${first}`, `f3@${first}`]);
    expect(await a.requests()).toEqual([`f1@${first} Q`]);
  });

  it('move slice by slice to one and the same place', async () => {
    const names = Array.from({ length: 7 }, (_, n) => `f${n}`);
    await a.data('run', names, 'A-DISK');
    await a.rse('D-DISK');
    const { id } = await a.rule('run', { rseExpression: 'B-DISK|C-DISK|D-DISK' });
    const first = await on.rseOf(id, 'f0');
    await on.arrive(first, ['f5', 'f6']);
    await on.tire(first);
    const sliced = { ...a.config, rules: { ...a.config.rules, sliceLocks: 3 } };
    const shift = await a.shift(judgeRepairer(sliced));
    expect(shift.seen).toBeGreaterThan(1);
    const now = new Set((await on.places(id)).map((place) => place.split('@')[1]));
    expect(now.size).toBe(1);
    expect(now.has(first)).toBe(false);
    expect(await a.locks(id)).toHaveLength(7);
  });

  it('move each for itself where files are placed so, though together they are everywhere', async () => {
    const names = Array.from({ length: 8 }, (_, n) => `f${n}`);
    await a.rse('D-DISK');
    await a.data('run', names, 'A-DISK');
    const { id } = await a.rule('run', {
      rseExpression: 'B-DISK|C-DISK|D-DISK',
      copies: 2,
      grouping: RuleGrouping.NONE,
    });
    for (const rse of ['C-DISK', 'D-DISK']) await on.arrive(rse);
    await on.tire('B-DISK');
    await on.repair();
    expect((await on.places(id)).filter((place) => place.endsWith('B-DISK'))).toEqual([]);
    expect(await a.locks(id)).toHaveLength(16);
  });

  it('do not move for want of a source', async () => {
    await a.data('run', ['f1']);
    const { id } = await a.rule('run', { rseExpression: 'B-DISK|C-DISK' });
    const before = await on.places(id);
    for (let n = 0; n < 4; n++) {
      a.pass(8 * 3600);
      await on.repair();
    }
    expect(await on.places(id)).toEqual(before);
  });
});
