import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { judgeEvaluator } from '../../../src/daemons/judge/evaluator.js';
import { judgeInjector } from '../../../src/daemons/judge/injector.js';
import { judgeRepairer } from '../../../src/daemons/judge/repairer.js';
import { execute, only, rows, sql, type Sql } from '../../../src/db/index.js';
import { failCopies, makeAvailable } from '../../../src/replicas/index.js';
import {
  changeRule,
  confirmCopies,
  findRule,
  rulesTerms,
  stickCopies,
} from '../../../src/rules/index.js';
import { activityIndex, Cause, RuleGrouping, RuleState } from '../../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { type Court, court } from '../../support/judge.js';

let base: TestDatabase;
let a: Court;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  for (const name of ['A-DISK', 'B-DISK', 'C-DISK']) await a.rse(name);
  await a.dataset('run');
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const repair = () => a.shift(judgeRepairer(a.config));
const IDLE = { seen: 0, done: 0, failed: 0, more: false };

/** All transfers to an RSE, of these files or of any, fail for good, as the finisher would tell it. */
const fail = (rse: string, names: readonly string[] | null = null, error = 'no space left') =>
  base.db.tx(async (tx) => {
    const gone = await rows<{ didId: bigint; rseId: number }>(
      tx,
      sql`DELETE FROM requests q USING dids d WHERE d.id = q.did_id
             AND rse_id = (SELECT id FROM rses WHERE name = ${rse})
             AND (${names}::text[] IS NULL OR d.name = ANY (${names}::text[]))
          RETURNING did_id AS "didId", rse_id AS "rseId"`,
    );
    const copies = sql`SELECT * FROM unnest(${gone.map(({ didId }) => didId)}::bigint[],
      ${gone.map(({ rseId }) => rseId)}::int[]) AS f(did_id, rse_id)`;
    await execute(tx, failCopies(copies));
    await stickCopies(
      tx,
      gone.map((copy) => ({ ...copy, cause: Cause.DEST_FULL, error })),
      { now: a.now, ...a.config.rules },
    );
  });
/** What is on its way to an RSE arrives, as the finisher would tell it. */
const arrive = (rse: string, names: readonly string[] | null = null) =>
  base.db.tx(async (tx) => {
    const copies = await rows<{ didId: bigint; rseId: number }>(
      tx,
      sql`DELETE FROM requests q USING dids d WHERE d.id = q.did_id
             AND rse_id = (SELECT id FROM rses WHERE name = ${rse})
             AND (${names}::text[] IS NULL OR d.name = ANY (${names}::text[]))
          RETURNING did_id AS "didId", rse_id AS "rseId"`,
    );
    const pairs = sql`SELECT * FROM unnest(${copies.map(({ didId }) => didId)}::bigint[],
      ${copies.map(({ rseId }) => rseId)}::int[]) AS f(did_id, rse_id)`;
    await execute(tx, makeAvailable(pairs, a.now));
    await confirmCopies(tx, copies, a.now);
  });
const write = (statement: Sql) => base.db.tx((tx) => execute(tx, statement));
/** Fails at that RSE as often as it takes for its locks to be tired there. */
const tire = async (rse: string, names: readonly string[] | null = null) => {
  await fail(rse, names);
  a.pass(7200);
  await repair();
  await fail(rse, names);
  a.pass(7200);
};
/** Where a rule's locks are: `f1@A-DISK`. */
const places = async (id: bigint) => (await a.locks(id)).map((lock) => lock.slice(0, -2));
const rseOf = async (id: bigint, file: string) =>
  (await places(id)).find((place) => place.startsWith(`${file}@`))?.split('@')[1] ?? '';
const stuckAt = (id: bigint) =>
  base.db.read((tx) =>
    only<{ at: Date | null }>(tx, sql`SELECT stuck_at AS at FROM rules WHERE id = ${id}`),
  );
const attempts = () =>
  base.db.read(async (tx) =>
    (
      await rows<{ attempts: number; age: number }>(
        tx,
        sql`SELECT attempts, extract(epoch FROM last_at - since)::int AS age FROM stuck_locks ORDER BY did_id`,
      )
    ).map(({ attempts: n, age }) => `${n} over ${age} s`),
  );

