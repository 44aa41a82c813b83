import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { planner, type Planner } from '../support/plans.js';
import { hotStatements, type HotStatements } from './hot-statements.js';
import { widen } from './wide-lake.js';

/*
 * The generic plans of the hottest statements on a lake of 10^7 files, as PostgreSQL sees it. After a
 * change that is meant: `npm run golden:plans`, and read the difference before committing it.
 */
const recordings = new URL('plans/', import.meta.url);
const recording = (name: string) => new URL(`${name}.txt`, recordings);
const RECORD = process.env['GOLDEN_PLANS'] === 'record';

/** Tables that are never read from end to end, whatever the batch. */
const VAST = ['replicas', 'locks', 'dids', 'contents', 'requests', 'did_meta', 'tokens'];

/** The indexes that each statement was designed for; one that alone holds a queue is read from its head. */
const DESIGN: Readonly<Record<string, { by: readonly string[]; head?: string }>> = {
  'register-1-names': { by: [] },
  'register-2-copies': { by: ['dids_scope_name_key'] },
  attach: { by: ['dids_scope_name_key', 'dids_pkey'] },
  'place-slice': { by: ['contents_pkey', 'dids_pkey', 'replicas_pkey', 'locks_pkey'] },
  'place-spread': { by: ['contents_pkey', 'dids_pkey', 'replicas_pkey', 'locks_pkey'] },
  'queue-buckets': {
    by: ['requests_rse_id_activity_priority_id_idx'],
    head: 'requests_rse_id_activity_priority_id_idx',
  },
  'queue-claim': { by: ['requests_rse_id_activity_priority_id_idx', 'requests_pkey'] },
  'finish-1-copies': { by: ['requests_id_idx', 'requests_pkey'], head: 'requests_id_idx' },
  'finish-2-locks': { by: ['locks_pkey', 'rules_pkey'] },
  release: { by: ['locks_rule_id_idx', 'requests_did_id_rse_id_key', 'rules_pkey'] },
  'reap-1-claim': {
    by: ['replicas_rse_id_tombstone_idx', 'contents_child_id_idx', 'replicas_pkey'],
  },
  'reap-2-verify': { by: ['dids_pkey', 'replicas_pkey'] },
  'reap-3-forget': { by: ['replica_paths_pkey', 'guarded_copies_pkey'] },
  'list-replicas': { by: ['dids_pkey', 'replicas_pkey'] },
  'search-own-metadata': { by: ['did_meta_meta_idx', 'dids_pkey'] },
  authenticate: { by: ['tokens_pkey'] },
};

let base: TestDatabase;
let session: Planner;
let hot: HotStatements;
beforeAll(async () => {
  base = await testDatabase();
  session = await planner(base.url);
  hot = await hotStatements(base.db);
  await widen(session);
});
afterAll(async () => {
  await session.close();
  await base.close();
});

describe.each(Object.entries(DESIGN))('%s', (name, { by, head }) => {
  const shape = () => session.shape(hot.get(name) ?? '');

  it('reads no vast table from end to end', async () => {
    const { wholeReads } = await shape();
    const vast = wholeReads.filter(({ relation }) => VAST.includes(relation));
    expect(vast.filter(({ index }) => index === null || index !== head)).toEqual([]);
  });

  it('goes by the indexes that were made for it', async () => {
    const { indexes } = await shape();
    expect([...indexes]).toEqual(expect.arrayContaining([...by]));
  });

  it('loops over no two CTEs', async () => {
    expect((await shape()).loopsOverCtes).toEqual([]);
  });

  it('has the shape that was recorded', async () => {
    const text = `${(await shape()).lines.join('\n')}\n`;
    if (RECORD) {
      mkdirSync(recordings, { recursive: true });
      writeFileSync(recording(name), text);
    }
    expect(text).toBe(readFileSync(recording(name), 'utf8'));
  });
});

it('every statement that is heard has a design, and every recording a statement', () => {
  const names = Object.keys(DESIGN).sort();
  expect([...hot.keys()].sort()).toEqual(names);
  expect(readdirSync(recordings).sort()).toEqual(names.map((name) => `${name}.txt`));
});
