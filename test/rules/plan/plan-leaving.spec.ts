import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execute, sql } from '../../../src/db/index.js';
import { findRse } from '../../../src/rses/index.js';
import { type LeavingPlan, planLeaving, rulesTerms } from '../../../src/rules/index.js';
import { RuleGrouping } from '../../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { type Court, court } from '../../support/judge.js';

let base: TestDatabase;
let a: Court;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
});
afterEach(() => base.close());

const leaving = (rse: string): Promise<LeavingPlan> =>
  base.db.snapshot(async (tx) =>
    planLeaving(tx, await findRse(tx, rse), rulesTerms(a.config, a.now)),
  );
const shown = ({ groups }: LeavingPlan) =>
  groups.map(({ rules, files, plan }) => ({
    asked: `${plan.spec.copies} on ${plan.spec.rseExpression}`,
    rules,
    files: Number(files),
    goes: plan.parts[0]?.chosen.map(
      ({ rse, why, move }) => `${rse} ${why.map(({ reason }) => reason).join()} ${move.files}`,
    ),
    errors: plan.errors.map(({ name }) => name),
  }));

describe('the plan that an RSE leaves', () => {
  it('places every rule there anew without it; copies elsewhere stay and are charged already', async () => {
    for (const rse of ['A-DISK', 'B-DISK', 'C-DISK']) await a.rse(rse);
    for (const run of ['run1', 'run2']) {
      await a.dataset(run);
      await a.data(run, [`${run}.f1`, `${run}.f2`], 'A-DISK', 'B-DISK');
      await a.rule(run, { copies: 2, rseExpression: '*' });
    }
    await a.dataset('only');
    await a.data('only', ['o1'], 'A-DISK');
    await a.rule('only', { rseExpression: 'A-DISK' });
    const plan = await leaving('A-DISK');
    expect(plan).toMatchObject({ rse: 'A-DISK', rules: 3, files: 5n, bytes: 500n });
    expect(shown(plan)).toEqual([
      {
        asked: '2 on (*)\\A-DISK',
        rules: 2,
        files: 4,
        goes: ['B-DISK kept 0', 'C-DISK needed 4'],
        errors: [],
      },
      {
        asked: '1 on (A-DISK)\\A-DISK',
        rules: 1,
        files: 1,
        goes: [],
        errors: ['InsufficientTargetRSEs'],
      },
    ]);
    const [first] = plan.groups;
    expect(
      first?.plan.quota.map(({ rseExpression, before, after }) => [rseExpression, before, after]),
    ).toEqual([
      ['B-DISK', 400n, 400n],
      ['C-DISK', 0n, 400n],
    ]);
    expect(
      first?.plan.moves.map(({ source, destination, files }) => [source, destination, files]),
    ).toEqual([['A-DISK', 'C-DISK', 4n]]);
  });

  it('tells of a container each dataset by itself, and files one by one', async () => {
    for (const rse of ['A-DISK', 'B-DISK', 'C-DISK']) await a.rse(rse);
    await a.container('all');
    for (const run of ['run1', 'run2']) {
      await a.dataset(run);
      await a.data(run, [`${run}.f1`], 'A-DISK');
      await a.attach('all', run);
    }
    await a.rule('all', { rseExpression: 'A-DISK|B-DISK' });
    await a.rule('run1', { rseExpression: 'A-DISK|C-DISK', grouping: RuleGrouping.NONE });
    const plan = await leaving('A-DISK');
    const [container, alone] = shown(plan);
    expect(container?.files).toBe(2);
    expect(container?.errors).toEqual([]);
    expect(alone?.goes).toEqual(['C-DISK share 1']);
  });

  it('moves a file once that several rules have there, where they agree on where to', async () => {
    for (const rse of ['A-DISK', 'B-DISK', 'C-DISK']) await a.rse(rse);
    await a.dataset('run');
    await a.data('run', ['f1', 'f2'], 'A-DISK');
    await a.rule('run', { rseExpression: 'A-DISK|C-DISK' });
    await a.rule('run', { rseExpression: 'A-DISK|B-DISK|C-DISK' });
    const plan = await leaving('A-DISK');
    expect(shown(plan).map(({ goes }) => goes)).toEqual([['C-DISK needed 2'], ['C-DISK held 0']]);
    expect(plan.groups.flatMap(({ plan: { moves } }) => moves)).toHaveLength(1);
  });

  it('warns where all copies would be at one site then: what leaves does not count', async () => {
    await a.rse('A-DISK', { attributes: { site: 'A' } });
    await a.rse('B-DISK', { attributes: { site: 'B' } });
    await a.dataset('run');
    await a.data('run', ['f1', 'f2'], 'A-DISK');
    await a.rule('run', { rseExpression: '*' });
    const [group] = (await leaving('A-DISK')).groups;
    expect(group?.plan.warnings.map(({ message }) => message)).toContain(
      'all copies of 2 files (200 B) would be at one site',
    );
  });

  it('never goes where nothing can be written, even for a rule that passes over that', async () => {
    await a.rse('A-DISK');
    const shut = await a.rse('B-DISK');
    await a.dataset('run');
    await a.data('run', ['f1'], 'A-DISK');
    await a.rule('run', { rseExpression: '*', ignoreAvailability: true });
    await base.db.tx((tx) =>
      execute(tx, sql`UPDATE rses SET availability_write = false WHERE id = ${shut}`),
    );
    expect(shown(await leaving('A-DISK'))).toMatchObject([
      { goes: [], errors: ['InsufficientTargetRSEs'] },
    ]);
  });

  it('asks for one more copy beside those that cannot be written just now', async () => {
    await a.rse('A-DISK');
    const shut = await a.rse('B-DISK');
    await a.rse('C-DISK');
    await a.dataset('run');
    await a.data('run', ['f1'], 'A-DISK', 'B-DISK');
    await a.rule('run', { copies: 2, rseExpression: 'A-DISK|B-DISK|C-DISK' });
    await base.db.tx((tx) =>
      execute(tx, sql`UPDATE rses SET availability_write = false WHERE id = ${shut}`),
    );
    expect(shown(await leaving('A-DISK'))).toMatchObject([
      { goes: ['B-DISK kept 0', 'C-DISK needed 1'], errors: [] },
    ]);
  });

  it('is empty where nothing is locked', async () => {
    await a.rse('A-DISK');
    await a.copies('A-DISK', ['f1']);
    expect(await leaving('A-DISK')).toMatchObject({ rules: 0, files: 0n, groups: [] });
  });
});