describe('the repairer', () => {
  it('tries a stuck lock again when its time has come, and counts', async () => {
    await a.data('run', ['f1'], 'A-DISK');
    const { id } = await a.rule('run', { rseExpression: 'B-DISK' });
    await fail('B-DISK');
    expect(await a.ruleRow(id)).toEqual({
      state: 'S',
      ok: 0,
      replicating: 0,
      stuck: 1,
      error: 'no space left',
    });
    await repair();
    expect(await a.locks()).toEqual(['f1@B-DISK S']);
    expect(await repair()).toEqual(IDLE);

    a.pass(7200);
    expect(await repair()).toMatchObject({ seen: 1 });
    expect(await a.locks()).toEqual(['f1@B-DISK R']);
    expect(await a.requests()).toEqual(['f1@B-DISK Q']);
    expect(await a.ruleRow(id)).toMatchObject({ state: 'R', stuck: 0, error: null });
    expect(await repair()).toEqual(IDLE);

    await fail('B-DISK');
    expect(await attempts()).toEqual(['2 over 7200 s']);
  });

  it('moves a lock that failed too often, if the expression has another RSE', async () => {
    await a.data('run', ['f1', 'f2'], 'A-DISK');
    const { id } = await a.rule('run', {
      rseExpression: 'B-DISK|C-DISK',
      grouping: RuleGrouping.ALL,
    });
    const first = (await a.locks(id))[0]?.slice(3, 9) ?? '';
    const other = first === 'B-DISK' ? 'C-DISK' : 'B-DISK';
    await fail(first);
    a.pass(7200);
    await repair();
    await fail(first);
    a.pass(7200);
    await repair();
    expect(await a.locks(id)).toEqual([`f1@${other} R`, `f2@${other} R`]);
    expect(await a.requests()).toEqual([`f1@${other} Q`, `f2@${other} Q`]);
    expect(await a.usage()).toEqual([`${other} 2 files 200 bytes`]);
    expect(await repair()).toEqual(IDLE);
  });

  it('goes on at the same RSE where there is no other', async () => {
    await a.data('run', ['f1'], 'A-DISK');
    await a.rule('run', { rseExpression: 'B-DISK' });
    for (let n = 0; n < 3; n++) {
      await fail('B-DISK');
      a.pass(7200);
      await repair();
    }
    expect(await a.locks()).toEqual(['f1@B-DISK R']);
  });

  it('leaves a lock stuck as long as there is nothing to copy from', async () => {
    await a.data('run', ['f1']);
    const { id } = await a.rule('run', { rseExpression: 'B-DISK' });
    a.pass(7200);
    await repair();
    expect(await a.locks()).toEqual(['f1@B-DISK S']);
    expect(await attempts()).toEqual(['2 over 7200 s']);
    expect(await repair()).toEqual(IDLE);
    await a.copies('A-DISK', ['f1']);
    a.pass(7200);
    await repair();
    expect(await a.ruleRow(id)).toMatchObject({ state: 'R' });
  });

  it('finds a copy that has come by another way', async () => {
    await a.data('run', ['f1']);
    const { id } = await a.rule('run', { rseExpression: 'B-DISK' });
    await base.db.tx(async (tx) => {
      const copies = await rows<{ didId: bigint; rseId: number }>(
        tx,
        sql`UPDATE replicas SET state = 'A' RETURNING did_id AS "didId", rse_id AS "rseId"`,
      );
      await confirmCopies(tx, copies, a.now);
    });
    expect(await a.ruleRow(id)).toMatchObject({ state: 'O', ok: 1, stuck: 0 });
    expect(await repair()).toEqual(IDLE);
  });

  it('keeps a rule stuck, with the reason, while its expression names nothing that can be written', async () => {
    await a.data('run', ['f1'], 'A-DISK');
    const { id } = await a.rule('run', { rseExpression: 'B-DISK' });
    await fail('B-DISK');
    await base.db.tx((tx) =>
      execute(tx, sql`UPDATE rses SET availability_write = false WHERE name = 'B-DISK'`),
    );
    a.pass(7200);
    await repair();
    expect(await a.ruleRow(id)).toMatchObject({
      state: 'S',
      error: expect.stringContaining('can be written'),
    });
    expect(await repair()).toEqual(IDLE);
  });

  it('ends what somebody set stuck: an OK rule at once, one with transfers when they are tried', async () => {
    await a.data('run', ['f1'], 'A-DISK');
    const well = await a.rule('run', { rseExpression: 'A-DISK' });
    const busy = await a.rule('run', { rseExpression: 'B-DISK' });
    const terms = rulesTerms(a.config, a.now);
    for (const { uid } of [well, busy]) {
      await base.db.tx(async (tx) =>
        changeRule(tx, await findRule(tx, uid, 'wait'), { state: RuleState.STUCK }, terms),
      );
    }
    expect([await a.ruleRow(well.id), await a.ruleRow(busy.id)]).toMatchObject([
      { state: 'S', ok: 1 },
      { state: 'S', stuck: 1 },
    ]);
    await repair();
    expect((await a.ruleRow(well.id)).state).toBe('O');
    expect((await a.ruleRow(busy.id)).state).toBe('S');
    a.pass(7200);
    await repair();
    expect(await a.ruleRow(busy.id)).toMatchObject({ state: 'R', replicating: 1 });
    expect(await repair()).toEqual(IDLE);
  });

  it('suspends a rule that has been stuck for two weeks, however often it was tried', async () => {
    await a.data('run', ['f1'], 'A-DISK');
    const { id } = await a.rule('run', { rseExpression: 'B-DISK' });
    await fail('B-DISK');
    a.pass(7 * 86_400);
    await repair();
    expect((await a.ruleRow(id)).state).toBe('R');
    await fail('B-DISK');
    a.pass(7 * 86_400);
    await repair();
    expect((await a.ruleRow(id)).state).toBe('U');
    expect(await repair()).toEqual(IDLE);
    const { n } = await base.db.read((tx) =>
      only<{ n: number }>(tx, sql`SELECT count(*)::int AS n FROM stuck_locks`),
    );
    expect(n).toBe(1);
  });
});

