import { execute, lit, ring, sql, type Sql, type Tx } from '../db/index.js';
import { Channel, ReplicaState } from '../vocabulary/index.js';
import { addGuards, dropGuards } from './guarded-copy.sql.js';
import { EPOCH } from './tombstone.js';

const { AVAILABLE, BEING_DELETED, COPYING, TEMPORARY_UNAVAILABLE, UNAVAILABLE } = ReplicaState;

/** The copies of `from` (did_id, rse_id) that nothing locks and nobody deletes, locked in key order. */
const free = (from: Sql): Sql => sql`
  SELECT c.did_id, c.rse_id FROM (${from}) f
    JOIN replicas c ON c.did_id = f.did_id AND c.rse_id = f.rse_id
   WHERE c.lock_cnt = 0 AND c.state <> ${lit(BEING_DELETED)}
   ORDER BY c.did_id, c.rse_id FOR NO KEY UPDATE OF c`;

/**
 * Copies that are to be deleted on purpose, even the last ones: as `condemnByName`, for sets of any size.
 * `from` gives (did_id, rse_id); what a rule holds stays as it is. Gives how many are on their way out.
 */
export async function condemnCopies(tx: Tx, from: Sql): Promise<number> {
  // Held first: a guard that somebody adds to a copy meanwhile is seen by the next statement only.
  await execute(tx, sql`SELECT count(*) FROM (${free(from)}) f`);
  const condemned = await execute(
    tx,
    sql`WITH free AS MATERIALIZED (${free(from)}),
      unguarded AS (${dropGuards(sql`SELECT did_id, rse_id FROM free`)})
      UPDATE replicas r
         SET state = CASE WHEN r.state IN (${lit(AVAILABLE)}, ${lit(COPYING)}, ${lit(TEMPORARY_UNAVAILABLE)})
                          THEN ${lit(UNAVAILABLE)}::"char" ELSE r.state END,
             tombstone = ${EPOCH}::timestamptz
        FROM free WHERE r.did_id = free.did_id AND r.rse_id = free.rse_id`,
  );
  if (condemned > 0) await ring(tx, Channel.DELETION);
  return condemned;
}

/**
 * Copies that nobody asked the end of and that are to leave their RSE: those of `from` (did_id, rse_id)
 * that nothing locks go at once where another good copy is there to stay (a cached one is not), and are
 * guarded: they go only while it is. Gives how many.
 */
export async function letCopiesGo(tx: Tx, from: Sql, cause: string): Promise<number> {
  const gone = await execute(
    tx,
    sql`WITH free AS MATERIALIZED (${free(from)}),
      spare AS MATERIALIZED (
        SELECT f.did_id, f.rse_id FROM free f
         WHERE EXISTS (SELECT FROM replicas o WHERE o.did_id = f.did_id AND o.rse_id <> f.rse_id
                          AND o.state = ${lit(AVAILABLE)} AND o.tombstone IS NULL OFFSET 0)),
      guarded AS (${addGuards(sql`SELECT did_id, rse_id FROM spare`, cause)})
      UPDATE replicas r SET tombstone = ${EPOCH}::timestamptz
        FROM spare WHERE r.did_id = spare.did_id AND r.rse_id = spare.rse_id`,
  );
  if (gone > 0) await ring(tx, Channel.DELETION);
  return gone;
}
