import { execute, lit, lits, sql, type Tx } from '../db/index.js';
import { BadFileState, ReplicaState } from '../vocabulary/index.js';

/**
 * A declaration is over if and only if its copy is gone (DELETED) or AVAILABLE (RECOVERED): declaring
 * made it BAD, so it has been replaced since. Gives how many were closed, at most `limit`.
 */
export const closeDeclarations = (tx: Tx, now: Date, limit: number): Promise<number> =>
  execute(
    tx,
    sql`UPDATE bad_replicas b
           SET state = CASE WHEN over.gone THEN ${lit(BadFileState.DELETED)}::"char"
                            ELSE ${lit(BadFileState.RECOVERED)}::"char" END,
               updated_at = ${now}
          FROM (SELECT d.id, r.did_id IS NULL AS gone
                  FROM bad_replicas d
                  LEFT JOIN replicas r ON r.did_id = d.did_id AND r.rse_id = d.rse_id
                 WHERE d.state = ${lit(BadFileState.BAD)}
                   AND (r.did_id IS NULL
                        OR r.state = ${lit(ReplicaState.AVAILABLE)})
                 ORDER BY d.id LIMIT ${lit(limit)} FOR NO KEY UPDATE OF d SKIP LOCKED) over
         WHERE b.id = over.id`,
  );

/** Declarations that nothing comes of any more: their copy is good again, or gone, or was suspected only. */
const ENDED = [BadFileState.DELETED, BadFileState.RECOVERED, BadFileState.SUSPICIOUS] as const;

/**
 * Forgets declarations that ended before a moment, at most `limit`. Those of bad, lost and resting
 * copies stay as long as they hold. Gives how many went.
 */
export const forgetDeclarations = (tx: Tx, before: Date, limit: number): Promise<number> =>
  execute(
    tx,
    sql`DELETE FROM bad_replicas WHERE id IN (
          SELECT id FROM bad_replicas WHERE state IN (${lits(ENDED)}) AND updated_at < ${before}
           ORDER BY id LIMIT ${lit(limit)} FOR UPDATE SKIP LOCKED)`,
  );
