import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { judgeInjector } from '../../../src/daemons/judge/injector.js';
import { judgeCleaner } from '../../../src/daemons/judge/cleaner.js';
import { execute, only, rows, sql } from '../../../src/db/index.js';
import {
  changeRule,
  deleteRule,
  expireNext,
  findRule,
  rulesTerms,
} from '../../../src/rules/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { type Court, court, START } from '../../support/judge.js';

let base: TestDatabase;
let a: Court;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  await a.rse('A-DISK');
  await a.rse('B-DISK', { attributes: { tombstone_delay: '3600' } });
  await a.dataset('run');
  await a.data('run', ['f1', 'f2', 'f3'], 'A-DISK', 'B-DISK');
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const clean = () => a.shift(judgeCleaner(a.config));
const tombstones = (rse: string) =>
  base.db.read(async (tx) =>
    (
      await rows<{ tombstone: Date | null }>(
        tx,
        sql`SELECT DISTINCT tombstone FROM replicas WHERE rse_id = (SELECT id FROM rses WHERE name = ${rse})`,
      )
    ).map(({ tombstone }) => tombstone?.toISOString() ?? null),
  );
const IDLE = { seen: 0, done: 0, failed: 0, more: false };

describe('a rule that expires', () => {
  it('loses its locks, gives back what it was charged, and goes into history', async () => {
    const { id } = await a.rule('run', { rseExpression: 'A-DISK', lifetime: 60 });
    expect(await clean()).toEqual(IDLE);
    a.pass(60);
    expect(await clean()).toEqual({ seen: 1, done: 1, failed: 0, more: false });
    expect(await a.locks()).toEqual([]);
    expect(await a.usage()).toEqual([]);
    expect(
      await base.db.read((tx) => execute(tx, sql`SELECT FROM rules_history WHERE id = ${id}`)),
    ).toBe(1);
    expect(await clean()).toEqual(IDLE);
  });

  it('goes in slices, and on after a crash between two of them', async () => {
    await a.rule('run', { rseExpression: 'A-DISK', lifetime: 0 });
    const { sliceLocks: _, ...terms } = rulesTerms(a.config, a.now);
    const slice = { ...terms, locksMax: 2 };
    expect(await base.db.tx((tx) => expireNext(tx, slice))).toEqual({
      rules: 0,
      locks: 2,
      more: true,
    });
    expect(await a.locks()).toHaveLength(1);
    await a.audit();
    await base.db
      .tx(async (tx) => {
        await expireNext(tx, slice);
        throw new Error('killed');
      })
      .catch(() => undefined);
    expect(await a.locks()).toHaveLength(1);
    expect(await clean()).toMatchObject({ seen: 1, done: 1 });
    expect(await a.locks()).toEqual([]);
  });

  it('is whole again when its end is taken back between two slices', async () => {
    const { id, uid } = await a.rule('run', { rseExpression: 'A-DISK', lifetime: 0 });
    const { sliceLocks: _, ...terms } = rulesTerms(a.config, a.now);
    await base.db.tx((tx) => expireNext(tx, { ...terms, locksMax: 2 }));
    await base.db.tx(async (tx) =>
      changeRule(
        tx,
        await findRule(tx, uid, 'wait'),
        { lifetime: null },
        rulesTerms(a.config, a.now),
      ),
    );
    expect(await clean()).toEqual(IDLE);
    await a.shift(judgeInjector(a.config));
    expect(await a.locks(id)).toEqual(['f1@A-DISK O', 'f2@A-DISK O', 'f3@A-DISK O']);
    expect((await a.ruleRow(id)).state).toBe('O');
  });

  it('leaves what another rule holds', async () => {
    await a.rule('run', { rseExpression: 'A-DISK', lifetime: 0 });
    await a.rule('f1', { rseExpression: 'A-DISK' });
    await clean();
    expect((await a.replicas()).filter((copy) => copy.includes('A-DISK'))).toEqual([
      'f1@A-DISK A 1',
      'f2@A-DISK A 0',
      'f3@A-DISK A 0',
    ]);
  });

  it('leaves copies due by last access and the delay of the RSE, or at once when purged', async () => {
    await a.rule('run', { rseExpression: 'A-DISK', lifetime: 0 });
    await a.rule('run', { rseExpression: 'B-DISK', lifetime: 0 });
    await base.db.tx((tx) => execute(tx, sql`UPDATE replicas SET accessed_at = ${START}`));
    await clean();
    const hour = new Date(START.getTime() + 3_600_000).toISOString();
    expect(await tombstones('A-DISK')).toEqual([START.toISOString()]);
    expect(await tombstones('B-DISK')).toEqual([hour]);
    await a.rule('run', { rseExpression: 'B-DISK', lifetime: 0, purgeReplicas: true });
    await clean();
    expect(await tombstones('B-DISK')).toEqual(['1970-01-01T00:00:00.000Z']);
  });

  it('cancels what was still to be copied', async () => {
    await a.rse('C-DISK');
    await a.rule('run', { rseExpression: 'C-DISK', lifetime: 0 });
    expect(await a.requests()).toHaveLength(3);
    await clean();
    expect(await a.requests()).toEqual([]);
    expect(await tombstones('C-DISK')).toEqual(['1970-01-01T00:00:00.000Z']);
    const { cause } = await base.db.read((tx) =>
      only<{ cause: string }>(tx, sql`SELECT min(cause) AS cause FROM requests_history`),
    );
    expect(cause).toBe('CANCELLED');
  });

  it('stays while it is locked, and while its child is not OK', async () => {
    await a.rse('C-DISK');
    const parent = await a.rule('run', { rseExpression: 'A-DISK', lifetime: 0 });
    const child = await a.rule('run', { rseExpression: 'C-DISK' });
    const set = (assignment: string) =>
      base.db.tx((tx) => tx.query(`UPDATE rules SET ${assignment} WHERE id = ${parent.id}`));
    await set('locked = true');
    expect(await clean()).toEqual(IDLE);
    await set(`locked = false, child_rule_id = ${child.id}`);
    expect(await clean()).toEqual(IDLE);
    await base.db.tx((tx) => execute(tx, sql`UPDATE rules SET state = 'O' WHERE id = ${child.id}`));
    expect(await clean()).toMatchObject({ done: 1 });
    // Its protection ended because it was replaced.
    expect(
      await base.db.read((tx) => execute(tx, sql`SELECT FROM guarded_copies WHERE cause = 'move'`)),
    ).toBe(3);
  });

  it('deleted by its owner it stays for a time of grace', async () => {
    const { uid } = await a.rule('run', { rseExpression: 'A-DISK' });
    await base.db.tx(async (tx) =>
      deleteRule(tx, await findRule(tx, uid), { now: a.now, deleteGraceSeconds: 3600 }),
    );
    expect(await clean()).toEqual(IDLE);
    a.pass(3600);
    expect(await clean()).toMatchObject({ done: 1 });
  });
});