describe('the time until a stuck lock is tried again', () => {
  const waits = async (activity?: number) => {
    await a.data('run', ['f1'], 'A-DISK');
    const { id } = await a.rule('run', {
      rseExpression: 'B-DISK',
      ...(activity !== undefined && { activity }),
    });
    const hours: number[] = [];
    for (const days of [0, 1, 2, 3, 10]) {
      await write(sql`UPDATE requests SET state = 'Q'`);
      await fail('B-DISK');
      await write(
        sql`UPDATE stuck_locks SET since = ${a.now}::timestamptz - make_interval(days => ${days})`,
      );
      a.pass(8 * 3600);
      await repair();
      await fail('B-DISK');
      const { wait } = await base.db.read((tx) =>
        only<{ wait: number }>(
          tx,
          sql`SELECT extract(epoch FROM next_try_at - last_at)::int AS wait FROM stuck_locks`,
        ),
      );
      hours.push(wait / 3600);
      a.pass(8 * 3600);
      await repair();
    }
    expect((await a.ruleRow(id)).state).toBe('R');
    return hours;
  };

  it('is two hours, and two more for each day that it has been stuck, to eight', async () => {
    expect(await waits()).toEqual([2, 4, 6, 8, 8]);
  });

  it('is two hours for Express', async () => {
    expect(await waits(activityIndex('Express'))).toEqual([2, 2, 2, 2, 2]);
  });
});

describe('a rule that is stuck', () => {
  it('stays stuck since when it was, also when its locks move; OK ends it', async () => {
    await a.data('run', ['f1'], 'A-DISK');
    const { id } = await a.rule('run', { rseExpression: 'B-DISK|C-DISK' });
    const since = a.now;
    const first = await rseOf(id, 'f1');
    await tire(first);
    await repair();
    const second = await rseOf(id, 'f1');
    expect(second).not.toBe(first);
    expect(await a.ruleRow(id)).toMatchObject({ state: 'R', stuck: 0 });
    await fail(second);
    expect(await stuckAt(id)).toEqual({ at: since });
    a.pass(7200);
    await repair();
    await arrive(second);
    expect(await a.ruleRow(id)).toMatchObject({ state: 'O', error: null });
    expect(await stuckAt(id)).toEqual({ at: null });
  });

  it('tells at most 245 characters of what a storage said', async () => {
    await a.data('run', ['f1'], 'A-DISK');
    const { id } = await a.rule('run', { rseExpression: 'B-DISK' });
    await fail('B-DISK', null, 'x'.repeat(400));
    expect((await a.ruleRow(id)).error).toBe(`${'x'.repeat(245)}...`);
  });

  it('goes where its expression points today', async () => {
    await a.rse('D-DISK', { attributes: { tier: '1' } });
    await write(
      sql`INSERT INTO rse_attributes (rse_id, key, value) SELECT id, 'tier', '1' FROM rses WHERE name = 'B-DISK'`,
    );
    await a.data('run', ['f1'], 'A-DISK');
    await write(sql`UPDATE rses SET availability_write = false WHERE name = 'D-DISK'`);
    const { id } = await a.rule('run', { rseExpression: 'tier=1' });
    expect(await places(id)).toEqual(['f1@B-DISK']);
    await fail('B-DISK');
    await write(sql`UPDATE rses SET availability_write = true WHERE name = 'D-DISK'`);
    await write(sql`DELETE FROM rse_attributes WHERE key = 'tier'
                      AND rse_id = (SELECT id FROM rses WHERE name = 'B-DISK')`);
    a.pass(7200);
    await repair();
    expect(await places(id)).toEqual(['f1@D-DISK']);
  });
});

