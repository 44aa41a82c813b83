import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { judgeCleaner } from '../../src/daemons/judge/cleaner.js';
import { judgePhaser } from '../../src/daemons/judge/phaser.js';
import {
  deleteRule,
  findDeletedRule,
  findRule,
  formerPhases,
  holdForRule,
  phasesOf,
  restoreRule,
  rulesTerms,
  takeBackDeletion,
} from '../../src/rules/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Court, court, START } from '../support/judge.js';
import { days, phase } from '../support/phases.js';

let base: TestDatabase;
let a: Court;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  for (const name of ['A-DISK', 'B-DISK']) await a.rse(name);
  await a.dataset('run');
  await a.data('run', ['f1'], 'A-DISK');
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

it('a rule with phases that was deleted and comes back goes on where it was', async () => {
  const { uid } = await a.rule('run', {
    rseExpression: 'A-DISK',
    phases: [phase('A-DISK', days(1)), phase('B-DISK')],
  });
  a.pass(3600);
  await a.db.tx(async (tx) =>
    deleteRule(tx, await findRule(tx, uid, 'wait'), { now: a.now, deleteGraceSeconds: 0 }),
  );
  await a.shift(judgeCleaner(a.config));
  const past = await a.db.read((tx) => findDeletedRule(tx, uid));
  await a.db.tx((tx) => holdForRule(tx, past, -1n, a.now));
  await a.db.tx((tx) =>
    restoreRule(
      tx,
      past,
      { lifetime: null, copyAgain: false, passLimits: false },
      rulesTerms(a.config, a.now),
    ),
  );
  const until = new Date(START.getTime() + 86_400_000);
  expect(phasesOf(await a.db.read((tx) => findRule(tx, uid)))).toMatchObject([
    { state: 'current', since: START, until },
    { state: 'next', rseExpression: 'B-DISK' },
  ]);
});

it('what is left of a phase is not restored: the rule itself goes on', async () => {
  const { uid } = await a.rule('run', {
    rseExpression: 'A-DISK',
    phases: [phase('A-DISK', days(1)), phase('B-DISK')],
  });
  a.pass(2 * 86_400);
  await a.shift(judgePhaser(a.config));
  const [former] = await a.db.read((tx) => formerPhases(tx, uid));
  expect(former).toBeDefined();
  const terms = { ...rulesTerms(a.config, a.now), deleteGraceSeconds: 3600 };
  const takeBack = a.db.tx(async (tx) =>
    takeBackDeletion(tx, await findRule(tx, former?.uid ?? '', 'wait'), null, terms),
  );
  await expect(takeBack).rejects.toThrow(/is what is left of a phase; change rule/);
});
