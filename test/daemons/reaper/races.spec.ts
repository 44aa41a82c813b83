import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { rescuer } from '../../../src/daemons/rescuer.js';
import { execute, sql, type Tx } from '../../../src/db/index.js';
import {
  claimDue,
  claimToken,
  type ClaimSpec,
  forgetClaims,
  giveBackClaims,
  renewClaims,
  urgentTombstone,
  verifyClaims,
  type VerifySpec,
} from '../../../src/replicas/index.js';
import { addRules, rulesTerms } from '../../../src/rules/index.js';
import {
  type DidId,
  ReplicaState,
  RuleGrouping,
  RuleNotification,
} from '../../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { hold, someoneWaits } from '../../support/sessions.js';
import { type Dock, dock } from './dock.js';

const GREEDY = { attributes: { greedyDeletion: 'true' } };

let base: TestDatabase;
let a: Dock;
beforeEach(async () => {
  base = await testDatabase();
  a = await dock(base.db);
  await a.quay('DISK', GREEDY);
  await a.quay('B-DISK', GREEDY);
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

/** What a reaper says to the database at a moment of its work. */
async function spec(rse: string, salt = 1): Promise<ClaimSpec & VerifySpec> {
  const { rseId } = await a.key('f', rse);
  const until = new Date(a.now.getTime() + a.config.reaper.leaseSeconds * 1000);
  const later = new Date(a.now.getTime() + a.config.reaper.retrySeconds * 1000);
  return {
    rseId,
    prior: ReplicaState.AVAILABLE,
    now: a.now,
    from: null,
    to: a.now,
    token: claimToken(until, salt),
    putOff: { urgent: urgentTombstone(later), cached: later },
    keepLast: false,
    limit: 10,
  };
}
const addRule = async (tx: Tx, name: string, rseExpression: string) =>
  addRules(
    tx,
    {
      dids: [{ scope: a.scope, name }],
      accountId: a.accountId,
      copies: 1,
      rseExpression,
      grouping: RuleGrouping.DATASET,
      activity: 0,
      notification: RuleNotification.NO,
    },
    rulesTerms(a.config, a.now),
  );
const claim = async (rse: string, salt?: number) => {
  const given = await spec(rse, salt);
  return await base.db.tx((tx) => claimDue(tx, given));
};

describe('a rule and a claim that meet on a copy', () => {
  beforeEach(async () => {
    await a.file('f', 'x', 'DISK');
    await a.release('f', 'DISK');
  });

  it('the rule is first: the claim passes the copy by, waiting for nobody', async () => {
    const rule = await hold(base.db, (tx) => addRule(tx, 'f', 'DISK|B-DISK'));
    expect(await claim('DISK')).toEqual([]);
    await rule.release();
    expect(await claim('DISK')).toEqual([]);
    expect(await a.replicas()).toEqual(['f@DISK A 1']);
  });

  it('the claim is first: the rule waits, sees it, and its request waits for the bytes to go', async () => {
    await a.file('f', 'x', 'B-DISK');
    const given = await spec('DISK');
    const claiming = await hold(base.db, async (tx) => {
      expect(await claimDue(tx, given)).toMatchObject([{ claimed: true }]);
    });
    const rule = base.db.tx((tx) => addRule(tx, 'f', 'DISK'));
    await someoneWaits(base.url);
    await claiming.release();
    await rule;
    expect(await a.replicas()).toEqual(['f@B-DISK A 0', 'f@DISK B 1']);
    // Its lock was made before the claim could be seen; forgetting starts what it waits for.
    const { didId } = await a.key('f', 'DISK');
    const { files } = await base.db.tx((tx) => forgetClaims(tx, given, [didId]));
    expect(files).toBe(0);
  });

  it('a rule that comes during the deletion gets a new copy', async () => {
    await a.file('f', 'x', 'B-DISK');
    const release = a.storage('DISK').hold('remove');
    const reaping = a.reap();
    await until(async () => (await a.replicas()).includes('f@DISK B 0'));
    await a.rule('f', { rseExpression: 'DISK' });
    expect(await a.replicas()).toContain('f@DISK B 1');
    expect(await a.requests()).toEqual(['f@DISK W']);
    release();
    expect(await reaping).toMatchObject({ done: 1, failed: 0 });
    expect(await a.replicas()).toContain('f@DISK C 1');
    expect(await a.requests()).toEqual(['f@DISK Q']);
    await a.settle();
    expect(await a.replicas()).toEqual(['f@B-DISK A 0', 'f@DISK A 1']);
    expect(a.content('DISK', 'f')).toBe('x');
  });

  it('a rule that comes during a deletion that fails has its copy at once', async () => {
    await a.file('f', 'x', 'B-DISK');
    a.storage('DISK').failNext('remove', 'REFUSED');
    const release = a.storage('DISK').hold('remove');
    const reaping = a.reap();
    await until(async () => (await a.replicas()).includes('f@DISK B 0'));
    const { id } = await a.rule('f', { rseExpression: 'DISK' });
    release();
    expect(await reaping).toMatchObject({ done: 0, failed: 1 });
    expect(await a.replicas()).toContain('f@DISK A 1');
    expect(await a.requests()).toEqual([]);
    expect((await a.ruleRow(id)).state).toBe('O');
  });

  it('the last copy that a rule wants again is not deleted any more', async () => {
    const given = await spec('DISK');
    const { didId } = await a.key('f', 'DISK');
    await base.db.tx((tx) => claimDue(tx, given));
    const look = () => base.db.read((tx) => verifyClaims(tx, given, [didId]));
    expect(await look()).toMatchObject([{ last: false, locked: false }]);
    await a.rule('f', { rseExpression: 'DISK' });
    expect(await look()).toMatchObject([{ last: true, locked: true }]);
  });
});

/** Looks again and again, without a pause of its own: the database answers in its time. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds()));
}

describe('two reapers', () => {
  it('both claim the two last copies when neither sees the other, and neither deletes', async () => {
    await a.file('f', 'x', 'DISK', 'B-DISK');
    for (const rse of ['DISK', 'B-DISK']) {
      await a.release('f', rse);
      await a.guard('f', rse);
    }
    const [here, there] = [await spec('DISK', 1), await spec('B-DISK', 2)];
    const { didId } = await a.key('f', 'DISK');
    await base.db.tx(async (tx) => {
      expect(await claimDue(tx, here)).toMatchObject([{ claimed: true }]);
      expect(await base.db.tx((other) => claimDue(other, there))).toMatchObject([
        { claimed: true },
      ]);
    });
    for (const given of [here, there]) {
      expect(await base.db.read((tx) => verifyClaims(tx, given, [didId]))).toMatchObject([
        { last: true },
      ]);
    }
    await base.db.tx((tx) => execute(tx, sql`UPDATE replicas SET state = 'A'`));
  });

  it('over one heap of copies do each of them once', async () => {
    const names = Array.from({ length: 30 }, (_, i) => `f${i}`);
    for (const name of names) await a.file(name, 'x', 'DISK');
    await a.dataset('run');
    await a.attach('run', ...names);
    await a.release('run', 'DISK');
    await base.db.tx((tx) => execute(tx, sql`DELETE FROM updated_dids`));
    const tallies = await Promise.all([a.reap(), a.reap(), a.reap()]);
    const total = tallies.reduce((sum, { done }) => sum + done, 0);
    expect(total).toBe(30);
    expect(await a.held('DISK')).toEqual({ files: 0n, bytes: 0n });
    expect(a.storage('DISK').list()).toEqual([]);
  });
});

describe('a claim', () => {
  let id: DidId;
  beforeEach(async () => {
    await a.file('f', 'x', 'DISK');
    await a.release('f', 'DISK');
    ({ didId: id } = await a.key('f', 'DISK'));
  });

  it('is a token: who lost it can neither renew, nor give back, nor forget', async () => {
    const mine = await spec('DISK', 1);
    await base.db.tx((tx) => claimDue(tx, mine));
    const stranger = { ...mine, token: claimToken(a.now, 2) };
    const back = { ...stranger, state: ReplicaState.AVAILABLE, tombstone: a.now };
    await base.db.tx(async (tx) => {
      expect((await renewClaims(tx, { ...stranger, next: mine.token }, [id])).size).toBe(0);
      await giveBackClaims(tx, back, [id]);
      expect((await forgetClaims(tx, stranger, [id])).files).toBe(0);
    });
    expect(await a.replicas()).toEqual(['f@DISK B 0']);
    expect((await base.db.tx((tx) => forgetClaims(tx, mine, [id]))).files).toBe(1);
  });

  it('that was abandoned before the deletion is taken up when its lease has run out', async () => {
    await claim('DISK');
    expect(await a.reap()).toMatchObject({ seen: 0 });
    a.pass(a.config.reaper.leaseSeconds + 1);
    expect(await a.reap()).toMatchObject({ done: 1 });
    expect(a.content('DISK', 'f')).toBeUndefined();
    expect(await a.reap()).toMatchObject({ seen: 0 });
  });

  it('that was abandoned after the deletion is forgotten once', async () => {
    await claim('DISK');
    a.storage('DISK').clear();
    a.pass(a.config.reaper.leaseSeconds + 1);
    expect(await a.reap()).toMatchObject({ done: 1 });
    expect(await a.held('DISK')).toEqual({ files: 0n, bytes: 0n });
    expect(await a.replicas()).toEqual([]);
  });

  it.each([
    ['gives it back if its bytes are whole', (): void => undefined, 'f@DISK A 0'],
    ['knows it is gone if they are not', () => a.damage('DISK', 'f', 'half'), 'f@DISK U 0'],
  ])('that was abandoned on what became the last copy %s', async (_, damage, found) => {
    await claim('DISK');
    await a.guard('f', 'DISK');
    damage();
    a.pass(a.config.reaper.leaseSeconds + 1);
    expect(await a.reap()).toMatchObject({ seen: 1, done: 0 });
    expect(await a.replicas()).toEqual([found]);
  });

  it('that was abandoned after a rule met the copy is revived by the rescuer', async () => {
    await a.file('f', 'x', 'B-DISK');
    await claim('DISK');
    await a.rule('f', { rseExpression: 'DISK' });
    expect(await a.requests()).toEqual(['f@DISK W']);
    // A request is dated by the database's clock, a story by its own.
    await base.db.tx((tx) => execute(tx, sql`UPDATE requests SET created_at = ${a.now}`));
    await a.shift(rescuer(a.config));
    expect(await a.requests()).toEqual(['f@DISK W']);
    a.pass(a.config.reaper.leaseSeconds + 1);
    await a.shift(rescuer(a.config));
    expect(await a.requests()).toEqual(['f@DISK Q']);
    expect(await a.replicas()).toEqual(['f@B-DISK A 0', 'f@DISK C 1']);
  });
});
