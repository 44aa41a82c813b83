import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { judgeRepairer } from '../../../src/daemons/judge/repairer.js';
import { execute, only, rows, sql } from '../../../src/db/index.js';
import { failCopies } from '../../../src/replicas/index.js';
import {
  changeRule,
  confirmCopies,
  findRule,
  rulesTerms,
  stickCopies,
} from '../../../src/rules/index.js';
import { Cause, RuleGrouping, RuleState } from '../../../src/vocabulary/index.js';
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

/** All transfers to an RSE fail for good, as the finisher would tell it. */
const fail = (rse: string) =>
  base.db.tx(async (tx) => {
    const gone = await rows<{ didId: bigint; rseId: number }>(
      tx,
      sql`DELETE FROM requests WHERE rse_id = (SELECT id FROM rses WHERE name = ${rse})
          RETURNING did_id AS "didId", rse_id AS "rseId"`,
    );
    const copies = sql`SELECT * FROM unnest(${gone.map(({ didId }) => didId)}::bigint[],
      ${gone.map(({ rseId }) => rseId)}::int[]) AS f(did_id, rse_id)`;
    await execute(tx, failCopies(copies));
    await stickCopies(
      tx,
      gone.map((copy) => ({ ...copy, cause: Cause.DEST_FULL, error: 'no space left' })),
      { now: a.now, ...a.config.rules },
    );
  });
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