describe('locks that move', () => {
  const two = async () => {
    await a.container('all');
    await a.dataset('run2');
    await a.data('run', ['f1', 'f2'], 'A-DISK');
    await a.data('run2', ['g1', 'g2'], 'A-DISK');
    await a.attach('all', 'run', 'run2');
    await a.shift(judgeEvaluator(a.config));
    return await a.rule('all', { rseExpression: 'B-DISK|C-DISK', grouping: RuleGrouping.DATASET });
  };

  it('move with their dataset, and leave the other datasets where they are', async () => {
    const { id } = await two();
    const before = await places(id);
    const first = await rseOf(id, 'f1');
    const other = first === 'B-DISK' ? 'C-DISK' : 'B-DISK';
    await arrive(first, ['f2']);
    await tire(first, ['f1']);
    await repair();
    expect(await rseOf(id, 'f1')).toBe(other);
    expect(await rseOf(id, 'f2')).toBe(other);
    const others = (list: readonly string[]) => list.filter((place) => place.startsWith('g'));
    expect(others(await places(id))).toEqual(others(before));
  });

  it('stay where most of their dataset has arrived, and are tried again there', async () => {
    await a.data('run', ['f1', 'f2', 'f3'], 'A-DISK');
    const { id } = await a.rule('run', { rseExpression: 'B-DISK|C-DISK' });
    const first = await rseOf(id, 'f1');
    await arrive(first, ['f2', 'f3']);
    await tire(first, ['f1']);
    await repair();
    expect(await places(id)).toEqual([`f1@${first}`, `f2@${first}`, `f3@${first}`]);
    expect(await a.requests()).toEqual([`f1@${first} Q`]);
  });

  it('move slice by slice to one and the same place', async () => {
    const names = Array.from({ length: 7 }, (_, n) => `f${n}`);
    await a.data('run', names, 'A-DISK');
    await a.rse('D-DISK');
    const { id } = await a.rule('run', { rseExpression: 'B-DISK|C-DISK|D-DISK' });
    const first = await rseOf(id, 'f0');
    await arrive(first, ['f5', 'f6']);
    await tire(first);
    const sliced = { ...a.config, rules: { ...a.config.rules, sliceLocks: 3 } };
    const shift = await a.shift(judgeRepairer(sliced));
    expect(shift.seen).toBeGreaterThan(1);
    const now = new Set((await places(id)).map((place) => place.split('@')[1]));
    expect(now.size).toBe(1);
    expect(now.has(first)).toBe(false);
    expect(await a.locks(id)).toHaveLength(7);
  });

  it('move each for itself where files are placed so, though together they are everywhere', async () => {
    const names = Array.from({ length: 8 }, (_, n) => `f${n}`);
    await a.rse('D-DISK');
    await a.data('run', names, 'A-DISK');
    const { id } = await a.rule('run', {
      rseExpression: 'B-DISK|C-DISK|D-DISK',
      copies: 2,
      grouping: RuleGrouping.NONE,
    });
    for (const rse of ['C-DISK', 'D-DISK']) await arrive(rse);
    await tire('B-DISK');
    await repair();
    expect((await places(id)).filter((place) => place.endsWith('B-DISK'))).toEqual([]);
    expect(await a.locks(id)).toHaveLength(16);
  });

  it('do not move for want of a source', async () => {
    await a.data('run', ['f1']);
    const { id } = await a.rule('run', { rseExpression: 'B-DISK|C-DISK' });
    const before = await places(id);
    for (let n = 0; n < 4; n++) {
      a.pass(8 * 3600);
      await repair();
    }
    expect(await places(id)).toEqual(before);
  });
});

