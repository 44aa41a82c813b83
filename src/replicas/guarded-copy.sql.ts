import { execute, rows, sql, type Sql, type Tx } from '../db/index.js';
import { type CopyKey } from '../vocabulary/index.js';
import { copyKeys } from './replica.sql.js';

/** A copy whose protection ended by side effect: it may not be the last one to go. */
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

/** Piece: ends the guard of copies (a new lock does, and the copy's end). */
export const dropGuards = (from: Sql): Sql =>
  sql`DELETE FROM guarded_copies c USING (${from}) AS g
      WHERE c.did_id = g.did_id AND c.rse_id = g.rse_id`;

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
