import { execute, isAmong, lit, rows, sql, type Sql, type Tx } from '../db/index.js';
import {
  type CopyKey,
  DidAvailability,
  type DidId,
  ReplicaState,
  type RseId,
} from '../vocabulary/index.js';
import { copyKeys } from './replica.sql.js';

/**
 * A copy whose protection ended by side effect: it may not be the last one to go. A guard means nothing
 * while a rule holds the copy, and goes with the last lock that ends on purpose: one that went with the
 * first new lock could be added by somebody whom the statement of that lock had waited for.
 */
export interface GuardedCopy extends CopyKey {
  readonly cause: string;
  readonly createdAt: Date;
}

/**
 * Piece: guards copies, `from` giving rows (did_id, rse_id) without repetition. `cause` names the
 * side effect that ended their protection: detach, move, reduce, repair, re-evaluation …
 */
export const addGuards = (from: Sql, cause: string): Sql =>
  sql`INSERT INTO guarded_copies (did_id, rse_id, cause)
      SELECT g.did_id, g.rse_id, ${cause}::text FROM (${from}) AS g ORDER BY g.did_id, g.rse_id
      ON CONFLICT (did_id, rse_id) DO NOTHING`;

/**
 * Piece: what is left of files, `from` giving their did_id: copies that nothing locks and that are to
 * go. Held, so that none of them ends before whoever asked for them has done.
 */
export const copiesLeft = (from: Sql): Sql => sql`
  SELECT r.did_id, r.rse_id FROM replicas r
   WHERE r.did_id = ANY (ARRAY(${from})) AND r.lock_cnt = 0 AND r.tombstone IS NOT NULL
     AND r.state <> ${lit(ReplicaState.BEING_DELETED)}
   ORDER BY r.did_id, r.rse_id FOR NO KEY UPDATE`;

/** Piece: ends the guard of copies (the end of their last lock on purpose does, and the copy's end). */
export const dropGuards = (from: Sql): Sql =>
  sql`WITH unguarded AS MATERIALIZED (${from})
      DELETE FROM guarded_copies c WHERE ${isAmong('c', 'unguarded', ['did_id', 'rse_id'])}`;

/** Guards these copies. */
export async function guardCopies(
  tx: Tx,
  copies: readonly CopyKey[],
  cause: string,
): Promise<void> {
  if (copies.length === 0) return;
  const from = sql`SELECT k.did_id, k.rse_id FROM ${copyKeys(copies)} AS k(did_id, rse_id)`;
  await execute(tx, addGuards(from, cause));
}

/**
 * Guards new copies at a cache whose file has lost its protection before: another copy of it is bad,
 * or it is lost, and no rule holds a good one.
 */
export async function guardCachedCopies(
  tx: Tx,
  rseId: RseId,
  didIds: readonly DidId[],
): Promise<void> {
  if (didIds.length === 0) return;
  const from = sql`
    SELECT d.id AS did_id, ${rseId}::int AS rse_id FROM dids d
     WHERE d.id = ANY(${[...didIds]}::bigint[])
       AND (d.availability = ${lit(DidAvailability.LOST)} OR EXISTS (
         SELECT FROM replicas b WHERE b.did_id = d.id AND b.state = ${lit(ReplicaState.BAD)}))
       AND NOT EXISTS (SELECT FROM replicas o WHERE o.did_id = d.id AND o.lock_cnt > 0
                          AND o.state = ${lit(ReplicaState.AVAILABLE)})`;
  await execute(tx, addGuards(from, 'bad declaration'));
}

/** Ends the guard of these copies. */
export async function dropGuardsOf(tx: Tx, copies: readonly CopyKey[]): Promise<void> {
  if (copies.length === 0) return;
  await execute(
    tx,
    dropGuards(sql`SELECT k.did_id, k.rse_id FROM ${copyKeys(copies)} AS k(did_id, rse_id)`),
  );
}

/** The guards of these files' copies. */
export async function guardsOf(tx: Tx, didIds: readonly bigint[]): Promise<GuardedCopy[]> {
  return await rows<GuardedCopy>(
    tx,
    sql`SELECT did_id AS "didId", rse_id AS "rseId", cause, created_at AS "createdAt"
        FROM guarded_copies WHERE did_id = ANY(${[...didIds]}::bigint[]) ORDER BY did_id, rse_id`,
  );
}
