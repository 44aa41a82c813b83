import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setLocalLimit } from '../../../src/accounts/index.js';
import { judgeCleaner } from '../../../src/daemons/judge/cleaner.js';
import { judgeInjector } from '../../../src/daemons/judge/injector.js';
import { judgePhaser } from '../../../src/daemons/judge/phaser.js';
import { execute, rows, sql } from '../../../src/db/index.js';
import { touchDids } from '../../../src/dids/index.js';
import { findRse } from '../../../src/rses/index.js';
import {
  changeRule,
  deleteRule,
  findRule,
  moveRule,
  nextPhases,
  pastOfRule,
  type Phase,
  phasesOf,
  reduceRule,
  type Rule,
  type RuleChange,
  type RuleSpec,
  rulesTerms,
} from '../../../src/rules/index.js';
import {
  RuleGrouping,
  RseType,
  RuleNotification,
  RuleState,
} from '../../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { outbox } from '../../support/events.js';
import { type Court, court, START } from '../../support/judge.js';
import { trials } from './trials.js';

let base: TestDatabase;
let a: Court;
let on: ReturnType<typeof trials>;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  on = trials(a);
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

const DAY = 86_400;
const IDLE = { seen: 0, done: 0, failed: 0, more: false };
const phaser = () => a.shift(judgePhaser(a.config));
const inject = () => a.shift(judgeInjector(a.config));
const clean = () => a.shift(judgeCleaner(a.config));
const terms = () => rulesTerms(a.config, a.now);
const rule = (uid: string) => base.db.read((tx) => findRule(tx, uid));
const withRule = <T>(uid: string, work: (tx: Parameters<typeof findRule>[0], rule: Rule) => T) =>
  base.db.tx(async (tx) => work(tx, await findRule(tx, uid, 'wait')));
const change = (uid: string, wish: RuleChange) =>
  withRule(uid, (tx, it) => changeRule(tx, it, wish, terms()));
const remove = (uid: string, purge?: boolean) =>
  withRule(uid, (tx, it) =>
    deleteRule(tx, it, {
      now: a.now,
      deleteGraceSeconds: 0,
      ...(purge !== undefined && { purge }),
    }),
  );

