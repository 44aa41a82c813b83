import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type RebalanceSpec, steerJob } from '../../../src/jobs/index.js';
import { planOf } from '../../../src/jobs/index.js';
import { setRseLimit, upsertRseUsage } from '../../../src/rses/index.js';
import { RuleGrouping } from '../../../src/vocabulary/index.js';
import { foreman } from '../../../src/daemons/foreman.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { listening } from '../../support/plans.js';
import { shift } from '../../support/shift.js';
import { type Works, works } from '../../support/works.js';

let base: TestDatabase;
let a: Works;
const names = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `f${from + i}`);
beforeEach(async () => {
  base = await testDatabase();
  a = await works(base.db);
  for (const name of ['A-DISK', 'B-DISK', 'C-DISK']) {
    const rseId = await a.rse(name);
    await base.db.tx((tx) => setRseLimit(tx, rseId, { name: 'MaxSpaceAvailable', value: 2000n }));
  }
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const rebalance = (spec: Partial<RebalanceSpec> = {}) =>
  a.order({
    kind: 'rebalance',
    spec: { from: '*', to: '*', thresholdPercent: 90, targetPercent: 50, bytesMax: null, ...spec },
  });
const approve = (id: string) =>
  base.db.tx(async (tx) => steerJob(tx, await a.job(id), 'approve', a.now));
const plan = (id: string) =>
  base.db.read(async (tx) =>
    (await planOf(tx, (await a.job(id)).id)).map(
      ({ name, from, to, files }) => `${name} ${from}>${to} ${files}`,
    ),
  );

describe('an RSE that is too full', () => {
  it('gives whole datasets to those with space, once the plan is approved', async () => {
    for (const [dataset, from] of [
      ['run1', 0],
      ['run2', 6],
      ['run3', 12],
    ] as const) {
      await a.dataset(dataset);
      await a.data(dataset, names(from, from + 6), 'A-DISK');
      await a.rule(dataset, { rseExpression: 'A-DISK|B-DISK' });
    }
    await a.copies('A-DISK', ['g1']);
    const job = await rebalance();
    await a.work();
    // 1,900 of 2,000 bytes: 900 have to go; a second dataset would be more than that.
    expect(await a.stateOf(job)).toBe('WAITING_APPROVAL move 0/0 of 6');
    expect(await plan(job)).toEqual(['run1 A-DISK>B-DISK 6']);
    expect((await a.locks()).every((lock) => lock.includes('A-DISK'))).toBe(true);
    await approve(job);
    expect(await a.settle(job)).toBe('DONE move 6/0 of 6');
    expect((await a.locks()).filter((lock) => lock.endsWith('B-DISK O'))).toHaveLength(6);
    expect(await a.locks()).toHaveLength(18);
  });

  it('gives files by themselves as many as have to go, up to what was asked at most', async () => {
    await a.dataset('run');
    await a.data('run', names(0, 19), 'A-DISK');
    await a.rule('run', { rseExpression: '*', grouping: RuleGrouping.NONE });
    const job = await rebalance({ bytesMax: 400 });
    await a.work();
    expect(await a.stateOf(job)).toBe('WAITING_APPROVAL move 0/0 of 4');
    const all = await rebalance();
    await a.work();
    expect(await a.stateOf(all)).toBe('WAITING_APPROVAL move 0/0 of 9');
    await approve(all);
    expect(await a.settle(all)).toBe('DONE move 9/0 of 9');
  });

  it('asks again where its plan was never approved, however it was cancelled and resumed', async () => {
    await a.dataset('run');
    await a.data('run', names(0, 19), 'A-DISK');
    await a.rule('run', { rseExpression: '*', grouping: RuleGrouping.NONE });
    const job = await rebalance();
    await a.work();
    await base.db.tx(async (tx) => steerJob(tx, await a.job(job), 'cancel', a.now));
    await base.db.tx(async (tx) => steerJob(tx, await a.job(job), 'resume', a.now));
    expect(await a.settle(job)).toBe('WAITING_APPROVAL move 0/0 of 9');
    await approve(job);
    await base.db.tx(async (tx) => steerJob(tx, await a.job(job), 'cancel', a.now));
    await base.db.tx(async (tx) => steerJob(tx, await a.job(job), 'resume', a.now));
    expect(await a.settle(job)).toBe('DONE move 9/0 of 9');
  });

  it('has nothing to give where rules name nothing else, and where none is too full', async () => {
    await a.dataset('run');
    await a.data('run', names(0, 19), 'A-DISK');
    await a.rule('run', { rseExpression: 'A-DISK' });
    const job = await rebalance();
    await a.work();
    expect(await a.stateOf(job)).toBe('DONE plan 0/0 of 0');
    const calm = await rebalance({ thresholdPercent: 99 });
    await a.work();
    expect(await a.stateOf(calm)).toBe('DONE plan 0/0 of 0');
  });

  it('leaves the room that the plan has given away already, of sizes that only storages tell', async () => {
    const rseId = await a.rse('D-DISK');
    const told = { source: 'storage', used: 200n, free: 1900n, files: null };
    await base.db.tx((tx) => upsertRseUsage(tx, rseId, told));
    await a.dataset('one');
    await a.data('one', names(0, 19), 'A-DISK');
    await a.rule('one', { rseExpression: '*', grouping: RuleGrouping.NONE });
    for (const [run, from, to] of [
      ['vast', 20, 33],
      ['large', 33, 38],
      ['small', 38, 39],
    ] as const) {
      await a.dataset(run);
      await a.data(run, names(from, to), 'B-DISK');
      await a.rule(run, { rseExpression: '*' });
    }
    const job = await rebalance({ to: 'D-DISK' });
    expect(await a.settle(job)).toBe('WAITING_APPROVAL move 0/0 of 10');
    expect(await plan(job)).toEqual(['one A-DISK>D-DISK 9', 'small B-DISK>D-DISK 1']);
  });
});

describe('a slice of a plan', () => {
  it('costs as many statements for thirty RSEs as for three', async () => {
    const { db, listen } = listening(base.db);
    const slice = async () => {
      const job = await rebalance();
      const statements = await listen(() => shift(db, foreman(a.config), { now: a.now }));
      expect(await a.stateOf(job)).toBe('DONE plan 0/0 of 0');
      return statements.length;
    };
    const few = await slice();
    for (let i = 0; i < 27; i++) await a.rse(`${i}-TAPE`);
    expect(await slice()).toBe(few);
  });
});
