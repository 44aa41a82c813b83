import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execute, sql } from '../../src/db/index.js';
import { forgetJobs } from '../../src/jobs/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Works, works } from '../support/works.js';

let base: TestDatabase;
let a: Works;
beforeEach(async () => {
  base = await testDatabase();
  a = await works(base.db);
  await a.rse('A-DISK');
  await a.dataset('run');
  await a.data('run', ['f1', 'f2', 'f3'], 'A-DISK');
});
afterEach(() => base.close());

const count = (table: 'jobs' | 'job_items') =>
  base.db.read((tx) =>
    execute(tx, table === 'jobs' ? sql`SELECT FROM jobs` : sql`SELECT FROM job_items`),
  );

describe('jobs that ended long ago', () => {
  it('are forgotten in slices, their items first; one that is at work stays', async () => {
    const run = { content: { scope: 'km3net', name: 'run' } };
    const spec = { ...run, rseExpression: null, removeRules: false };
    await a.order({ kind: 'delete_replicas', spec });
    await a.work();
    await a.order({ kind: 'rebalance', spec: REBALANCE });
    const forget = (limit: number) =>
      base.db.tx((tx) => forgetJobs(tx, new Date(a.now.getTime() + 1), limit));
    expect(await forget(2)).toBe(2);
    expect(await count('jobs')).toBe(2);
    expect(await forget(2)).toBe(2);
    expect(await count('job_items')).toBe(0);
    expect(await count('jobs')).toBe(1);
    expect(await forget(2)).toBe(0);
  });
});

const REBALANCE = { from: '*', to: '*', thresholdPercent: 90, targetPercent: 80, bytesMax: null };
