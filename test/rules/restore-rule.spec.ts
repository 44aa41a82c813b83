import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { judgeCleaner } from '../../src/daemons/judge/cleaner.js';
import { judgeEvaluator } from '../../src/daemons/judge/evaluator.js';
import { judgeInjector } from '../../src/daemons/judge/injector.js';
import { execute, rows, type Sql, sql } from '../../src/db/index.js';
import {
  deleteRule,
  findDeletedRule,
  findRule,
  holdForRule,
  type Restoration,
  restoreRule,
  rulesTerms,
  takeBackDeletion,
} from '../../src/rules/index.js';
import { type DidId, RuleGrouping } from '../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Court, court } from '../support/judge.js';

let base: TestDatabase;
let a: Court;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  for (const name of ['A-DISK', 'B-DISK', 'C-DISK']) await a.rse(name);
  await a.dataset('run');
  await a.data('run', ['f1', 'f2'], 'A-DISK', 'B-DISK');
  await a.shift(judgeEvaluator(a.config));
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const write = (statement: Sql) => base.db.tx((tx) => execute(tx, statement));

/** Deleted without grace, and gone. */
const end = async (uid: string) => {
  await base.db.tx(async (tx) =>
    deleteRule(tx, await findRule(tx, uid, 'wait'), { now: a.now, deleteGraceSeconds: 0 }),
  );
  await a.shift(judgeCleaner(a.config));
};

const hold = async (uid: string) => {
  const past = await base.db.read((tx) => findDeletedRule(tx, uid));
  for (let after: DidId | null = -1n; after !== null;) {
    const from: DidId = after;
    after = await base.db.tx((tx) => holdForRule(tx, past, from, a.now));
  }
  return past;
};

const restore = async (uid: string, wish: Partial<Restoration> = {}, terms = {}) => {
  const past = await hold(uid);
  return await base.db.tx((tx) =>
    restoreRule(
      tx,
      past,
      { lifetime: null, copyAgain: false, passLimits: false, ...wish },
      { ...rulesTerms(a.config, a.now), ...terms },
    ),
  );
};

const tombstones = () =>
  base.db.read(async (tx) =>
    (
      await rows<{ at: Date | null }>(
        tx,
        sql`SELECT tombstone AS at FROM replicas ORDER BY did_id, rse_id`,
      )
    ).map(({ at }) => at),
  );

const twoCopies = { copies: 2, rseExpression: 'A-DISK|B-DISK|C-DISK' };

