import { type Planner } from '../support/plans.js';

/*
 * Few enough rows that ANALYZE reads them all (30,000): the same statistics on every run, and with
 * them the same plans. Nobody reads these rows.
 */
const ROWS = `
INSERT INTO rses (name) SELECT 'SITE-' || g FROM generate_series(1, 50) g;
INSERT INTO accounts (type, name) SELECT 'U', 'user' || g FROM generate_series(1, 200) g;
INSERT INTO dids (type, account_id, scope, name, bytes, is_open)
SELECT CASE WHEN g <= 150 THEN 'D' ELSE 'F' END, 1, 'km3net', 'run/' || lpad(g::text, 40, '0'), 100,
       CASE WHEN g <= 150 THEN true END
  FROM generate_series(1, 6150) g;
CREATE TEMP TABLE file AS
SELECT id, row_number() OVER (ORDER BY id) AS n FROM dids WHERE type = 'F' AND name LIKE 'run/%';
CREATE TEMP TABLE dataset AS
SELECT id, row_number() OVER (ORDER BY id) AS n FROM dids WHERE type = 'D' AND name LIKE 'run/%';
INSERT INTO contents SELECT d.id, f.id FROM file f JOIN dataset d ON d.n = 1 + f.n % 150;
INSERT INTO derived SELECT f.id, p.id FROM file f JOIN file p ON p.n = f.n / 2 WHERE f.n > 1;
INSERT INTO updated_dids (did_id, child_from, child_to, action) SELECT id, 1, 9, 'A' FROM dataset WHERE n <= 50;
INSERT INTO rules (did_id, account_id, copies, state, did_grouping, rse_expression)
SELECT id, 1, 2, 'R', 'D', 'SITE-1' FROM dataset;
INSERT INTO replicas (did_id, rse_id, bytes, state, lock_cnt)
SELECT f.id, 3 + (f.n + c) % 50, 100, CASE WHEN f.n % 3 = 0 THEN 'C' ELSE 'A' END, 1
  FROM file f CROSS JOIN generate_series(0, 1) c WHERE f.n <= 5500;
INSERT INTO replicas (did_id, rse_id, bytes, state, tombstone)
SELECT f.id, 3, 100, 'A', timestamptz 'epoch' + f.n * interval '1 second' FROM file f WHERE f.n > 5500;
INSERT INTO locks (did_id, rse_id, rule_id, bytes, state)
SELECT r.did_id, r.rse_id, u.id, 100, CASE r.state WHEN 'A' THEN 'O' ELSE 'R' END
  FROM replicas r JOIN contents ct ON ct.child_id = r.did_id JOIN rules u ON u.did_id = ct.parent_id
 WHERE r.lock_cnt = 1;
INSERT INTO requests (did_id, rse_id, bytes, account_id, activity, state)
SELECT r.did_id, r.rse_id, 100, 1, r.did_id % 5, CASE WHEN r.did_id % 10 = 0 THEN 'D' ELSE 'Q' END
  FROM replicas r WHERE r.state = 'C';
INSERT INTO did_meta SELECT id, jsonb_build_object('run', n % 120, 'detector', 'ARCA') FROM file;
INSERT INTO tokens (hash, account_id, expires_at)
SELECT sha256(g::text::bytea), 1 + g % 200, now() FROM generate_series(1, 1000) g;
INSERT INTO stuck_locks (did_id, rse_id, rule_id, cause)
SELECT did_id, rse_id, rule_id, 'NO_SOURCE' FROM locks WHERE did_id % 50 = 0;
INSERT INTO guarded_copies (did_id, rse_id, cause)
SELECT did_id, rse_id, 'move' FROM replicas WHERE did_id % 50 = 1;
INSERT INTO replica_paths (did_id, rse_id, path)
SELECT did_id, rse_id, '/' || did_id FROM replicas WHERE did_id % 10 = 1;
INSERT INTO bad_replicas (did_id, rse_id, state)
SELECT did_id, rse_id, CASE WHEN did_id % 100 = 0 THEN 'B' ELSE 'R' END FROM replicas WHERE did_id % 10 = 0;
`;

/**
 * Tells the planner that these tables are so many times longer: 10^7 files. It multiplies the rows a page
 * by the pages there are.
 */
export const longer = (tables: readonly string[]): string => `
SELECT pg_restore_relation_stats('schemaname', 'public', 'relname', c.relname::text,
         'relpages', c.relpages, 'relallvisible', c.relallvisible,
         'reltuples', (c.reltuples * 1600)::real)
  FROM pg_class t JOIN pg_index i ON i.indrelid = t.oid JOIN pg_class c ON c.oid IN (t.oid, i.indexrelid)
 WHERE t.relnamespace = 'public'::regnamespace AND t.relname IN ('${tables.join("', '")}')
 GROUP BY c.oid`;
const LONGER = longer([
  'accounts',
  'tokens',
  'dids',
  'did_meta',
  'contents',
  'rules',
  'replicas',
  'locks',
  'replica_paths',
  'guarded_copies',
  'bad_replicas',
  'stuck_locks',
  'requests',
  'updated_dids',
  'derived',
]);

/** A vacuum at a moment of its own choosing would change what the planner thinks of an index. */
const NO_AUTOVACUUM = `
DO $$ DECLARE t text; BEGIN
  FOR t IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace LOOP
    EXECUTE format('ALTER TABLE %I SET (autovacuum_enabled = false)', t);
  END LOOP;
END $$`;

/** As in a lake of fewer rules and datasets than a list of common values holds: one not in it is new. */
const ALL_LISTED = `
ALTER TABLE locks ALTER rule_id SET STATISTICS 200; ALTER TABLE contents ALTER parent_id SET STATISTICS 200;`;

/**
 * Queues that drain: ANALYZE met them empty, on the pages of those that had passed, and many came
 * since. The planner sees the pages that there are now: few rows a page make them enough to matter.
 */
const QUEUES = ['requests', 'stuck_locks', 'guarded_copies', 'updated_dids'];
const ROOMY = QUEUES.map((queue) => `ALTER TABLE ${queue} SET (fillfactor = 10);`).join('\n');
const DRAINED = `
SELECT pg_restore_relation_stats('schemaname', 'public', 'relname', c.relname::text,
         'relpages', greatest(c.relpages, 1), 'reltuples', 0::real)
  FROM pg_class t JOIN pg_index i ON i.indrelid = t.oid JOIN pg_class c ON c.oid IN (t.oid, i.indexrelid)
 WHERE t.relnamespace = 'public'::regnamespace AND t.relname IN ('${QUEUES.join("', '")}')
 GROUP BY c.oid`;

export interface Knowledge {
  /** That the queues are empty, which they are not any more. */
  readonly drained?: boolean;
  /** Nothing of the values: ANALYZE does not come. */
  readonly unread?: boolean;
  /** Every rule that has locks and every dataset: the statements' own are none of them. */
  readonly allListed?: boolean;
}

/** Fills the lake, and tells the planner how long its tables are and what is in them. */
export async function widen(
  { run }: Planner,
  { unread = false, allListed = false, drained = false }: Knowledge = {},
): Promise<void> {
  await run(NO_AUTOVACUUM);
  if (drained) await run(ROOMY);
  await run(`BEGIN; ${ROWS} COMMIT;`);
  if (allListed) await run(ALL_LISTED);
  await run(unread ? 'VACUUM' : 'VACUUM (ANALYZE)');
  await run(LONGER);
  if (drained) await run(DRAINED);
}
