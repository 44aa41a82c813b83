import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { reconcilersOf } from '../../src/daemons/index.js';
import { openStorages } from '../../src/storages.js';
import { type DaemonName, DaemonNames } from '../../src/vocabulary/index.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { court } from '../support/judge.js';
import { type Heard, listening, planner, type Planner } from '../support/plans.js';
import { longer, widen } from './wide-lake.js';

/*
 * What each daemon asks when there is nothing to do, and how PostgreSQL would answer it in a lake of
 * 10^7 files and hundreds of thousands of rules: from the head of a queue, never by reading a table that
 * grows with the lake.
 */
const VAST = [
  'contents',
  'derived',
  'dids',
  'did_meta',
  'guarded_copies',
  'job_items',
  'lock_moves',
  'locks',
  'replicas',
  'requests',
  'rule_drifts',
  'rules',
  'rules_history',
  'stuck_locks',
  'subscription_backlog',
  'subscription_task_dids',
  'subscription_tasks',
  'tokens',
  'updated_dids',
];

/** A slice of the catalogue each time: that is its work. Here, where all fits in one, it is all. */
const BY_SLICES: readonly DaemonName[] = ['doctor'];
const IDLING = DaemonNames.filter((name) => !BY_SLICES.includes(name));

/** Taken from its head by its key. */
const HEADS = ['updated_dids_pkey'];

const TASKS = ['subscription_tasks', 'subscription_task_dids', 'subscription_backlog'];
/** What jobs, drift and subscriptions have to do with such a lake. */
const ORDERS = `
BEGIN;
INSERT INTO jobs (due_at, ended_at, account_id, state, kind, step, given, spec)
SELECT now(), now() - g * interval '1 hour', 1, 'D', 'drain', 'move', '{}', '{}' FROM generate_series(1, 1000) g;
INSERT INTO job_items (job_id, did_id, rse_id, rule_id, bytes, state)
SELECT 1 + did_id % 10, did_id, rse_id, rule_id, bytes, 'D' FROM locks;
INSERT INTO lock_moves (did_id, rse_id, rule_id, target_rse_id, since, purge, cause)
SELECT did_id, rse_id, rule_id, 1, now(), false, 'drain' FROM locks WHERE did_id % 5 = 0;
INSERT INTO rule_drifts (rule_id, rse_id, locks, since, due_at)
SELECT r.id, e.id, 1, now(), now() + e.id * interval '1 minute' FROM rules r, rses e WHERE e.id <= 20;
INSERT INTO subscriptions (account_id, state, name, filter, replication_rules)
SELECT 1, 'A', 'order' || g, '{}', '[]' FROM generate_series(1, 100) g;
INSERT INTO subscription_tasks (files, bytes, created_at, updated_at, subscription_id, number, dids, state)
SELECT 1, 1, now(), now() - g * interval '1 minute', 1 + g % 100, g, 1, 'D' FROM generate_series(1, 5000) g;
INSERT INTO subscription_task_dids SELECT id, 1 + id % 5000, 1 + id % 100 FROM dids;
INSERT INTO subscription_backlog (did_id, since, due_at, subscription_id, entry, attempts, error)
SELECT id, now(), now() + id * interval '1 second', 1 + id % 100, 1, 1, 'x' FROM dids;
COMMIT; ANALYZE jobs, job_items, lock_moves, rule_drifts, subscriptions, ${TASKS.join()};`;

let base: TestDatabase;
let session: Planner;
let queues: ReadonlySet<string>;
const asked = new Map<DaemonName, readonly Heard[]>();

beforeAll(async () => {
  base = await testDatabase();
  const { db, listen } = listening(base.db);
  const a = await court(db);
  for (const name of ['A-DISK', 'B-DISK']) await a.rse(name);
  const parts = { config: a.config, storages: openStorages(base.db, a.config) };
  for (const daemon of reconcilersOf(IDLING, parts)) {
    // Not only what is done once, at the first shift.
    await a.shift(daemon);
    asked.set(daemon.name, [...(await listen(() => a.shift(daemon)))]);
  }
  session = await planner(base.url);
  await widen(session);
  await session.run(ORDERS);
  await session.run(longer(['lock_moves', 'rule_drifts', 'job_items', ...TASKS]));
  queues = await session.partialIndexes();
});
afterAll(async () => {
  await session.close();
  await base.close();
});

/** They ask nothing while nothing is on its way, and nobody is to be told. */
const SILENT: readonly DaemonName[] = ['conveyor-poller', 'hermes'];

it('every daemon asks something', () => {
  expect([...asked].filter(([, heard]) => heard.length === 0).map(([name]) => name)).toEqual(SILENT);
});

describe.each(IDLING)('%s with nothing to do', (name) => {
  it('reads nothing from end to end that grows', async () => {
    const reads: string[] = [];
    for (const heard of asked.get(name) ?? []) {
      if (!/^\s*(?:SELECT|WITH|UPDATE|DELETE|INSERT)/i.test(heard.text)) continue;
      const { wholeReads, lines } = await session.shapeFor(heard, 1);
      const whole = wholeReads.filter(
        ({ relation, index }) => VAST.includes(relation) && !(index && (queues.has(index) || HEADS.includes(index))),
      );
      if (whole.length > 0) reads.push(`${heard.text}\n${lines.join('\n')}`);
    }
    expect(reads.join('\n\n')).toBe('');
  });
});
