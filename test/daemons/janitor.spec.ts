import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { janitor } from '../../src/daemons/janitor.js';
import { recordHeartbeats, listHeartbeats } from '../../src/daemons/runtime/index.js';
import { execute, only, retentions, rows, sql } from '../../src/db/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Court, court } from '../support/judge.js';

let base: TestDatabase;
let a: Court;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
});
afterEach(() => base.close());

const sweep = () => a.shift(janitor(a.config));
const days = (n: number) => a.pass(n * 86_400);
const trace = (at: Date) =>
  base.db.tx((tx) =>
    execute(
      tx,
      sql`INSERT INTO traces (payload, address, created_at) VALUES ('{}', '127.0.0.1', ${at})`,
    ),
  );
const traces = async () =>
  (await base.db.read((tx) => only<{ n: number }>(tx, sql`SELECT count(*)::int AS n FROM traces`)))
    .n;
const partitions = (table: string) =>
  base.db.read(async (tx) =>
    (
      await rows<{ name: string }>(
        tx,
        sql`SELECT inhrelid::regclass::text AS name FROM pg_inherits
             WHERE inhparent = ${table}::regclass ORDER BY 1`,
      )
    ).map(({ name }) => name),
  );

describe('the janitor', () => {
  it('makes the partitions of the coming months for every table that grows', async () => {
    await sweep();
    for (const { table } of retentions) {
      expect(await partitions(table)).toEqual([
        `${table}_2026_12`,
        `${table}_2027_01`,
        `${table}_default`,
      ]);
    }
  });

  it('has nothing to do the second time', async () => {
    await trace(new Date(0));
    expect((await sweep()).done).toBeGreaterThan(0);
    expect(await sweep()).toEqual({ seen: 0, done: 0, failed: 0, more: false });
  });

  it('forgets what is older than its table keeps, and nothing younger', async () => {
    const keeps = a.config.retention.tracesDays;
    await trace(a.now);
    days(keeps - 1);
    await sweep();
    expect(await traces()).toBe(1);
    days(2);
    await sweep();
    expect(await traces()).toBe(0);
  });

  it('drops whole months, and new rows find theirs', async () => {
    await sweep();
    days(30);
    await trace(a.now);
    await sweep();
    expect(await partitions('traces')).toContain('traces_2026_12');
    days(60);
    await sweep();
    expect(await partitions('traces')).not.toContain('traces_2026_12');
    expect(await traces()).toBe(0);
  });

  it('forgets daemons that have been silent for a day', async () => {
    const one = { hostname: 'h', pid: 1, threadName: 't', payload: null };
    await base.db.tx((tx) => recordHeartbeats(tx, [{ ...one, executable: 'old' }], a.now));
    days(2);
    await base.db.tx((tx) => recordHeartbeats(tx, [{ ...one, executable: 'new' }], a.now));
    await sweep();
    const left = await base.db.read(listHeartbeats);
    expect(left.map(({ executable }) => executable)).toEqual(['new']);
  });

  it('keeps what usage was, once for each change', async () => {
    await a.rse('A-DISK');
    const kept = () =>
      base.db.read((tx) =>
        rows(tx, sql`SELECT 1 FROM rse_usage_history`).then((all) => all.length),
      );
    await sweep();
    expect(await kept()).toBe(1);
    await sweep();
    expect(await kept()).toBe(1);
  });
});