describe('a deleted rule', () => {
  it.each([RuleGrouping.ALL, RuleGrouping.DATASET, RuleGrouping.NONE])(
    'stands again under its id, on the copies that still stand (grouping %s)',
    async (grouping) => {
      const { uid } = await a.rule('run', {
        ...twoCopies,
        grouping,
        comment: 'keep',
        priority: 4,
        lifetime: 60,
      });
      const before = await a.replicas();
      await end(uid);
      expect(await a.locks()).toEqual([]);
      a.pass(3600);

      const again = await restore(uid);
      expect(again.uid).toBe(uid);
      expect(await base.db.read((tx) => findRule(tx, uid))).toMatchObject({
        state: 'O',
        comments: 'keep',
        priority: 4,
        grouping,
        copies: 2,
        expiresAt: null,
        locksOk: 4n,
      });
      expect(await a.replicas()).toEqual(before);
      expect(await tombstones()).toEqual([null, null, null, null]);
      expect(await a.requests()).toEqual([]);
      expect(await a.usage()).toEqual(['A-DISK 2 files 200 bytes', 'B-DISK 2 files 200 bytes']);
    },
  );

  it('keeps how its copies stand to each other', async () => {
    const part = (rseExpression: string) => ({ copies: 1, rseExpression, weight: null });
    const constraints = { parts: [part('A-DISK'), part('B-DISK')], distinct: [], maxSkew: null };
    const { uid } = await a.rule('run', {
      ...{ copies: 2, rseExpression: '(A-DISK)|(B-DISK)', constraints },
    });
    await end(uid);
    await restore(uid);
    expect(await base.db.read((tx) => findRule(tx, uid))).toMatchObject({
      state: 'O',
      constraints,
    });
  });

  it('is refused, with how many, where copies are gone; copy_again makes them anew', async () => {
    const { uid } = await a.rule('run', twoCopies);
    await end(uid);
    await write(sql`DELETE FROM replicas WHERE rse_id = (SELECT id FROM rses WHERE name = 'B-DISK')
      AND did_id = (SELECT id FROM dids WHERE name = 'f1')`);
    await expect(restore(uid)).rejects.toThrow(/of its 4 copies 3 still stand .* 1 of 2 files/);
    expect(await a.locks()).toEqual([]);
    await restore(uid, { copyAgain: true });
    expect(await a.requests()).toEqual(['f1@B-DISK Q']);
  });

  it('does not count what is being deleted', async () => {
    const { uid } = await a.rule('run', twoCopies);
    await end(uid);
    await write(
      sql`UPDATE replicas SET state = 'B' WHERE rse_id = (SELECT id FROM rses WHERE name = 'A-DISK')`,
    );
    await expect(restore(uid)).rejects.toThrow(/of its 4 copies 2 still stand/);
    await restore(uid, { copyAgain: true });
    expect(await a.locks()).toHaveLength(4);
    await write(sql`DELETE FROM requests WHERE state = 'W'`);
    await write(sql`UPDATE replicas SET state = 'A' WHERE state = 'B'`);
    await write(sql`UPDATE locks SET state = 'O'`);
    await write(sql`UPDATE rules SET locks_ok = 4, locks_replicating = 0, state = 'O'`);
  });

  it('is refused where its copies stand, but not together', async () => {
    const { uid } = await a.rule('run', {
      rseExpression: 'A-DISK|C-DISK',
      grouping: RuleGrouping.ALL,
    });
    await end(uid);
    await a.copies('C-DISK', ['f1']);
    await write(sql`DELETE FROM replicas WHERE rse_id = (SELECT id FROM rses WHERE name = 'A-DISK')
      AND did_id = (SELECT id FROM dids WHERE name = 'f1')`);
    await expect(restore(uid)).rejects.toThrow(/not where the rule would keep them together/);
  });

  it('has its copies held while it is on its way back: no reaper finds them due', async () => {
    const { uid } = await a.rule('run', { ...twoCopies, purgeReplicas: true });
    await end(uid);
    expect(await tombstones()).toEqual([0, 0, 0, 0].map((at) => new Date(at)));
    await hold(uid);
    const due = a.now.getTime() / 1000;
    for (const at of await tombstones()) {
      // To go at once, but not before tomorrow: see urgentTombstone.
      expect(at?.getTime()).toBeGreaterThan(due + 86_000);
      expect(at?.getTime()).toBeLessThan(new Date('1980-01-01').getTime());
    }
  });

  it('is placed by the injector where it is large', async () => {
    const { uid } = await a.rule('run', twoCopies);
    await end(uid);
    await restore(uid, {}, { synchronousLocksMax: 1 });
    expect(await base.db.read((tx) => findRule(tx, uid))).toMatchObject({ state: 'I' });
    await a.shift(judgeInjector(a.config));
    expect(await base.db.read((tx) => findRule(tx, uid))).toMatchObject({
      state: 'O',
      locksOk: 4n,
    });
    expect(await a.requests()).toEqual([]);
  });

  it('pays as any new rule does', async () => {
    const { uid } = await a.rule('run', twoCopies);
    await end(uid);
    await write(sql`UPDATE account_limits SET bytes = 150`);
    await expect(restore(uid)).rejects.toThrow(/limit|quota/i);
    expect(await a.usage()).toEqual([]);
  });

  it('is not restored beside the same rule, nor twice', async () => {
    const { uid } = await a.rule('run', twoCopies);
    await end(uid);
    const both = await Promise.allSettled([restore(uid), restore(uid)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await end(uid);
    await a.rule('run', twoCopies);
    await expect(restore(uid)).rejects.toThrow(/duplicate rule/i);
  });

  it('can end and come back again', async () => {
    const { uid } = await a.rule('run', twoCopies);
    for (let n = 0; n < 3; n++) {
      await end(uid);
      await restore(uid);
    }
    expect(await a.locks()).toHaveLength(4);
  });

  it('is unknown once the history has let it go', async () => {
    const { uid } = await a.rule('run', twoCopies);
    await end(uid);
    await write(sql`DELETE FROM rules_history`);
    await expect(restore(uid)).rejects.toThrow(/No rule with the id/);
  });

  it('that was never approved has to be asked for anew', async () => {
    const { uid } = await a.rule('run', twoCopies);
    await end(uid);
    await write(sql`UPDATE rules_history SET state = 'W'`);
    await expect(restore(uid)).rejects.toThrow(/never approved/);
  });
});

describe('a rule in its time of grace', () => {
  const deleted = async (lifetime: number | null = null) => {
    const { uid } = await a.rule('run', { ...twoCopies, lifetime });
    await base.db.tx(async (tx) =>
      deleteRule(tx, await findRule(tx, uid, 'wait'), { now: a.now, deleteGraceSeconds: 3600 }),
    );
    return uid;
  };
  const takeBack = (uid: string) =>
    base.db.tx(async (tx) => {
      const terms = { ...rulesTerms(a.config, a.now), deleteGraceSeconds: 3600 };
      await takeBackDeletion(tx, await findRule(tx, uid, 'wait'), null, terms);
    });

  it('loses its expiry', async () => {
    const uid = await deleted();
    await takeBack(uid);
    expect(await base.db.read((tx) => findRule(tx, uid))).toMatchObject({
      state: 'O',
      expiresAt: null,
    });
  });

  it('that was not deleted keeps its own', async () => {
    const { uid } = await a.rule('run', { ...twoCopies, lifetime: 86_400 });
    await expect(takeBack(uid)).rejects.toThrow(/not deleted; it expires at/);
  });
});
