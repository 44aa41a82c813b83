import { afterEach, beforeEach } from '@jest/globals';
import { judgeCleaner } from '../../src/daemons/judge/cleaner.js';
import { judgeInjector } from '../../src/daemons/judge/injector.js';
import { judgePhaser } from '../../src/daemons/judge/phaser.js';
import { type Tx } from '../../src/db/index.js';
import {
  findRule,
  type Phase,
  phasesOf,
  type Rule,
  type RuleSpec,
  rulesTerms,
} from '../../src/rules/index.js';
import { RseType, RuleGrouping } from '../../src/vocabulary/index.js';
import { trials } from '../daemons/judge/trials.js';
import { type TestDatabase, testDatabase } from './database.js';
import { type Court, court } from './judge.js';

export const DAY = 86_400;
export const days = (count: number) => ({ forSeconds: count * DAY });
export const idle = (count: number) => ({ untilIdleSeconds: count * DAY });

/** A phase of one copy without an end. */
export const phase = (rseExpression: string, more: Partial<Phase> = {}): Phase => ({
  forSeconds: null,
  untilIdleSeconds: null,
  copies: 1,
  rseExpression,
  weight: null,
  grouping: RuleGrouping.DATASET,
  constraints: null,
  locked: false,
  since: null,
  ...more,
});

/** A new court before each test: two disks, a tape, and the dataset `run` with two files at A-DISK. */
export function phasedCourts() {
  let base: TestDatabase;
  let a: Court;
  beforeEach(async () => {
    base = await testDatabase();
    a = await court(base.db);
    for (const name of ['A-DISK', 'B-DISK', 'T-TAPE']) {
      await a.rse(name, { type: name === 'T-TAPE' ? RseType.TAPE : RseType.DISK });
    }
    await a.dataset('run');
    await a.data('run', ['f1', 'f2'], 'A-DISK');
  });
  afterEach(async () => {
    await a.audit();
    await base.close();
  });

  const phaser = () => a.shift(judgePhaser(a.config));
  const inject = () => a.shift(judgeInjector(a.config));
  const rule = (uid: string) => base.db.read((tx) => findRule(tx, uid));
  const phased = (phases: readonly Phase[], more: Partial<RuleSpec> = {}) =>
    a.rule('run', {
      rseExpression: phases[0]?.rseExpression ?? '',
      copies: phases[0]?.copies ?? 1,
      phases,
      ...more,
    });
  return {
    get db() {
      return base.db;
    },
    get a() {
      return a;
    },
    get on() {
      return trials(a);
    },
    phaser,
    inject,
    clean: () => a.shift(judgeCleaner(a.config)),
    terms: () => rulesTerms(a.config, a.now),
    rule,
    /** Something is done with a rule whose row is held. */
    withRule: <T>(uid: string, work: (tx: Tx, rule: Rule) => T) =>
      base.db.tx(async (tx) => await work(tx, await findRule(tx, uid, 'wait'))),
    /** A rule on `run`. */
    phased,
    diskThenTape: () => phased([phase('A-DISK', days(30)), phase('T-TAPE')]),
    /** Time passes; what is due begins and is placed. */
    passes: async (count: number) => {
      a.pass(count * DAY);
      await phaser();
      await inject();
    },
    /** `current: 1 on A-DISK`: one text a phase. */
    told: async (uid: string) =>
      phasesOf(await rule(uid)).map(
        ({ state, copies, rseExpression }) => `${state}: ${copies} on ${rseExpression}`,
      ),
  };
}
