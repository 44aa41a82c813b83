import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execute, only, rows, sql } from '../../../src/db/index.js';
import { changeRule, confirmCopies, findRule, rulesTerms } from '../../../src/rules/index.js';
import { activityIndex, RuleGrouping, RuleState } from '../../../src/vocabulary/index.js';
import { type TestDatabase } from '../../support/database.js';
import { type Court } from '../../support/judge.js';
import { threeDisks, type trials } from './trials.js';

let base: TestDatabase;
let a: Court;
let on: ReturnType<typeof trials>;
beforeEach(async () => {
  ({ base, a, on } = await threeDisks());
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const IDLE = { seen: 0, done: 0, failed: 0, more: false };

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
    await on.fail('B-DISK');
    expect(await a.ruleRow(id)).toEqual({
      state: 'S',
      ok: 0,
      replicating: 0,
      stuck: 1,
      error: 'no space left',
    });
    await on.repair();
    expect(await a.locks()).toEqual(['f1@B-DISK S']);
    expect(await on.repair()).toEqual(IDLE);

    a.pass(7200);
    expect(await on.repair()).toMatchObject({ seen: 1 });
    expect(await a.locks()).toEqual(['f1@B-DISK R']);
    expect(await a.requests()).toEqual(['f1@B-DISK Q']);
    expect(await a.ruleRow(id)).toMatchObject({ state: 'R', stuck: 0, error: null });
    expect(await on.repair()).toEqual(IDLE);

    await on.fail('B-DISK');
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
    await on.fail(first);
    a.pass(7200);
    await on.repair();
    await on.fail(first);
    a.pass(7200);
    await on.repair();
    expect(await a.locks(id)).toEqual([`f1@${other} R`, `f2@${other} R`]);
    expect(await a.requests()).toEqual([`f1@${other} Q`, `f2@${other} Q`]);
    expect(await a.usage()).toEqual([`${other} 2 files 200 bytes`]);
    expect(await on.repair()).toEqual(IDLE);
  });

  it('goes on at the same RSE where there is no other', async () => {
    await a.data('run', ['f1'], 'A-DISK');
    await a.rule('run', { rseExpression: 'B-DISK' });
    for (let n = 0; n < 3; n++) {
      await on.fail('B-DISK');
      a.pass(7200);
      await on.repair();
    }
    expect(await a.locks()).toEqual(['f1@B-DISK R']);
  });

  it('leaves a lock stuck as long as there is nothing to copy from', async () => {
    await a.data('run', ['f1']);
    const { id } = await a.rule('run', { rseExpression: 'B-DISK' });
    a.pass(7200);
    await on.repair();
    expect(await a.locks()).toEqual(['f1@B-DISK S']);
    expect(await attempts()).toEqual(['2 over 7200 s']);
    expect(await on.repair()).toEqual(IDLE);
    await a.copies('A-DISK', ['f1']);
    a.pass(7200);
    await on.repair();
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
    expect(await on.repair()).toEqual(IDLE);
  });

  it('keeps a rule stuck, with the reason, while its expression names nothing that can be written', async () => {
    await a.data('run', ['f1'], 'A-DISK');
    const { id } = await a.rule('run', { rseExpression: 'B-DISK' });
    await on.fail('B-DISK');
    await base.db.tx((tx) =>
      execute(tx, sql`UPDATE rses SET availability_write = false WHERE name = 'B-DISK'`),
    );
    a.pass(7200);
    await on.repair();
    expect(await a.ruleRow(id)).toMatchObject({
      state: 'S',
      error: expect.stringContaining('can be written'),
    });
    expect(await on.repair()).toEqual(IDLE);
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
    await on.repair();
    expect((await a.ruleRow(well.id)).state).toBe('O');
    expect((await a.ruleRow(busy.id)).state).toBe('S');
    a.pass(7200);
    await on.repair();
    expect(await a.ruleRow(busy.id)).toMatchObject({ state: 'R', replicating: 1 });
    expect(await on.repair()).toEqual(IDLE);
  });

  it('suspends a rule that has been stuck for two weeks, however often it was tried', async () => {
    await a.data('run', ['f1'], 'A-DISK');
    const { id } = await a.rule('run', { rseExpression: 'B-DISK' });
    await on.fail('B-DISK');
    a.pass(7 * 86_400);
    await on.repair();
    expect((await a.ruleRow(id)).state).toBe('R');
    await on.fail('B-DISK');
    a.pass(7 * 86_400);
    await on.repair();
    expect((await a.ruleRow(id)).state).toBe('U');
    expect(await on.repair()).toEqual(IDLE);
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
      await on.write(sql`UPDATE requests SET state = 'Q'`);
      await on.fail('B-DISK');
      await on.write(
        sql`UPDATE stuck_locks SET since = ${a.now}::timestamptz - make_interval(days => ${days})`,
      );
      a.pass(8 * 3600);
      await on.repair();
      await on.fail('B-DISK');
      const { wait } = await base.db.read((tx) =>
        only<{ wait: number }>(
          tx,
          sql`SELECT extract(epoch FROM next_try_at - last_at)::int AS wait FROM stuck_locks`,
        ),
      );
      hours.push(wait / 3600);
      a.pass(8 * 3600);
      await on.repair();
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
    const first = await on.rseOf(id, 'f1');
    await on.tire(first);
    await on.repair();
    const second = await on.rseOf(id, 'f1');
    expect(second).not.toBe(first);
    expect(await a.ruleRow(id)).toMatchObject({ state: 'R', stuck: 0 });
    await on.fail(second);
    expect(await on.stuckAt(id)).toEqual({ at: since });
    a.pass(7200);
    await on.repair();
    await on.arrive(second);
    expect(await a.ruleRow(id)).toMatchObject({ state: 'O', error: null });
    expect(await on.stuckAt(id)).toEqual({ at: null });
  });

  it('tells at most 245 characters of what a storage said', async () => {
    await a.data('run', ['f1'], 'A-DISK');
    const { id } = await a.rule('run', { rseExpression: 'B-DISK' });
    await on.fail('B-DISK', null, 'x'.repeat(400));
    expect((await a.ruleRow(id)).error).toBe(`${'x'.repeat(245)}...`);
  });

  it('goes where its expression points today', async () => {
    await a.rse('D-DISK', { attributes: { tier: '1' } });
    await on.write(
      sql`INSERT INTO rse_attributes (rse_id, key, value) SELECT id, 'tier', '1' FROM rses WHERE name = 'B-DISK'`,
    );
    await a.data('run', ['f1'], 'A-DISK');
    await on.write(sql`UPDATE rses SET availability_write = false WHERE name = 'D-DISK'`);
    const { id } = await a.rule('run', { rseExpression: 'tier=1' });
    expect(await on.places(id)).toEqual(['f1@B-DISK']);
    await on.fail('B-DISK');
    await on.write(sql`UPDATE rses SET availability_write = true WHERE name = 'D-DISK'`);
    await on.write(sql`DELETE FROM rse_attributes WHERE key = 'tier'
                      AND rse_id = (SELECT id FROM rses WHERE name = 'B-DISK')`);
    a.pass(7200);
    await on.repair();
    expect(await on.places(id)).toEqual(['f1@D-DISK']);
  });
});
