import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { judgeRepairer } from '../../../src/daemons/judge/repairer.js';
import { conveyorFinisher } from '../../../src/daemons/conveyor/finisher.js';
import { execute, sql, type Sql } from '../../../src/db/index.js';
import { RuleGrouping, RuleNotification } from '../../../src/vocabulary/index.js';
import { addRules, lockTroubles, reopenCopies, rulesTerms } from '../../../src/rules/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { type Court, court } from '../../support/judge.js';
import { hold, someoneWaits } from '../../support/sessions.js';

let base: TestDatabase;
let a: Court;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  await a.rse('A-DISK');
  await a.rse('B-DISK');
  await a.copies('A-DISK', ['f1', 'f2']);
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

/** As if the movements had ended so. */
const movementsEnd = (state: 'D' | 'F' | 'N', cause: string | null = null) =>
  base.db.tx((tx) =>
    execute(
      tx,
      sql`UPDATE requests SET state = ${state}::"char", cause = ${cause}, source_rse_id = 1`,
    ),
  );
const finish = () => a.shift(conveyorFinisher(a.config));
const IDLE = { seen: 0, done: 0, failed: 0, more: false };

const secondRule = (tx: Parameters<typeof addRules>[0]) =>
  addRules(
    tx,
    {
      dids: [{ scope: a.scope, name: 'f1' }],
      accountId: a.accountId,
      copies: 1,
      rseExpression: 'B-DISK&B-DISK',
      grouping: RuleGrouping.DATASET,
      activity: 0,
      notification: RuleNotification.NO,
    },
    rulesTerms(a.config, a.now),
  );

describe('a rule that adds its lock while the finisher waits for the copy', () => {
  it('finds it OK: no lock is left REPLICATING on an AVAILABLE copy', async () => {
    const first = await a.rule('f1', { rseExpression: 'B-DISK' });
    await movementsEnd('D');
    const held = await hold(base.db, secondRule);
    const finishing = finish();
    await someoneWaits(base.url);
    await held.release();
    expect(await finishing).toMatchObject({ seen: 1, done: 1 });
    expect(await a.locks()).toEqual(['f1@B-DISK O', 'f1@B-DISK O']);
    expect(await a.replicas()).toContain('f1@B-DISK A 2');
    expect(await a.ruleRow(first.id)).toMatchObject({ state: 'O' });
    expect(await a.ruleRow(first.id + 1n)).toMatchObject({ state: 'O', replicating: 0 });
  });

  it('finds it STUCK where the movement failed for good', async () => {
    await a.rule('f1', { rseExpression: 'B-DISK' });
    await movementsEnd('N', 'NO_SOURCE');
    const held = await hold(base.db, secondRule);
    const finishing = finish();
    await someoneWaits(base.url);
    await held.release();
    expect(await finishing).toMatchObject({ seen: 1, failed: 1 });
    expect(await a.locks()).toEqual(['f1@B-DISK S', 'f1@B-DISK S']);
    expect(await a.replicas()).toContain('f1@B-DISK U 2');
  });
});

