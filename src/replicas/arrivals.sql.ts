import { lit, sql, type Sql } from '../db/index.js';
import { ReplicaState } from '../vocabulary/index.js';

/**
 * CTE body: copies that we wrote, or found there, and verified. `from` gives (did_id, rse_id). A
 * COPYING one arrives; one that is AVAILABLE already is verified now; what went bad or is being
 * deleted meanwhile stays so. Replicas are locked in key order. Gives (did_id, rse_id).
 */
export const makeAvailable = (from: Sql, now: Date): Sql => sql`
  UPDATE replicas r
     SET state = ${lit(ReplicaState.AVAILABLE)}, verified_at = ${now}::timestamptz,
         -- Nobody holds it any more: it is due as a copy that was never AVAILABLE would be.
         tombstone = CASE WHEN r.lock_cnt = 0 AND r.state = ${lit(ReplicaState.COPYING)}
                          THEN coalesce(r.tombstone, timestamptz 'epoch') ELSE r.tombstone END
    FROM (SELECT x.did_id, x.rse_id FROM (${from}) f
            JOIN replicas x ON x.did_id = f.did_id AND x.rse_id = f.rse_id
           ORDER BY x.did_id, x.rse_id FOR NO KEY UPDATE OF x) w
   WHERE r.did_id = w.did_id AND r.rse_id = w.rse_id
     AND r.state IN (${lit(ReplicaState.COPYING)}, ${lit(ReplicaState.AVAILABLE)})
  RETURNING r.did_id, r.rse_id`;

/**
 * CTE body: copies whose deletion was overtaken by a rule and whose reaper is gone. `from` gives
 * (did_id, rse_id): BEING_DELETED becomes COPYING where a lock holds it. Gives (did_id, rse_id).
 */
export const reviveCopies = (from: Sql): Sql => sql`
  UPDATE replicas r SET state = ${lit(ReplicaState.COPYING)}
    FROM (${from}) f
   WHERE r.did_id = f.did_id AND r.rse_id = f.rse_id
     AND r.state = ${lit(ReplicaState.BEING_DELETED)} AND r.lock_cnt > 0
  RETURNING r.did_id, r.rse_id`;

/**
 * CTE body: where files are to stand at RSEs that are not deterministic. `from` gives (did_id, rse_id,
 * path). A copy keeps the path it has, and a path its file.
 */
export const insertPaths = (from: Sql): Sql => sql`
  INSERT INTO replica_paths (did_id, rse_id, path)
  SELECT f.did_id, f.rse_id, f.path FROM (${from}) f ORDER BY f.did_id, f.rse_id
  ON CONFLICT DO NOTHING`;
