import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { judgeInjector } from '../../src/daemons/judge/injector.js';
import { judgePhaser } from '../../src/daemons/judge/phaser.js';
import { execute, only, sql } from '../../src/db/index.js';
import { type Phase } from '../../src/rules/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Court, court } from '../support/judge.js';
import { DAY, phase } from '../support/phases.js';
import { office } from './office.js';

let base: TestDatabase;
let a: Court;
let at: ReturnType<typeof office>;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  at = office(a);
  for (const name of ['A-DISK', 'B-DISK']) await a.rse(name);
  await a.dataset('run');
  await a.data('run', ['f1', 'f2'], 'A-DISK');
  await at.atWork();
});
afterEach(() => base.close());

const phased = (end: Partial<Phase>) =>
  a.rule('run', {
    rseExpression: 'A-DISK',
    phases: [phase('A-DISK', end), phase('B-DISK')],
  });

it('a rule says in which phase it is, until when, and what comes then', async () => {
  const rule = await phased({ forSeconds: 30 * DAY });
  expect((await at.rule(rule)).lines).toContain(
    "Phase 1 of 2, until 2026-12-21 12:00 UTC; then 1 copy on 'B-DISK'",
  );
});

it('a phase that readers put off says so, and one that may not end says why', async () => {
  const rule = await phased({ untilIdleSeconds: 2 * DAY });
  expect((await at.rule(rule)).lines).toContain(
    "Phase 1 of 2, until nobody has read the data for 2d, not before 2026-11-23 12:00 UTC; then 1 copy on 'B-DISK'",
  );
  await a.db.tx((tx) => execute(tx, sql`UPDATE rules SET locked = true`));
  a.pass(2 * DAY);
  expect((await at.rule(rule)).lines).toContain(
    "Phase 1 of 2, which is over, and goes on while the rule is locked; then 1 copy on 'B-DISK'",
  );
});

it('what a former phase still holds is told of both rules', async () => {
  const rule = await phased({ forSeconds: DAY });
  a.pass(DAY);
  await a.shift(judgePhaser(a.config));
  await a.shift(judgeInjector(a.config));
  const { uid } = await a.db.read((tx) =>
    only<{ uid: string }>(tx, sql`SELECT uid FROM rules WHERE phase_of IS NOT NULL`),
  );
  const [id, former] = [rule.uid, uid].map((it) => it.replaceAll('-', ''));
  expect((await at.rule(rule)).lines).toEqual(
    expect.arrayContaining([
      'Phase 2 of 2, the last',
      `Phase 1 still holds 2 copies on 'A-DISK' (rule ${former}), until all copies of this one are there`,
    ]),
  );
  expect((await at.rule({ ...rule, uid })).lines).toContain(
    `It is what is left of phase 1 of rule ${id}: it ends when all copies of that are there`,
  );
});

it('a rule with more phases to come may stay in the one it is in; the last has nothing to drop', async () => {
  const rule = await phased({ forSeconds: DAY });
  const stays = async () =>
    (await at.rule(rule)).remedies.filter(({ what }) => what.startsWith('stay in this phase'));
  expect(await stays()).toMatchObject([{ method: 'PUT', body: { options: { phases: null } } }]);
  a.pass(DAY);
  await a.shift(judgePhaser(a.config));
  expect(await stays()).toEqual([]);
});
