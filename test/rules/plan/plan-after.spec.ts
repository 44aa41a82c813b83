import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setGlobalLimit } from '../../../src/accounts/index.js';
import { type Phase, type RulePlan } from '../../../src/rules/index.js';
import { RuleGrouping } from '../../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { type Court, court } from '../../support/judge.js';
import { chosen, planner, ways } from './planner.js';

let base: TestDatabase;
let a: Court;
let specOf: ReturnType<typeof planner>['specOf'];
let plans: ReturnType<typeof planner>['plans'];
let plan: ReturnType<typeof planner>['plan'];
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  ({ specOf, plans, plan } = planner(a));
});
afterEach(() => base.close());

/** A run of three files at A-DISK, a third of it at B-DISK too. */
async function aRun() {
  for (const rse of ['A-DISK', 'B-DISK', 'C-DISK']) await a.rse(rse);
  await a.dataset('run');
  await a.data('run', ['f1', 'f2', 'f3'], 'A-DISK');
  await a.copies('B-DISK', ['f1']);
}

const phase: Omit<Phase, 'rseExpression'> = {
  ...{ weight: null, grouping: RuleGrouping.DATASET, constraints: null, locked: false },
  ...{ since: null, forSeconds: null, untilIdleSeconds: null, copies: 1 },
};

describe('the plan of a rule with phases', () => {
  it('shows each phase with its dates, and what moves then: not what a phase before has made', async () => {
    await aRun();
    const rseExpression = 'B-DISK|C-DISK';
    const made = await plans(
      specOf('run', {
        ...{ copies: 2, rseExpression },
        phases: [
          { ...phase, copies: 2, rseExpression, forSeconds: 3600 },
          { ...phase, copies: 1, rseExpression, untilIdleSeconds: 7200 },
          { ...phase, copies: 1, rseExpression: 'A-DISK' },
        ],
      }),
    );
    const after = (seconds: number) => new Date(a.now.getTime() + seconds * 1000);
    expect(made.map(({ span }) => span)).toEqual([
      { phases: 3, since: a.now, until: after(3600), untilIdleSeconds: null },
      { phases: 3, since: after(3600), until: after(10_800), untilIdleSeconds: 7200 },
      { phases: 3, since: after(10_800), until: null, untilIdleSeconds: null },
    ]);
    expect(made.map(ways)).toEqual([
      [
        ['A-DISK', 'C-DISK', 3],
        ['A-DISK', 'B-DISK', 2],
      ],
      [],
      [],
    ]);
  });

  it('gives the next phase the room that the former one gives back, under global limits too', async () => {
    await aRun();
    await base.db.tx((tx) => setGlobalLimit(tx, a.accountId, { expression: '*', bytes: 350n }));
    const phases = [
      { ...phase, rseExpression: 'B-DISK', forSeconds: 3600 },
      { ...phase, rseExpression: 'C-DISK', forSeconds: 3600 },
      { ...phase, rseExpression: 'A-DISK' },
    ];
    const [first, second, third, other] = await plans(
      specOf('run', { rseExpression: 'B-DISK', phases }),
      specOf('run', { rseExpression: 'A-DISK' }),
    );
    for (const it of [first, second, third]) expect(it?.errors).toEqual([]);
    expect(second?.quota[1]).toMatchObject({ global: true, before: 300n, after: 600n });
    expect(third?.quota[1]).toMatchObject({ global: true, before: 300n, after: 600n });
    expect(other?.errors.map(({ name }) => name)).toEqual(['InsufficientAccountLimit']);
  });

  it('is no duplicate of a rule without phases, nor the other way round', async () => {
    await aRun();
    const phases = [
      { ...phase, rseExpression: 'B-DISK', forSeconds: 3600 },
      { ...phase, rseExpression: 'C-DISK' },
    ];
    const spec = { rseExpression: 'B-DISK', phases };
    await a.rule('run', { rseExpression: 'B-DISK' });
    expect((await plan('run', spec)).errors).toEqual([]);
    await a.rule('run', spec);
    const again = await plans(specOf('run', spec));
    expect(again.map(({ errors }) => errors[0]?.name)).toEqual(['DuplicateRule']);
  });
});

describe('the plan of several rules', () => {
  it('counts what an earlier rule moves once: the second finds it on its way', async () => {
    await aRun();
    const [first, second] = await plans(
      specOf('run', { rseExpression: 'C-DISK' }),
      specOf('run', { copies: 2, rseExpression: 'C-DISK|B-DISK' }),
    );
    expect(ways(first as RulePlan)).toEqual([['A-DISK', 'C-DISK', 3]]);
    expect(chosen(second as RulePlan)).toEqual([
      ['B-DISK', 1, 0, 2, 'held'],
      ['C-DISK', 0, 3, 0, 'held'],
    ]);
    expect(ways(second as RulePlan)).toEqual([['A-DISK', 'B-DISK', 2]]);
    expect(second?.space.map(({ rse, before, after }) => [rse, before, after])).toEqual([
      ['B-DISK', 100n, 300n],
      ['C-DISK', 300n, 300n],
    ]);
  });

  it('is refused as a duplicate where an earlier one is the same, and takes nothing', async () => {
    await aRun();
    const spec = specOf('run', { rseExpression: 'C-DISK' });
    const [first, second] = await plans(spec, spec);
    expect(first?.errors).toEqual([]);
    expect(second?.errors.map(({ name }) => name)).toEqual(['DuplicateRule']);
    expect(second?.quota).toEqual([]);
  });

  it('goes where an earlier rule of the plan takes the data, as creation would', async () => {
    await aRun();
    await a.rse('D-DISK');
    const specs = [
      specOf('run', { rseExpression: 'D-DISK' }),
      specOf('run', { rseExpression: 'B-DISK|C-DISK|D-DISK' }),
    ];
    const planned = await plans(...specs);
    expect(planned.map((it) => chosen(it)?.map(([rse]) => rse))).toEqual([['D-DISK'], ['D-DISK']]);
    expect(planned[1]?.moves).toEqual([]);
    for (const { rseExpression } of specs) await a.rule('run', { rseExpression });
    expect(await a.usage()).toEqual(['D-DISK 6 files 600 bytes']);
  });

  it('counts files that are placed one by one after each other too, and says what it does not', async () => {
    await aRun();
    const alone = { rseExpression: 'C-DISK&*', grouping: RuleGrouping.NONE };
    const [, second] = await plans(
      specOf('run', { rseExpression: 'C-DISK' }),
      specOf('run', { ...alone }),
    );
    expect(ways(second as RulePlan)).toEqual([]);
    expect(second?.estimated).toEqual([
      'files are placed one by one: where they go is told as if the rules before had moved nothing',
    ]);
    await a.dataset('twin');
    await a.attach('twin', 'f1', 'f2');
    const dids = ['run', 'twin'].map((name) => ({ scope: a.scope, name }));
    const both = await plan('run', { dids, rseExpression: 'C-DISK' });
    expect(both.estimated).toEqual(['2 files are in several of the DIDs: each counts them']);
  });
});