describe('finishing', () => {
  it('confirms every rule that holds the copies, and counts them', async () => {
    await a.dataset('run');
    await a.attach('run', 'f1', 'f2');
    const { id } = await a.rule('run', { rseExpression: 'B-DISK' });
    const other = await a.rule('f1', { rseExpression: 'B-DISK' });
    await movementsEnd('D');
    expect(await finish()).toEqual({ seen: 2, done: 2, failed: 0, more: false });
    expect(await a.ruleRow(id)).toMatchObject({ state: 'O', ok: 2, replicating: 0 });
    expect(await a.ruleRow(other.id)).toMatchObject({ state: 'O', ok: 1, replicating: 0 });
    expect(await finish()).toEqual(IDLE);
  });

  it('asks for the next shift when its batch was full', async () => {
    await a.rule('f1', { rseExpression: 'B-DISK' });
    await a.rule('f2', { rseExpression: 'B-DISK' });
    await movementsEnd('D');
    expect(await a.shift(conveyorFinisher(a.config), 1)).toMatchObject({ done: 1, more: true });
    expect(await a.shift(conveyorFinisher(a.config), 1)).toMatchObject({ done: 1, more: true });
    expect(await a.shift(conveyorFinisher(a.config), 1)).toEqual(IDLE);
  });

  it('heals a lock on a copy that is there already', async () => {
    const { id } = await a.rule('f1', { rseExpression: 'B-DISK' });
    await base.db.tx((tx) =>
      execute(tx, sql`UPDATE replicas SET state = 'A', verified_at = NULL WHERE lock_cnt > 0`),
    );
    await movementsEnd('D');
    await finish();
    expect(await a.ruleRow(id)).toMatchObject({ state: 'O' });
  });

  it('does not bring back a copy that went bad meanwhile', async () => {
    await a.rule('f1', { rseExpression: 'B-DISK' });
    await a.declareBad('B-DISK', 'f1');
    await movementsEnd('D');
    expect(await finish()).toMatchObject({ seen: 1, done: 0 });
    expect(await a.replicas()).toContain('f1@B-DISK D 1');
    expect(await a.locks()).toEqual(['f1@B-DISK R']);
  });

  it('is done once by two finishers at the same moment', async () => {
    await a.rule('f1', { rseExpression: 'B-DISK' });
    await a.rule('f2', { rseExpression: 'B-DISK' });
    await movementsEnd('D');
    const shifts = await Promise.all([finish(), finish()]);
    expect(shifts.reduce((sum, { done }) => sum + done, 0)).toBe(2);
    expect(await a.locks()).toEqual(['f1@B-DISK O', 'f2@B-DISK O']);
  });

  it('stops declaring at the blast radius: one storage that lies costs no more than that', async () => {
    await a.rule('f1', { rseExpression: 'B-DISK' });
    await base.db.tx((tx) =>
      execute(
        tx,
        sql`INSERT INTO bad_replicas (did_id, rse_id, state, cause)
            SELECT n, 1, 'B', 'SOURCE_CHECKSUM' FROM generate_series(1000001, 1001000) n`,
      ),
    );
    await movementsEnd('F', 'SOURCE_CHECKSUM');
    await finish();
    expect(await a.replicas()).toContain('f1@A-DISK A 0');
    expect(await a.requests()).toEqual(['f1@B-DISK Q']);
  });
});

describe('why a copy will not arrive', () => {
  /** The attempt that goes on ends so. */
  const ends = (state: 'F' | 'N', cause: string, more: Sql = sql``) =>
    base.db.tx((tx) =>
      execute(tx, sql`UPDATE requests SET state = ${state}::"char", cause = ${cause} ${more}`),
    );
  const troubles = (id: bigint) => base.db.read((tx) => lockTroubles(tx, id));

  it('is that the source was bad, with what it had, though then there was no source at all', async () => {
    const { id } = await a.rule('f1', { rseExpression: 'B-DISK' });
    await ends(
      'F',
      'SOURCE_CHECKSUM',
      sql`, source_rse_id = 1, submitted_at = now(), error = 'adler32 differs', expected = 'adler32:00000001', found = 'adler32:deadbeef'`,
    );
    await finish();
    expect(await a.requests()).toEqual(['f1@B-DISK Q']);
    await ends('N', 'NO_SOURCE', sql`, error = 'no available copy'`);
    await finish();
    const told = {
      stuck: true,
      attempts: 1,
      cause: 'SOURCE_CHECKSUM',
      sourceRseId: 1,
      expected: 'adler32:00000001',
      found: 'adler32:deadbeef',
      error: 'adler32 differs; no other copy can be read',
    };
    expect(await troubles(id)).toMatchObject([told]);
    expect((await a.ruleRow(id)).error).toBe(told.error);

    // Trying again without any source finds out nothing new.
    a.pass(7200);
    await a.shift(judgeRepairer(a.config));
    expect(await troubles(id)).toMatchObject([{ ...told, attempts: 2 }]);
  });

  it('is what was said last, where the destination was to blame before', async () => {
    const { id } = await a.rule('f1', { rseExpression: 'B-DISK' });
    await ends('F', 'DEST_FULL', sql`, source_rse_id = 1`);
    await finish();
    await ends('N', 'NO_SOURCE');
    await finish();
    expect(await troubles(id)).toMatchObject([{ cause: 'NO_SOURCE' }]);
  });

  it('is told before the last attempt has failed', async () => {
    const { id } = await a.rule('f1', { rseExpression: 'B-DISK' });
    await ends('F', 'TIMEOUT', sql`, source_rse_id = 1, submitted_at = now(), error = 'no answer'`);
    await finish();
    expect(await troubles(id)).toMatchObject([
      { stuck: false, attempts: 1, cause: 'TIMEOUT', error: 'no answer', sources: [1] },
    ]);
  });

  it('is a bad copy that nothing has replaced', async () => {
    const { id } = await a.rule('f1', { rseExpression: 'A-DISK' });
    await a.declareBad('A-DISK', 'f1');
    await base.db.tx((tx) => reopenCopies(tx, [{ didId: 1n, rseId: 1 }], a.now));
    expect(await troubles(id)).toMatchObject([{ stuck: false, error: 'told so', sources: [] }]);
  });
});
