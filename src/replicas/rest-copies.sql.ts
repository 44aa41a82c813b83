import { lit, rows, sql, type Sql, type Tx } from '../db/index.js';
import { type AccountId, BadFileState, type CopyKey, ReplicaState } from '../vocabulary/index.js';
import { insertDeclarations } from './bad-replica.sql.js';
import { copyKeys, moveState } from './replica.sql.js';

/** Why copies cannot be read for a while, and until when. */
export interface Rest {
  readonly reason: string;
  readonly accountId: AccountId;
  readonly expiresAt: Date;
  readonly now: Date;
}

/**
 * Lets AVAILABLE copies rest: TEMPORARY_UNAVAILABLE until the date, no source meanwhile, and nothing
 * is repaired. One that rests already gets the new date. Copies in any other state stay as they are.
 */
export async function restCopies(tx: Tx, copies: readonly CopyKey[], rest: Rest): Promise<void> {
  const { AVAILABLE, TEMPORARY_UNAVAILABLE } = ReplicaState;
  await moveState(tx, copies, { from: [AVAILABLE], to: TEMPORARY_UNAVAILABLE });
  const resting = await rows<CopyKey & { declared: boolean }>(
    tx,
    sql`WITH again AS (
          UPDATE bad_replicas b SET expires_at = ${rest.expiresAt}, reason = ${rest.reason},
                 account_id = ${rest.accountId}::int, updated_at = ${rest.now}::timestamptz
            FROM ${copyKeys(copies)} AS k(did_id, rse_id)
           WHERE b.did_id = k.did_id AND b.rse_id = k.rse_id
             AND b.state = ${lit(BadFileState.TEMPORARY_UNAVAILABLE)}
          RETURNING b.did_id, b.rse_id)
        SELECT r.did_id AS "didId", r.rse_id AS "rseId",
               (r.did_id, r.rse_id) IN (SELECT did_id, rse_id FROM again) AS declared
          FROM replicas r
         WHERE (r.did_id, r.rse_id) IN (SELECT k.did_id, k.rse_id FROM ${copyKeys(copies)} AS k(did_id, rse_id))
           AND r.state = ${lit(TEMPORARY_UNAVAILABLE)}`,
  );
  const fresh = resting.filter(({ declared }) => !declared);
  if (fresh.length === 0) return;
  await insertDeclarations(tx, fresh, {
    ...rest,
    state: BadFileState.TEMPORARY_UNAVAILABLE,
    cause: null,
  });
}

/**
 * CTE bodies `over` and `woken`: rests whose date has passed end, and copies that still rest are
 * AVAILABLE again. `woken` gives (did_id, rse_id).
 */
const endRests = (now: Date, limit: number): Sql => sql`
  over AS (
    UPDATE bad_replicas b SET state = ${lit(BadFileState.RECOVERED)}, updated_at = ${now}::timestamptz
     WHERE b.id IN (SELECT d.id FROM bad_replicas d
                     WHERE d.state = ${lit(BadFileState.TEMPORARY_UNAVAILABLE)} AND d.expires_at <= ${now}::timestamptz
                     ORDER BY d.expires_at LIMIT ${lit(limit)} FOR NO KEY UPDATE SKIP LOCKED)
    RETURNING b.did_id, b.rse_id),
  woken AS (
    UPDATE replicas r SET state = ${lit(ReplicaState.AVAILABLE)}
      FROM (SELECT x.did_id, x.rse_id FROM replicas x
             WHERE (x.did_id, x.rse_id) IN (SELECT did_id, rse_id FROM over)
               AND x.state = ${lit(ReplicaState.TEMPORARY_UNAVAILABLE)}
             ORDER BY x.did_id, x.rse_id FOR NO KEY UPDATE) w
     WHERE r.did_id = w.did_id AND r.rse_id = w.rse_id
    RETURNING r.did_id, r.rse_id)`;

/** Ends rests that are over; gives how many there were, and the copies that are AVAILABLE again. */
export async function wakeRested(
  tx: Tx,
  now: Date,
  limit: number,
): Promise<{ over: number; copies: CopyKey[] }> {
  const found = await rows<CopyKey & { woken: boolean }>(
    tx,
    sql`WITH ${endRests(now, limit)}
        SELECT did_id AS "didId", rse_id AS "rseId",
               (did_id, rse_id) IN (SELECT did_id, rse_id FROM woken) AS woken FROM over`,
  );
  return { over: found.length, copies: found.filter(({ woken }) => woken) };
}