const phase = (rseExpression: string, more: Partial<Phase> = {}): Phase => ({
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
const days = (count: number) => ({ forSeconds: count * DAY });
const idle = (count: number) => ({ untilIdleSeconds: count * DAY });
const phased = (phases: readonly Phase[], more: Partial<RuleSpec> = {}) =>
  a.rule('run', {
    rseExpression: phases[0]?.rseExpression ?? '',
    copies: phases[0]?.copies ?? 1,
    phases,
    ...more,
  });
const diskThenTape = () => phased([phase('A-DISK', days(30)), phase('T-TAPE')]);
/** The rule is in its second phase, which waits for its copies. */
const inTransition = async () => {
  const made = await diskThenTape();
  a.pass(30 * DAY);
  expect(await phaser()).toEqual({ ...IDLE, seen: 1, done: 1 });
  await inject();
  return made;
};
const read = (name: string) =>
  base.db.tx((tx) => touchDids(tx, [{ scope: a.scope, name, at: a.now, times: 1 }]));
const states = async (uid: string) =>
  phasesOf(await rule(uid)).map(({ state, rseExpression }) => `${rseExpression} ${state}`);
const rulesLeft = () => base.db.read((tx) => execute(tx, sql`SELECT FROM rules`));

describe('a rule for disk, and then for tape', () => {
  it('holds the tape copy before it lets go of the disk, under one id', async () => {
    const { uid } = await diskThenTape();
    expect(await phaser()).toEqual(IDLE);
    a.pass(30 * DAY);
    expect(await phaser()).toEqual({ ...IDLE, seen: 1, done: 1 });
    await inject();
    expect(await rule(uid)).toMatchObject({
      rseExpression: 'T-TAPE',
      state: RuleState.REPLICATING,
    });
    expect(await clean()).toEqual(IDLE);
    expect(await a.locks()).toEqual(['f1@A-DISK O', 'f1@T-TAPE R', 'f2@A-DISK O', 'f2@T-TAPE R']);
    expect(await a.usage()).toEqual(['A-DISK 2 files 200 bytes', 'T-TAPE 2 files 200 bytes']);
    await on.arrive('T-TAPE');
    expect(await clean()).toMatchObject({ done: 1 });
    expect(await a.locks()).toEqual(['f1@T-TAPE O', 'f2@T-TAPE O']);
    expect(await a.usage()).toEqual(['T-TAPE 2 files 200 bytes']);
    expect(await rule(uid)).toMatchObject({ state: RuleState.OK, phase: 1, phaseLookAt: null });
    a.pass(9999 * DAY);
    expect(await phaser()).toEqual(IDLE);
  });

  it('shows each phase with its state and its times, and remembers them', async () => {
    const { uid } = await diskThenTape();
    const end = new Date(START.getTime() + 30 * DAY * 1000);
    expect(phasesOf(await rule(uid))).toMatchObject([
      { number: 1, state: 'current', since: START, until: end },
      { number: 2, state: 'next', since: end, until: null },
    ]);
    a.pass(31 * DAY);
    await phaser();
    expect(phasesOf(await rule(uid))).toMatchObject([
      { number: 1, state: 'done', since: START, until: a.now },
      { number: 2, state: 'current', since: a.now, until: null },
    ]);
    await inject();
    await on.arrive('T-TAPE');
    await clean();
    const past = await base.db.read((tx) => pastOfRule(tx, uid));
    expect(past.map((it) => [it.uid, it.phase, it.rseExpression])).toEqual([
      [uid, 0, 'A-DISK'],
      [uid, 1, 'T-TAPE'],
    ]);
  });

  it('keeps what was said about it', async () => {
    const { uid } = await phased([phase('A-DISK', days(1)), phase('B-DISK')], {
      comment: 'as agreed',
      meta: '"m"',
      priority: 5,
      lifetime: 90 * DAY,
      purgeReplicas: true,
    });
    const before = await rule(uid);
    a.pass(DAY);
    await phaser();
    const kept = [
      'comments',
      'meta',
      'priority',
      'expiresAt',
      'purgeReplicas',
      'createdAt',
    ] as const;
    const after = await rule(uid);
    expect(kept.map((key) => after[key])).toEqual(kept.map((key) => before[key]));
  });

  it('on tape for ever it is locked, as a rule is', async () => {
    const { uid } = await inTransition();
    expect(await rule(uid)).toMatchObject({ locked: true });
    await expect(remove(uid)).rejects.toMatchObject({ name: 'UnsupportedOperation' });
  });

  it('tells who wants to know that a phase began, and when it holds', async () => {
    const { uid } = await phased([phase('A-DISK', days(1)), phase('B-DISK')], {
      notification: RuleNotification.YES,
    });
    a.pass(DAY);
    await phaser();
    await inject();
    await on.arrive('B-DISK');
    const told = (await outbox(base.db)()).filter(({ type }) => type.startsWith('RULE'));
    expect(told.map(({ type }) => type)).toEqual(['RULE_OK', 'RULE_PHASE', 'RULE_OK']);
    expect(told[1]?.payload).toMatchObject({ scope: 'km3net', name: 'run', phase: 2, phases: 2 });
    const id = uid.replaceAll('-', '');
    expect(told.every(({ payload }) => payload['rule_id'] === id)).toBe(true);
  });
});

describe('a phase that lasts until nobody reads the data', () => {
  const once = () => phased([phase('A-DISK|B-DISK', { ...idle(90), copies: 2 }), phase('A-DISK')]);

  it('ends so long after the rule was made, if nobody ever did', async () => {
    await once();
    await inject();
    await on.arrive('B-DISK');
    a.pass(89 * DAY);
    expect(await phaser()).toEqual(IDLE);
    a.pass(DAY);
    expect(await phaser()).toMatchObject({ done: 1 });
    await inject();
    await clean();
    expect(await a.locks()).toEqual(['f1@A-DISK O', 'f2@A-DISK O']);
  });

  it('goes on with every reading, also of one file', async () => {
    const { uid } = await once();
    a.pass(60 * DAY);
    await read('f1');
    a.pass(30 * DAY);
    expect(await phaser()).toEqual({ ...IDLE, seen: 1 });
    expect(await phaser()).toEqual(IDLE);
    expect(phasesOf(await rule(uid))[0]?.until).toEqual(
      new Date(a.now.getTime() + 60 * DAY * 1000),
    );
    a.pass(60 * DAY);
    expect(await phaser()).toMatchObject({ done: 1 });
  });

  it('of a container goes on with a reading of any dataset in it', async () => {
    await a.container('year');
    await a.attach('year', 'run');
    await a.rule('year', {
      rseExpression: 'A-DISK',
      phases: [phase('A-DISK', idle(10)), phase('B-DISK')],
    });
    a.pass(9 * DAY);
    await read('f2');
    a.pass(DAY);
    expect(await phaser()).toEqual({ ...IDLE, seen: 1 });
  });

  it('to fewer copies needs no room for more', async () => {
    const one = async (name: string) => ({
      rseId: (await base.db.read((tx) => findRse(tx, name))).id,
      bytes: 250n,
    });
    for (const name of ['A-DISK', 'B-DISK']) {
      const limit = await one(name);
      await base.db.tx((tx) => setLocalLimit(tx, a.accountId, limit));
    }
    const { uid } = await once();
    await on.arrive('B-DISK');
    a.pass(90 * DAY);
    await phaser();
    await inject();
    expect(await rule(uid)).toMatchObject({ state: RuleState.OK, copies: 1 });
  });
});

describe('a next phase that does not come to hold', () => {
  it('leaves the former one where it is, says why, and goes on when it can', async () => {
    const { uid } = await diskThenTape();
    const tape = await base.db.read((tx) => findRse(tx, 'T-TAPE'));
    const limit = (bytes: bigint) =>
      base.db.tx((tx) => setLocalLimit(tx, a.accountId, { rseId: tape.id, bytes }));
    await limit(10n);
    a.pass(30 * DAY);
    await phaser();
    await inject();
    expect(await rule(uid)).toMatchObject({
      state: RuleState.STUCK,
      error: expect.stringContaining('insufficient quota'),
    });
    expect(await clean()).toEqual(IDLE);
    expect(await a.locks()).toEqual(['f1@A-DISK O', 'f2@A-DISK O']);
    await limit(1000n);
    a.pass(7200);
    await on.repair();
    await inject();
    await on.arrive('T-TAPE');
    expect(await clean()).toMatchObject({ done: 1 });
    expect(await a.locks()).toEqual(['f1@T-TAPE O', 'f2@T-TAPE O']);
  });

  it('hands over to the phase after it, and both former ones wait for that', async () => {
    const { uid } = await phased([
      phase('A-DISK', days(1)),
      phase('B-DISK', days(1)),
      phase('T-TAPE'),
    ]);
    for (let day = 0; day < 2; day++) {
      a.pass(DAY);
      await phaser();
      await inject();
    }
    expect(await states(uid)).toEqual(['A-DISK done', 'B-DISK done', 'T-TAPE current']);
    expect(await clean()).toEqual(IDLE);
    await on.arrive('T-TAPE');
    expect(await clean()).toMatchObject({ done: 2 });
    expect(await a.locks()).toEqual(['f1@T-TAPE O', 'f2@T-TAPE O']);
  });

  it('goes with the former one when its rule is deleted', async () => {
    const { uid } = await phased([phase('A-DISK', days(1)), phase('B-DISK')]);
    a.pass(DAY);
    await phaser();
    await inject();
    await remove(uid, true);
    expect(await clean()).toMatchObject({ done: 2 });
    expect([await rulesLeft(), await a.locks(), await a.usage()]).toEqual([0, [], []]);
    const epochs = sql`SELECT FROM replicas WHERE tombstone = 'epoch'`;
    expect(await base.db.read((tx) => execute(tx, epochs))).toBe(4);
  });

  it('is charged to whom the rule was given, and so is the former one', async () => {
    const other = await a.account('other');
    const { uid } = await phased([phase('A-DISK', days(1)), phase('B-DISK')]);
    a.pass(DAY);
    await phaser();
    await inject();
    await change(uid, { accountId: other });
    const owners = await base.db.read((tx) =>
      rows(tx, sql`SELECT DISTINCT account_id AS id FROM rules`),
    );
    expect(owners).toEqual([{ id: other }]);
  });
});

describe('a phase that is over', () => {
  it('does not end while the rule is locked or suspended; then it does', async () => {
    const { uid } = await phased([phase('A-DISK', days(1)), phase('B-DISK')], { locked: true });
    a.pass(DAY);
    expect(await phaser()).toEqual({ ...IDLE, seen: 1 });
    expect(await phaser()).toEqual(IDLE);
    await change(uid, { locked: false, state: RuleState.SUSPENDED });
    a.pass(3600);
    expect(await phaser()).toEqual({ ...IDLE, seen: 1 });
    await on.write(sql`UPDATE rules SET state = ${RuleState.OK}::"char"`);
    a.pass(3600);
    expect(await phaser()).toMatchObject({ done: 1 });
  });
  it('begins no other when the rule ends', async () => {
    await phased([phase('A-DISK', days(1)), phase('B-DISK')], { lifetime: DAY + 1800 });
    a.pass(DAY);
    expect(await phaser()).toEqual({ ...IDLE, seen: 1 });
    a.pass(1800);
    expect(await clean()).toMatchObject({ done: 1 });
    expect(await rulesLeft()).toBe(0);
  });
});

describe('a rule with phases', () => {
  it('that is moved goes on with them from where it is', async () => {
    const { uid } = await phased([phase('A-DISK', days(30)), phase('T-TAPE')]);
    a.pass(10 * DAY);
    const { uid: moved } = await withRule(uid, (tx, it) =>
      moveRule(tx, it, { rseExpression: 'B-DISK', override: {} }, terms()),
    );
    expect(await states(moved)).toEqual(['B-DISK current', 'T-TAPE next']);
    await on.arrive('B-DISK');
    await clean();
    a.pass(20 * DAY);
    expect(await phaser()).toMatchObject({ done: 1 });
    expect(await states(moved)).toEqual(['B-DISK done', 'T-TAPE current']);
  });

  it('that is reduced goes on with them too', async () => {
    await a.copies('B-DISK', ['f1', 'f2']);
    const { uid } = await phased([
      phase('A-DISK|B-DISK', { copies: 2, ...days(30) }),
      phase('T-TAPE'),
    ]);
    const { uid: reduced } = await withRule(uid, (tx, it) =>
      reduceRule(tx, it, { copies: 1, exclude: null }, terms()),
    );
    expect(phasesOf(await rule(reduced))).toMatchObject([
      { copies: 1, state: 'current', since: START },
      { state: 'next' },
    ]);
  });

  it('is there once, whichever phase holds', async () => {
    await inTransition();
    await expect(diskThenTape()).rejects.toMatchObject({ name: 'DuplicateRule' });
  });

  it('is no duplicate of a rule without', async () => {
    await a.rule('run', { rseExpression: 'T-TAPE' });
    await a.rule('run', { rseExpression: 'A-DISK' });
    const { uid } = await inTransition();
    expect(await rule(uid)).toMatchObject({ rseExpression: 'T-TAPE' });
  });
});

describe('phasers', () => {
  it('that die before they commit have done nothing', async () => {
    const { uid } = await diskThenTape();
    a.pass(30 * DAY);
    await base.db
      .tx(async (tx) => {
        await nextPhases(tx, terms());
        throw new Error('killed');
      })
      .catch(() => undefined);
    expect(await states(uid)).toEqual(['A-DISK current', 'T-TAPE next']);
    expect(await phaser()).toMatchObject({ done: 1 });
    expect(await rulesLeft()).toBe(2);
  });

  it('two of them at once do nothing twice', async () => {
    for (let at = 0; at < 20; at++) {
      await a.dataset(`d${at}`);
      await a.rule(`d${at}`, {
        rseExpression: 'A-DISK',
        phases: [phase('A-DISK', days(1)), phase('B-DISK')],
      });
    }
    a.pass(DAY);
    const tallies = await Promise.all([phaser(), phaser(), phaser()]);
    expect(tallies.reduce((sum, { done }) => sum + done, 0)).toBe(20);
    expect(await rulesLeft()).toBe(40);
  });
});
