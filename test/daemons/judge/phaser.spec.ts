import { describe, expect, it } from '@jest/globals';
import { setLocalLimit } from '../../../src/accounts/index.js';
import { execute, rows, sql } from '../../../src/db/index.js';
import { touchDids } from '../../../src/dids/index.js';
import { appendAccesses } from '../../../src/replicas/index.js';
import { findRse } from '../../../src/rses/index.js';
import {
  changeRule,
  deleteRule,
  moveRule,
  nextPhases,
  pastOfRule,
  phasesOf,
  reduceRule,
  type RuleChange,
} from '../../../src/rules/index.js';
import { RuleNotification, RuleState } from '../../../src/vocabulary/index.js';
import { outbox } from '../../support/events.js';
import { START } from '../../support/judge.js';
import { DAY, days, idle, phase, phasedCourts } from '../../support/phases.js';

const stage = phasedCourts();
const { phaser, inject, clean, rule, withRule, terms, phased, diskThenTape } = stage;

const IDLE = { seen: 0, done: 0, failed: 0, more: false };
const change = (uid: string, wish: RuleChange) =>
  withRule(uid, (tx, it) => changeRule(tx, it, wish, terms()));
const remove = (uid: string, purge?: boolean) =>
  withRule(uid, (tx, it) =>
    deleteRule(tx, it, {
      now: stage.a.now,
      deleteGraceSeconds: 0,
      ...(purge !== undefined && { purge }),
    }),
  );

/** The rule is in its second phase, which waits for its copies. */
const inTransition = async () => {
  const made = await diskThenTape();
  stage.a.pass(30 * DAY);
  expect(await phaser()).toEqual({ ...IDLE, seen: 1, done: 1 });
  await inject();
  return made;
};
const read = (name: string) =>
  stage.db.tx((tx) => touchDids(tx, [{ scope: stage.a.scope, name, at: stage.a.now, times: 1 }]));
const states = async (uid: string) =>
  phasesOf(await rule(uid)).map(({ state, rseExpression }) => `${rseExpression} ${state}`);
const rulesLeft = () => stage.db.read((tx) => execute(tx, sql`SELECT FROM rules`));

