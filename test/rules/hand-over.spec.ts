import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { judgeCleaner } from '../../src/daemons/judge/cleaner.js';
import { judgeRepairer } from '../../src/daemons/judge/repairer.js';
import { execute, rows, sql } from '../../src/db/index.js';
import {
  confirmCopies,
  handOverLocks,
  locksAt,
  moveRule,
  rulesTerms,
  selectRules,
} from '../../src/rules/index.js';
import { RuleGrouping } from '../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Court, court } from '../support/judge.js';

let base: TestDatabase;
let a: Court;
let x = 0;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  x = await a.rse('A-DISK');
  await a.rse('B-DISK');
  await a.dataset('run');
  await a.data('run', ['f1', 'f2', 'f3'], 'A-DISK');
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const terms = () => rulesTerms(a.config, a.now);
const leave = (id: bigint, limit = 100) =>
  base.db.tx(async (tx) => {
    const rules = await selectRules(tx, { where: sql`r.id = ${id}`, hold: 'wait' });
    const [rule] = rules;
    if (!rule) throw new Error('no rule');
    const files = sql`SELECT did_id, rule_id FROM (${locksAt(rule, x, limit)}) l`;
    const wish = { cause: 'drain', purge: true, origin: x, files };
    return await handOverLocks(tx, rules, wish, terms());
  });
/** Copies arrive, as the finisher tells it. */
const arrive = (rse: string, ...names: string[]) =>
  base.db.tx(async (tx) => {
    const copies = await rows<{ didId: bigint; rseId: number }>(
      tx,
      sql`WITH here AS (UPDATE replicas r SET state = 'A' FROM dids d, rses e
            WHERE d.id = r.did_id AND e.id = r.rse_id AND e.name = ${rse} AND d.name = ANY(${names}::text[])
            RETURNING r.did_id, r.rse_id)
          SELECT did_id AS "didId", rse_id AS "rseId" FROM here`,
    );
    await execute(
      tx,
      sql`DELETE FROM requests WHERE did_id = ANY(${copies.map(({ didId }) => didId)}::bigint[])`,
    );
    await confirmCopies(tx, copies, a.now);
  });
const clean = () => a.shift(judgeCleaner(a.config));

