import { execute, lit, rows, sql, type Sql, type Tx } from '../db/index.js';
import { addRseUsage } from '../rses/index.js';
import { type CopyKey, type DidId, ReplicaState, type RseId } from '../vocabulary/index.js';
import { addGuards } from './guarded-copy.sql.js';
import { copyKeys } from './replica.sql.js';
import { EPOCH } from './tombstone.js';

// What the doctor does to copies. Their rows must be held, by a statement before.

const COUNTED = sql`(SELECT count(*)::int FROM locks l WHERE l.did_id = k.did_id AND l.rse_id = k.rse_id)`;

/** Counts the locks of copies again. What is locked has no tombstone; what is not keeps its own. */
export const recountLocks = (tx: Tx, copies: readonly CopyKey[]): Promise<number> =>
  execute(
    tx,
    sql`UPDATE replicas r SET lock_cnt = n.locks, tombstone = CASE WHEN n.locks = 0 THEN r.tombstone END
          FROM (SELECT k.did_id, k.rse_id, ${COUNTED} AS locks
                  FROM (SELECT DISTINCT did_id, rse_id FROM ${copyKeys(copies)} AS i(did_id, rse_id)) k) n
         WHERE r.did_id = n.did_id AND r.rse_id = n.rse_id AND r.lock_cnt <> n.locks`,
  );

/**
 * Copies that locks hold and the catalogue has not: UNAVAILABLE, with their locks counted. Gives those
 * that were made.
 */
export const remakeCopies = (tx: Tx, copies: readonly CopyKey[], now: Date): Promise<CopyKey[]> =>
  rows<CopyKey>(
    tx,
    sql`WITH made AS (
          INSERT INTO replicas (did_id, rse_id, bytes, state, lock_cnt, accessed_at)
          SELECT k.did_id, k.rse_id, coalesce(d.bytes, 0), ${lit(ReplicaState.UNAVAILABLE)}, ${COUNTED},
                 ${now}::timestamptz
            FROM (SELECT DISTINCT did_id, rse_id FROM ${copyKeys(copies)} AS i(did_id, rse_id)) k
            JOIN dids d ON d.id = k.did_id
           ORDER BY k.did_id, k.rse_id
          ON CONFLICT (did_id, rse_id) DO NOTHING
          RETURNING did_id, rse_id, bytes),
        counted AS (${addRseUsage(sql`SELECT rse_id, count(*) AS files, sum(bytes)::bigint AS bytes
                                        FROM made GROUP BY rse_id`)})
        SELECT did_id AS "didId", rse_id AS "rseId" FROM made`,
  );

/** Forgets copies of what is no file of the catalogue and that nothing locks, with all that is known of them. */
export const forgetStrays = (tx: Tx, copies: readonly CopyKey[]): Promise<number> =>
  execute(
    tx,
    sql`WITH gone AS (
          DELETE FROM replicas r USING ${copyKeys(copies)} AS k(did_id, rse_id)
           WHERE r.did_id = k.did_id AND r.rse_id = k.rse_id AND r.lock_cnt = 0
             AND NOT EXISTS (SELECT FROM locks l WHERE l.did_id = k.did_id AND l.rse_id = k.rse_id)
          RETURNING r.did_id, r.rse_id, r.bytes),
        paths AS (DELETE FROM replica_paths WHERE (did_id, rse_id) IN (SELECT did_id, rse_id FROM gone)),
        guards AS (DELETE FROM guarded_copies WHERE (did_id, rse_id) IN (SELECT did_id, rse_id FROM gone)),
        counted AS (${addRseUsage(sql`SELECT rse_id, -count(*) AS files, -sum(bytes)::bigint AS bytes
                                        FROM gone GROUP BY rse_id`)})
        SELECT FROM gone`,
  );

