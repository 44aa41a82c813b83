import { execute, lit, rows, sql, type Sql, type Tx } from '../db/index.js';
import { BadFileState, ReplicaState, type RseId } from '../vocabulary/index.js';

/** One necromancer at a time decides what may be replaced today. Until the transaction ends. */
export async function lockRecovery(tx: Tx): Promise<void> {
  await execute(tx, sql`SELECT pg_advisory_xact_lock(hashtext('sluice recovery'))`);
}

/** How many copies of each RSE are replaced in a day, and since when today is. */
export interface RecoveryTerms {
  readonly day: Date;
  readonly dailyMax: number;
}

/** Copies declared bad that are wanted and that another good copy can replace: rows (did_id, rse_id). */
const replaceable = sql`
  SELECT DISTINCT b.did_id, b.rse_id FROM bad_replicas b
    JOIN replicas x ON x.did_id = b.did_id AND x.rse_id = b.rse_id
   WHERE b.state = ${lit(BadFileState.BAD)} AND x.state = ${lit(ReplicaState.BAD)} AND x.lock_cnt > 0
     AND EXISTS (SELECT FROM replicas o
                  WHERE o.did_id = x.did_id AND o.rse_id <> x.rse_id
                    AND o.state = ${lit(ReplicaState.AVAILABLE)})`;

/** The number of copies of the RSE of `row` whose replacement was ordered today. */
const takenToday = (row: Sql, day: Date): Sql => sql`(
  SELECT count(DISTINCT t.did_id) FROM bad_replicas t
   WHERE t.rse_id = ${row}.rse_id AND t.taken_at >= ${day}::timestamptz)`;

/**
 * CTE bodies `replaced` and `noted`: copies declared bad that are wanted and that another good copy
 * can replace, so many of each RSE as today allows, locked in key order. BAD becomes COPYING, the
 * declaration remembers when. `replaced` gives (did_id, rse_id, bytes).
 */
export const replaceBadCopies = (
  terms: RecoveryTerms & { readonly now: Date },
  limit: number,
): Sql => sql`
  replaceable AS MATERIALIZED (${replaceable}),
  room AS MATERIALIZED (
    SELECT e.rse_id, ${lit(terms.dailyMax)} - ${takenToday(sql`e`, terms.day)} AS places
      FROM (SELECT DISTINCT rse_id FROM replaceable) e),
  picked AS MATERIALIZED (
    SELECT n.did_id, n.rse_id
      FROM (SELECT w.*, row_number() OVER (PARTITION BY w.rse_id ORDER BY w.did_id) AS place FROM replaceable w) n
     WHERE n.place <= (SELECT places FROM room WHERE room.rse_id = n.rse_id)
     ORDER BY n.did_id, n.rse_id LIMIT ${lit(limit)}),
  held AS MATERIALIZED (
    SELECT x.did_id, x.rse_id FROM replicas x
     WHERE (x.did_id, x.rse_id) IN (SELECT did_id, rse_id FROM picked)
       AND x.state = ${lit(ReplicaState.BAD)} AND x.lock_cnt > 0
     ORDER BY x.did_id, x.rse_id FOR NO KEY UPDATE SKIP LOCKED),
  replaced AS (
    UPDATE replicas r SET state = ${lit(ReplicaState.COPYING)}
      FROM held h WHERE r.did_id = h.did_id AND r.rse_id = h.rse_id
    RETURNING r.did_id, r.rse_id, r.bytes),
  noted AS (
    UPDATE bad_replicas b SET taken_at = ${terms.now}::timestamptz
     WHERE (b.did_id, b.rse_id) IN (SELECT did_id, rse_id FROM held)
       AND b.state = ${lit(BadFileState.BAD)})`;

/** An RSE of which no more is replaced today, though bad copies wait. */
export interface HeldRecovery {
  readonly rse: string;
  readonly waiting: number;
}

/** Which of these RSEs have used up their day while bad copies wait. */
export const heldRecoveries = (
  tx: Tx,
  rseIds: readonly RseId[],
  { day, dailyMax }: RecoveryTerms,
): Promise<HeldRecovery[]> =>
  rows<HeldRecovery>(
    tx,
    sql`SELECT e.name AS rse, count(*)::int AS waiting FROM (${replaceable}) w JOIN rses e ON e.id = w.rse_id
         WHERE e.id = ANY(${[...rseIds]}::int[])
           AND ${takenToday(sql`w`, day)} >= ${dailyMax}
         GROUP BY e.name ORDER BY e.name`,
  );
