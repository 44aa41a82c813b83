import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execute, sql } from '../../src/db/index.js';
import { busyBuckets, claimRequests, inFlight } from '../../src/requests/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Court, court } from '../support/judge.js';
import { enqueue } from '../support/queue.js';
import { hold } from '../support/sessions.js';

let base: TestDatabase;
let a: Court;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
});
afterEach(() => base.close());

const UNTIL = new Date('2026-11-21T12:05:00Z');
const claim = (worker: string, ...shares: [rseId: number, activity: number, slots: number][]) =>
  base.db.tx((tx) =>
    claimRequests(
      tx,
      shares.map(([rseId, activity, slots]) => ({ rseId, activity, slots })),
      worker,
      UNTIL,
    ),
  );
const ids = (claimed: readonly { id: bigint }[]) => claimed.map(({ id }) => id).sort();

describe('the buckets with work', () => {
  it('are found by destination and activity, and nothing that is claimed already', async () => {
    for (const [rseId, activity] of [
      [2, 5],
      [1, 7],
      [1, 7],
      [1, 3],
    ] as const) {
      await enqueue(a, { rseId, activity });
    }
    expect(await base.db.read(busyBuckets)).toEqual([
      { rseId: 1, activity: 3 },
      { rseId: 1, activity: 7 },
      { rseId: 2, activity: 5 },
    ]);
    await claim('one', [1, 3, 5], [1, 7, 1]);
    expect(await base.db.read(busyBuckets)).toEqual([
      { rseId: 1, activity: 7 },
      { rseId: 2, activity: 5 },
    ]);
    expect(await base.db.read(inFlight)).toEqual(
      expect.arrayContaining([
        { rseId: 1, activity: 3, count: 1 },
        { rseId: 1, activity: 7, count: 1 },
      ]),
    );
  });

  it('are none in an empty queue', async () => {
    expect(await base.db.read(busyBuckets)).toEqual([]);
  });
});

describe('a claim', () => {
  it('takes as many of each bucket as it has slots, the urgent first, then the oldest', async () => {
    const old = await enqueue(a, { rseId: 1, activity: 1 });
    await enqueue(a, { rseId: 1, activity: 1 });
    const urgent = await enqueue(a, { rseId: 1, activity: 1, priority: 5 });
    const other = await enqueue(a, { rseId: 1, activity: 2 });
    await enqueue(a, { rseId: 2, activity: 1 });
    expect(ids(await claim('one', [1, 1, 2], [1, 2, 2]))).toEqual([old, urgent, other].sort());
  });

  it('is disjoint from one that another worker is making at the same moment', async () => {
    const all = new Set<bigint>();
    for (let i = 0; i < 20; i++) all.add(await enqueue(a, { rseId: 1 }));
    let first: bigint[] = [];
    const held = await hold(base.db, async (tx) => {
      const share = [{ rseId: 1, activity: 0, slots: 10 }];
      first = ids(await claimRequests(tx, share, 'one', UNTIL));
    });
    const second = ids(await claim('two', [1, 0, 20]));
    await held.release();
    expect(first).toHaveLength(10);
    expect(second).toHaveLength(10);
    expect(new Set([...first, ...second])).toEqual(all);
  });

  it('may replace what was declared bad and is not good again', async () => {
    await a.rse('A-DISK');
    await a.rse('B-DISK');
    await a.copies('A-DISK', ['f1', 'f2']);
    await a.rule('f1', { rseExpression: 'B-DISK' });
    await a.rule('f2', { rseExpression: 'B-DISK' });
    await a.declareBad('B-DISK', 'f1');
    const [bucket] = await base.db.read(busyBuckets);
    const claimed = await claim('one', [bucket?.rseId ?? 0, 0, 5]);
    const f1 = (await a.did('f1')).id;
    expect(claimed.map(({ didId, overwrite }) => [didId === f1, overwrite]).sort()).toEqual([
      [false, false],
      [true, true],
    ]);
  });

  it('walks the index of the queue, whatever the plan', async () => {
    for (let i = 0; i < 50; i++) await enqueue(a, { rseId: i % 5 });
    const plan = await base.db.tx(async (tx) => {
      await execute(tx, sql`ANALYZE requests`);
      await execute(tx, sql`SET LOCAL enable_seqscan = off`);
      const { rows } = await tx.query(
        `EXPLAIN SELECT id FROM requests WHERE state = 'Q' AND rse_id = 1 AND activity = 0::smallint
          ORDER BY priority DESC, id LIMIT 5`,
      );
      return rows.map((row: { 'QUERY PLAN': string }) => row['QUERY PLAN']).join('\n');
    });
    expect(plan).toContain('requests_rse_id_activity_priority_id_idx');
    expect(plan).not.toContain('Sort');
  });
});