describe('a rule for disk, and then for tape', () => {
  it('holds the tape copy before it lets go of the disk, under one id', async () => {
    const { uid } = await diskThenTape();
    expect(await phaser()).toEqual(IDLE);
    stage.a.pass(30 * DAY);
    expect(await phaser()).toEqual({ ...IDLE, seen: 1, done: 1 });
    await inject();
    expect(await rule(uid)).toMatchObject({
      rseExpression: 'T-TAPE',
      state: RuleState.REPLICATING,
    });
    expect(await clean()).toEqual(IDLE);
    expect(await stage.a.locks()).toEqual([
      'f1@A-DISK O',
      'f1@T-TAPE R',
      'f2@A-DISK O',
      'f2@T-TAPE R',
    ]);
    expect(await stage.a.usage()).toEqual(['A-DISK 2 files 200 bytes', 'T-TAPE 2 files 200 bytes']);
    await stage.on.arrive('T-TAPE');
    expect(await clean()).toMatchObject({ done: 1 });
    expect(await stage.a.locks()).toEqual(['f1@T-TAPE O', 'f2@T-TAPE O']);
    expect(await stage.a.usage()).toEqual(['T-TAPE 2 files 200 bytes']);
    expect(await rule(uid)).toMatchObject({ state: RuleState.OK, phase: 1, phaseLookAt: null });
    stage.a.pass(9999 * DAY);
    expect(await phaser()).toEqual(IDLE);
  });

  it('shows each phase with its state and its times, and remembers them', async () => {
    const { uid } = await diskThenTape();
    const end = new Date(START.getTime() + 30 * DAY * 1000);
    expect(phasesOf(await rule(uid))).toMatchObject([
      { number: 1, state: 'current', since: START, until: end },
      { number: 2, state: 'next', since: end, until: null },
    ]);
    stage.a.pass(31 * DAY);
    await phaser();
    expect(phasesOf(await rule(uid))).toMatchObject([
      { number: 1, state: 'done', since: START, until: stage.a.now },
      { number: 2, state: 'current', since: stage.a.now, until: null },
    ]);
    await inject();
    await stage.on.arrive('T-TAPE');
    await clean();
    const past = await stage.db.read((tx) => pastOfRule(tx, uid));
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
    stage.a.pass(DAY);
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
    stage.a.pass(DAY);
    await phaser();
    await inject();
    await stage.on.arrive('B-DISK');
    const told = (await outbox(stage.db)()).filter(({ type }) => type.startsWith('RULE'));
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
    await stage.on.arrive('B-DISK');
    stage.a.pass(89 * DAY);
    expect(await phaser()).toEqual(IDLE);
    stage.a.pass(DAY);
    expect(await phaser()).toMatchObject({ done: 1 });
    await inject();
    await clean();
    expect(await stage.a.locks()).toEqual(['f1@A-DISK O', 'f2@A-DISK O']);
  });

  it('goes on with every reading, also of one file', async () => {
    const { uid } = await once();
    stage.a.pass(60 * DAY);
    await read('f1');
    stage.a.pass(30 * DAY);
    expect(await phaser()).toEqual({ ...IDLE, seen: 1 });
    expect(await phaser()).toEqual(IDLE);
    expect(phasesOf(await rule(uid))[0]?.until).toEqual(
      new Date(stage.a.now.getTime() + 60 * DAY * 1000),
    );
    stage.a.pass(60 * DAY);
    expect(await phaser()).toMatchObject({ done: 1 });
  });

  it('goes on with a reading that was told and that nobody has written down yet', async () => {
    const { uid } = await once();
    await stage.a.container('year');
    await stage.a.attach('year', 'run');
    const above = await stage.a.rule('year', {
      rseExpression: 'A-DISK',
      phases: [phase('A-DISK', idle(90)), phase('B-DISK')],
    });
    const at = stage.a.now;
    stage.a.pass(90 * DAY - 5);
    const access = { file: { scope: stage.a.scope, name: 'f1' }, rse: 'A-DISK', dataset: null };
    await stage.db.tx((tx) => appendAccesses(tx, [access], stage.a.now));
    stage.a.pass(5);
    expect(await phaser()).toEqual({ ...IDLE, seen: 2 });
    for (const one of [uid, above.uid]) {
      const [current] = phasesOf(await rule(one));
      expect(current?.until).toEqual(new Date(at.getTime() + (180 * DAY - 5) * 1000));
    }
  });

  it('of a container goes on with a reading of any dataset in it', async () => {
    await stage.a.container('year');
    await stage.a.attach('year', 'run');
    await stage.a.rule('year', {
      rseExpression: 'A-DISK',
      phases: [phase('A-DISK', idle(10)), phase('B-DISK')],
    });
    stage.a.pass(9 * DAY);
    await read('f2');
    stage.a.pass(DAY);
    expect(await phaser()).toEqual({ ...IDLE, seen: 1 });
  });

  it('to fewer copies needs no room for more', async () => {
    const one = async (name: string) => ({
      rseId: (await stage.db.read((tx) => findRse(tx, name))).id,
      bytes: 250n,
    });
    for (const name of ['A-DISK', 'B-DISK']) {
      const limit = await one(name);
      await stage.db.tx((tx) => setLocalLimit(tx, stage.a.accountId, limit));
    }
    const { uid } = await once();
    await stage.on.arrive('B-DISK');
    stage.a.pass(90 * DAY);
    await phaser();
    await inject();
    expect(await rule(uid)).toMatchObject({ state: RuleState.OK, copies: 1 });
  });
});