/** Copies are as large as their files. */
export const adoptFileBytes = (tx: Tx, didIds: readonly DidId[]): Promise<number> =>
  execute(
    tx,
    sql`WITH changed AS (
          UPDATE replicas r SET bytes = o.bytes
            FROM (SELECT x.did_id, x.rse_id, x.bytes AS was, d.bytes
                    FROM replicas x JOIN dids d ON d.id = x.did_id
                   WHERE x.did_id = ANY (${[...didIds]}::bigint[]) AND d.bytes <> x.bytes
                   ORDER BY x.did_id, x.rse_id FOR NO KEY UPDATE OF x) o
           WHERE r.did_id = o.did_id AND r.rse_id = o.rse_id
          RETURNING r.rse_id, o.bytes - o.was AS more),
        counted AS (${addRseUsage(sql`SELECT rse_id, 0 AS files, sum(more)::bigint AS bytes
                                        FROM changed GROUP BY rse_id`)})
        SELECT FROM changed`,
  );

/** Deletions that nobody would ever look at again are due. */
export const dueAgain = (tx: Tx, copies: readonly CopyKey[]): Promise<number> =>
  execute(
    tx,
    sql`UPDATE replicas r SET tombstone = ${EPOCH}::timestamptz FROM ${copyKeys(copies)} AS k(did_id, rse_id)
         WHERE r.did_id = k.did_id AND r.rse_id = k.rse_id AND r.lock_cnt = 0 AND r.tombstone IS NULL
           AND r.state = ${lit(ReplicaState.BEING_DELETED)}`,
  );

/**
 * What nobody holds and nobody can read is due; guarded, so that it goes only while another good copy
 * is there.
 */
export async function letUnreadableGo(tx: Tx, copies: readonly CopyKey[]): Promise<void> {
  const keys = sql`SELECT k.did_id, k.rse_id FROM ${copyKeys(copies)} AS k(did_id, rse_id)`;
  await execute(tx, addGuards(sql`SELECT DISTINCT f.did_id, f.rse_id FROM (${keys}) f`, 'doctor'));
  await execute(
    tx,
    sql`UPDATE replicas r
           SET tombstone = ${EPOCH}::timestamptz,
               state = CASE WHEN r.state = ${lit(ReplicaState.COPYING)}
                            THEN ${lit(ReplicaState.UNAVAILABLE)} ELSE r.state END
          FROM (${keys}) k
         WHERE r.did_id = k.did_id AND r.rse_id = k.rse_id AND r.lock_cnt = 0 AND r.tombstone IS NULL`,
  );
}

/** Paths that no copy has. */
export const forgetPaths = (tx: Tx, copies: readonly CopyKey[]): Promise<number> =>
  execute(
    tx,
    sql`DELETE FROM replica_paths p USING ${copyKeys(copies)} AS k(did_id, rse_id)
         WHERE p.did_id = k.did_id AND p.rse_id = k.rse_id
           AND NOT EXISTS (SELECT FROM replicas r WHERE r.did_id = p.did_id AND r.rse_id = p.rse_id)`,
  );

/** CTE body: what an RSE's own count lacks. `within` is a condition on rse_id. Gives (rse_id, files, bytes). */
export const missingFromRses = (within: (rse: Sql) => Sql): Sql => sql`
  SELECT x.rse_id, -sum(x.files)::bigint AS files, -sum(x.bytes)::bigint AS bytes FROM (
    SELECT rse_id, files, used AS bytes FROM rse_usage WHERE source = 'rucio' AND ${within(sql`rse_id`)}
    UNION ALL SELECT rse_id, files, bytes FROM rse_usage_deltas WHERE ${within(sql`rse_id`)}
    UNION ALL SELECT rse_id, -count(*), -sum(bytes) FROM replicas WHERE ${within(sql`rse_id`)} GROUP BY rse_id) x
   GROUP BY x.rse_id HAVING sum(x.files) <> 0 OR sum(x.bytes) <> 0`;

/** Notes what the RSEs' own count lacks. */
export const recountRses = (tx: Tx, rseIds: readonly RseId[]): Promise<number> =>
  execute(tx, addRseUsage(missingFromRses((rse) => sql`${rse} = ANY (${[...rseIds]}::int[])`)));