describe('locks and the content of a stuck rule', () => {
  const stuckRule = async (grouping: RuleGrouping) => {
    await a.data('run', ['f1', 'f2', 'f3'], 'A-DISK');
    await a.shift(judgeEvaluator(a.config));
    const { id } = await a.rule('run', { rseExpression: 'B-DISK|C-DISK', copies: 2, grouping });
    await fail('B-DISK', ['f1']);
    a.pass(7200);
    return id;
  };
  /** A lock vanishes as by somebody's hand. */
  const lose = (rse: string, name: string) =>
    write(sql`
      WITH gone AS (
        DELETE FROM locks l USING dids d, rses e
         WHERE d.id = l.did_id AND e.id = l.rse_id AND d.name = ${name} AND e.name = ${rse}
        RETURNING l.*),
      copies AS (UPDATE replicas r SET lock_cnt = lock_cnt - 1, state = 'U' FROM gone g
                  WHERE r.did_id = g.did_id AND r.rse_id = g.rse_id),
      asked AS (DELETE FROM requests q USING gone g WHERE q.did_id = g.did_id AND q.rse_id = g.rse_id),
      paid AS (INSERT INTO account_usage_deltas (account_id, rse_id, files, bytes)
               SELECT u.account_id, g.rse_id, -1, -g.bytes FROM gone g JOIN rules u ON u.id = g.rule_id)
      UPDATE rules u SET locks_replicating = locks_replicating - 1 FROM gone g WHERE u.id = g.rule_id`);

  it.each([RuleGrouping.DATASET, RuleGrouping.ALL, RuleGrouping.NONE])(
    'what is missing is made (%s)',
    async (grouping) => {
      const id = await stuckRule(grouping);
      await lose('B-DISK', 'f2');
      await lose('C-DISK', 'f3');
      expect(await a.locks(id)).toHaveLength(4);
      await repair();
      await a.shift(judgeInjector(a.config));
      expect(await places(id)).toEqual(
        ['f1', 'f2', 'f3'].flatMap((name) => [`${name}@B-DISK`, `${name}@C-DISK`]),
      );
      expect(await a.ruleRow(id)).toMatchObject({ state: 'R', replicating: 6, stuck: 0 });
    },
  );

  it('what lacks a lock that does not fit keeps its rule stuck, with the reason', async () => {
    await a.rse('D-DISK', { limit: 150n });
    await a.data('run', ['f1', 'f2'], 'A-DISK');
    const { id } = await a.rule('run', {
      rseExpression: 'C-DISK|D-DISK',
      copies: 1,
      grouping: RuleGrouping.NONE,
    });
    await fail('C-DISK', ['f1', 'f2']);
    await fail('D-DISK', ['f1', 'f2']);
    const [kept = ''] = await places(id);
    await write(
      sql`UPDATE account_limits SET bytes = 0 WHERE rse_id IN (SELECT id FROM rses WHERE name IN ('C-DISK', 'D-DISK'))`,
    );
    await write(
      sql`UPDATE replicas SET lock_cnt = 0 WHERE lock_cnt > 0 AND did_id = (SELECT id FROM dids WHERE name = 'f2')`,
    );
    await write(sql`WITH gone AS (DELETE FROM locks WHERE did_id = (SELECT id FROM dids WHERE name = 'f2') RETURNING *),
      why AS (DELETE FROM stuck_locks WHERE did_id = (SELECT id FROM dids WHERE name = 'f2')),
      paid AS (INSERT INTO account_usage_deltas (account_id, rse_id, files, bytes)
               SELECT u.account_id, g.rse_id, -1, -g.bytes FROM gone g JOIN rules u ON u.id = g.rule_id)
      UPDATE rules SET locks_stuck = locks_stuck - 1`);
    a.pass(7200);
    await repair();
    expect(await places(id)).toEqual([kept]);
    expect(await a.ruleRow(id)).toMatchObject({
      state: 'S',
      error: expect.stringContaining('insufficient quota'),
    });
  });

  it('what holds a file that is not below the DID is released', async () => {
    const id = await stuckRule(RuleGrouping.DATASET);
    await write(sql`DELETE FROM contents WHERE child_id = (SELECT id FROM dids WHERE name = 'f3')`);
    await repair();
    expect(await places(id)).toEqual(['f1@B-DISK', 'f1@C-DISK', 'f2@B-DISK', 'f2@C-DISK']);
  });

  it('what is beyond the copies is released, what holds least first', async () => {
    const id = await stuckRule(RuleGrouping.DATASET);
    await arrive('C-DISK', ['f1']);
    await write(sql`UPDATE rules SET copies = 1`);
    await repair();
    expect((await a.locks(id)).filter((lock) => lock.startsWith('f1'))).toEqual(['f1@C-DISK O']);
    expect(await a.locks(id)).toHaveLength(3);
  });
});