describe('a lock that moves', () => {
  it('gets a successor first, and is let go when that one is OK', async () => {
    const { id } = await a.rule('run', { rseExpression: 'A-DISK|B-DISK' });
    expect(await leave(id)).toMatchObject({ moved: 3, refused: [] });
    expect(await a.locks()).toEqual([
      'f1@A-DISK O',
      'f1@B-DISK R',
      'f2@A-DISK O',
      'f2@B-DISK R',
      'f3@A-DISK O',
      'f3@B-DISK R',
    ]);
    expect(await clean()).toMatchObject({ done: 0 });
    await arrive('B-DISK', 'f1', 'f3');
    expect(await clean()).toMatchObject({ done: 2 });
    expect(await a.locks()).toEqual(['f1@B-DISK O', 'f2@A-DISK O', 'f2@B-DISK R', 'f3@B-DISK O']);
    expect(await clean()).toMatchObject({ done: 0 });
    // The copies that it has left are guarded, and due at once.
    const left = await base.db.read((tx) =>
      rows<{ cause: string; tombstone: Date }>(
        tx,
        sql`SELECT g.cause, r.tombstone FROM guarded_copies g JOIN replicas r USING (did_id, rse_id)`,
      ),
    );
    expect(left).toEqual([
      { cause: 'move', tombstone: new Date(0) },
      { cause: 'move', tombstone: new Date(0) },
    ]);
  });

  it('stays with its dataset, from one slice to the next', async () => {
    await a.rse('C-DISK');
    const { id } = await a.rule('run', { rseExpression: 'A-DISK|B-DISK|C-DISK' });
    await leave(id, 1);
    await leave(id, 1);
    await leave(id, 1);
    const targets = (await a.locks()).filter((lock) => lock.endsWith('R'));
    expect(new Set(targets.map((lock) => lock.split('@')[1])).size).toBe(1);
    expect(targets).toHaveLength(3);
    expect(await leave(id)).toMatchObject({ moved: 0 });
  });

  it('goes its own way where files are placed one by one', async () => {
    const names = Array.from({ length: 30 }, (_, i) => `n${i}`);
    await a.rse('C-DISK');
    await a.dataset('many');
    await a.data('many', names, 'A-DISK');
    const { id } = await a.rule('many', {
      rseExpression: 'A-DISK|B-DISK|C-DISK',
      grouping: RuleGrouping.NONE,
    });
    expect(await leave(id)).toMatchObject({ moved: 30, refused: [] });
    const places = (await a.locks(id)).filter((lock) => lock.endsWith('R'));
    expect(new Set(places.map((lock) => lock.split('@')[1]))).toEqual(
      new Set(['B-DISK R', 'C-DISK R']),
    );
  });

  it('stays where limits leave no room, and says so', async () => {
    await a.rse('C-DISK', { limit: 250n });
    const whole = await a.rule('run', { rseExpression: 'A-DISK|C-DISK' });
    const { moved, refused } = await leave(whole.id);
    expect(moved).toBe(0);
    expect(refused[0]?.error.name).toBe('InsufficientAccountLimit');
    const each = await a.rule('run', {
      rseExpression: 'C-DISK|A-DISK',
      grouping: RuleGrouping.NONE,
    });
    expect(await leave(each.id)).toMatchObject({ moved: 2 });
    expect(await a.locks(each.id)).toHaveLength(5);
  });

  it('stays where the expression names nothing else', async () => {
    const { id } = await a.rule('run', { rseExpression: 'A-DISK' });
    await expect(leave(id)).rejects.toThrow(/'A-DISK' names no other RSE that can be written now/);
    expect(await a.locks()).toHaveLength(3);
  });

  it('is at its place at once where a copy is there already', async () => {
    await a.copies('B-DISK', ['f1', 'f2', 'f3']);
    const { id } = await a.rule('run', { rseExpression: 'A-DISK|B-DISK', copies: 1 });
    const there = (await a.locks())[0]?.includes('A-DISK');
    if (!there) return expect(await leave(id)).toMatchObject({ moved: 0 });
    await leave(id);
    await clean();
    expect(await a.locks()).toEqual(['f1@B-DISK O', 'f2@B-DISK O', 'f3@B-DISK O']);
  });

  it('is not taken for one too many by the repairer', async () => {
    const { id } = await a.rule('run', { rseExpression: 'A-DISK|B-DISK' });
    await leave(id);
    await base.db.tx((tx) =>
      execute(
        tx,
        sql`UPDATE rules SET state = 'S', stuck_at = ${a.now}, repair_at = ${a.now} WHERE id = ${id}`,
      ),
    );
    await a.shift(judgeRepairer(a.config));
    expect(await a.locks(id)).toHaveLength(6);
  });

  it('lets the move be over when its rule ends, and new files come to the new place', async () => {
    const { id } = await a.rule('run', {
      rseExpression: 'A-DISK|B-DISK',
      grouping: RuleGrouping.ALL,
    });
    await leave(id);
    const { placement } = (
      await base.db.read((tx) => selectRules(tx, { where: sql`r.id = ${id}` }))
    )[0] ?? { placement: null };
    expect(placement?.rses).not.toContain(x);
    await base.db.tx(async (tx) => {
      const [rule] = await selectRules(tx, { where: sql`r.id = ${id}`, hold: 'wait' });
      if (rule) await moveRule(tx, rule, { rseExpression: 'B-DISK', override: {} }, terms());
    });
    await arrive('B-DISK', 'f1', 'f2', 'f3');
    a.pass(1);
    await clean();
    await clean();
    expect(await a.locks()).toEqual(['f1@B-DISK O', 'f2@B-DISK O', 'f3@B-DISK O']);
    expect(await base.db.read((tx) => execute(tx, sql`SELECT FROM lock_moves`))).toBe(0);
  });
});