describe('a next phase that does not come to hold', () => {
  it('leaves the former one where it is, says why, and goes on when it can', async () => {
    const { uid } = await diskThenTape();
    const tape = await stage.db.read((tx) => findRse(tx, 'T-TAPE'));
    const limit = (bytes: bigint) =>
      stage.db.tx((tx) => setLocalLimit(tx, stage.a.accountId, { rseId: tape.id, bytes }));
    await limit(10n);
    stage.a.pass(30 * DAY);
    await phaser();
    await inject();
    expect(await rule(uid)).toMatchObject({
      state: RuleState.STUCK,
      error: expect.stringContaining('insufficient quota'),
    });
    expect(await clean()).toEqual(IDLE);
    expect(await stage.a.locks()).toEqual(['f1@A-DISK O', 'f2@A-DISK O']);
    await limit(1000n);
    stage.a.pass(7200);
    await stage.on.repair();
    await inject();
    await stage.on.arrive('T-TAPE');
    expect(await clean()).toMatchObject({ done: 1 });
    expect(await stage.a.locks()).toEqual(['f1@T-TAPE O', 'f2@T-TAPE O']);
  });

  it('hands over to the phase after it, and both former ones wait for that', async () => {
    const { uid } = await phased([
      phase('A-DISK', days(1)),
      phase('B-DISK', days(1)),
      phase('T-TAPE'),
    ]);
    for (let day = 0; day < 2; day++) {
      stage.a.pass(DAY);
      await phaser();
      await inject();
    }
    expect(await states(uid)).toEqual(['A-DISK done', 'B-DISK done', 'T-TAPE current']);
    expect(await clean()).toEqual(IDLE);
    await stage.on.arrive('T-TAPE');
    expect(await clean()).toMatchObject({ done: 2 });
    expect(await stage.a.locks()).toEqual(['f1@T-TAPE O', 'f2@T-TAPE O']);
  });

  it('goes with the former one when its rule is deleted', async () => {
    const { uid } = await phased([phase('A-DISK', days(1)), phase('B-DISK')]);
    stage.a.pass(DAY);
    await phaser();
    await inject();
    await remove(uid, true);
    expect(await clean()).toMatchObject({ done: 2 });
    expect([await rulesLeft(), await stage.a.locks(), await stage.a.usage()]).toEqual([0, [], []]);
    const epochs = sql`SELECT FROM replicas WHERE tombstone = 'epoch'`;
    expect(await stage.db.read((tx) => execute(tx, epochs))).toBe(4);
  });

  it('is charged to whom the rule was given, and so is the former one', async () => {
    const other = await stage.a.account('other');
    const { uid } = await phased([phase('A-DISK', days(1)), phase('B-DISK')]);
    stage.a.pass(DAY);
    await phaser();
    await inject();
    await change(uid, { accountId: other });
    const owners = await stage.db.read((tx) =>
      rows(tx, sql`SELECT DISTINCT account_id AS id FROM rules`),
    );
    expect(owners).toEqual([{ id: other }]);
  });
});

describe('a phase that is over', () => {
  it('does not end while the rule is locked or suspended; then it does', async () => {
    const { uid } = await phased([phase('A-DISK', days(1)), phase('B-DISK')], { locked: true });
    stage.a.pass(DAY);
    expect(await phaser()).toEqual({ ...IDLE, seen: 1 });
    expect(await phaser()).toEqual(IDLE);
    await change(uid, { locked: false, state: RuleState.SUSPENDED });
    stage.a.pass(3600);
    expect(await phaser()).toEqual({ ...IDLE, seen: 1 });
    await stage.on.write(sql`UPDATE rules SET state = ${RuleState.OK}::"char"`);
    stage.a.pass(3600);
    expect(await phaser()).toMatchObject({ done: 1 });
  });
  it('begins no other when the rule ends', async () => {
    await phased([phase('A-DISK', days(1)), phase('B-DISK')], { lifetime: DAY + 1800 });
    stage.a.pass(DAY);
    expect(await phaser()).toEqual({ ...IDLE, seen: 1 });
    stage.a.pass(1800);
    expect(await clean()).toMatchObject({ done: 1 });
    expect(await rulesLeft()).toBe(0);
  });
});

describe('a rule with phases', () => {
  it('that is moved goes on with them from where it is', async () => {
    const { uid } = await phased([phase('A-DISK', days(30)), phase('T-TAPE')]);
    stage.a.pass(10 * DAY);
    const { uid: moved } = await withRule(uid, (tx, it) =>
      moveRule(tx, it, { rseExpression: 'B-DISK', override: {} }, terms()),
    );
    expect(await states(moved)).toEqual(['B-DISK current', 'T-TAPE next']);
    await stage.on.arrive('B-DISK');
    await clean();
    stage.a.pass(20 * DAY);
    expect(await phaser()).toMatchObject({ done: 1 });
    expect(await states(moved)).toEqual(['B-DISK done', 'T-TAPE current']);
  });

  it('that is reduced goes on with them too', async () => {
    await stage.a.copies('B-DISK', ['f1', 'f2']);
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
    await stage.a.rule('run', { rseExpression: 'T-TAPE' });
    await stage.a.rule('run', { rseExpression: 'A-DISK' });
    const { uid } = await inTransition();
    expect(await rule(uid)).toMatchObject({ rseExpression: 'T-TAPE' });
  });
});

describe('phasers', () => {
  it('that die before they commit have done nothing', async () => {
    const { uid } = await diskThenTape();
    stage.a.pass(30 * DAY);
    await stage.db
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
      await stage.a.dataset(`d${at}`);
      await stage.a.rule(`d${at}`, {
        rseExpression: 'A-DISK',
        phases: [phase('A-DISK', days(1)), phase('B-DISK')],
      });
    }
    stage.a.pass(DAY);
    const tallies = await Promise.all([phaser(), phaser(), phaser()]);
    expect(tallies.reduce((sum, { done }) => sum + done, 0)).toBe(20);
    expect(await rulesLeft()).toBe(40);
  });
});
