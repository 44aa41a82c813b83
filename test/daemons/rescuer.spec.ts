import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { rescuer } from '../../src/daemons/rescuer.js';
import { execute, sql } from '../../src/db/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Court, court } from '../support/judge.js';

let base: TestDatabase;
let a: Court;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  await a.rse('A-DISK');
  await a.rse('B-DISK');
  await a.copies('A-DISK', ['f1']);
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const IDLE = { seen: 0, done: 0, failed: 0, more: false };
const rescue = () => a.shift(rescuer(a.config));

describe('a request behind a deletion whose reaper is gone', () => {
  beforeEach(async () => {
    await a.copies('B-DISK', ['f1']);
    await base.db.tx((tx) =>
      execute(tx, sql`UPDATE replicas SET state = 'B', tombstone = 'epoch' WHERE rse_id = 2`),
    );
    await a.rule('f1', { rseExpression: 'B-DISK' });
    await base.db.tx((tx) => execute(tx, sql`UPDATE requests SET created_at = ${a.now}`));
  });

  it('waits as long as the reaper may take', async () => {
    expect(await a.requests()).toEqual(['f1@B-DISK W']);
    a.pass(a.config.reaper.leaseSeconds - 1);
    expect(await rescue()).toEqual(IDLE);
  });

  it('is queued then, and its copy COPYING again', async () => {
    a.pass(a.config.reaper.leaseSeconds);
    expect(await rescue()).toMatchObject({ seen: 1, done: 1 });
    expect(await a.requests()).toEqual(['f1@B-DISK Q']);
    expect(await a.replicas()).toContain('f1@B-DISK C 1');
    expect(await rescue()).toEqual(IDLE);
  });
});

describe('a rescuer', () => {
  it('finds nothing where everybody lives', async () => {
    await a.rule('f1', { rseExpression: 'B-DISK' });
    expect(await rescue()).toEqual(IDLE);
    expect(await a.requests()).toEqual(['f1@B-DISK Q']);
  });

  it('asks for another shift when there was more than a batch', async () => {
    await a.copies('A-DISK', ['f2']);
    await a.rule('f1', { rseExpression: 'B-DISK' });
    await a.rule('f2', { rseExpression: 'B-DISK' });
    await base.db.tx((tx) =>
      execute(
        tx,
        sql`UPDATE requests SET state = 'G', claimed_by = 'dead', claimed_until = ${a.now}`,
      ),
    );
    a.pass(1);
    expect(await a.shift(rescuer(a.config), 1)).toMatchObject({ seen: 1, more: true });
    expect(await a.shift(rescuer(a.config), 1)).toMatchObject({ seen: 1, more: true });
    expect(await a.shift(rescuer(a.config), 1)).toEqual(IDLE);
  });
});
