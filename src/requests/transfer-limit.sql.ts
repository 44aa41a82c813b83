import { execute, lit, ring, rows, sql, type Tx } from '../db/index.js';
import { Channel, RequestState, type TransferDirection } from '../vocabulary/index.js';
import { type Load } from './claim.sql.js';

/** Which limit: one for each expression, activity and direction. */
export interface LimitKey {
  readonly rseExpression: string;
  /** null is all activities together. */
  readonly activity: number | null;
  readonly direction: TransferDirection;
}

/** What a limit says. Only `maxTransfers` bounds anything; the rest is kept for those who read it. */
export interface LimitTerms {
  /** Transfers at once over all RSEs of the expression. null: no bound. */
  readonly maxTransfers: number | null;
  /** Bytes. */
  readonly volume: bigint | null;
  /** Hours. */
  readonly deadline: number | null;
  readonly strategy: string | null;
  readonly transfers: number | null;
  readonly waitings: number | null;
}

export interface TransferLimit extends LimitKey, LimitTerms {
  readonly uid: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Every limit, by expression, direction and activity. */
export const listTransferLimits = (tx: Tx): Promise<TransferLimit[]> =>
  rows<TransferLimit>(
    tx,
    sql`SELECT uid, rse_expression AS "rseExpression", activity, direction,
               max_transfers AS "maxTransfers", volume, deadline, strategy, transfers, waitings,
               created_at AS "createdAt", updated_at AS "updatedAt"
          FROM transfer_limits ORDER BY rse_expression, direction, activity`,
  );

/** Adds a limit, or changes what is given (not null) of one that is there; the conveyor looks at once. */
export async function upsertTransferLimit(
  tx: Tx,
  { rseExpression, activity, direction }: LimitKey,
  terms: LimitTerms,
): Promise<void> {
  await execute(
    tx,
    sql`INSERT INTO transfer_limits AS l (rse_expression, activity, direction, max_transfers, volume,
          deadline, strategy, transfers, waitings)
        VALUES (${rseExpression}, ${activity}, ${direction}, ${terms.maxTransfers}, ${terms.volume},
          ${terms.deadline}, ${terms.strategy}, ${terms.transfers}, ${terms.waitings})
        ON CONFLICT (rse_expression, activity, direction) DO UPDATE
        SET max_transfers = COALESCE(EXCLUDED.max_transfers, l.max_transfers),
            volume = COALESCE(EXCLUDED.volume, l.volume),
            deadline = COALESCE(EXCLUDED.deadline, l.deadline),
            strategy = COALESCE(EXCLUDED.strategy, l.strategy),
            transfers = COALESCE(EXCLUDED.transfers, l.transfers),
            waitings = COALESCE(EXCLUDED.waitings, l.waitings), updated_at = now()`,
  );
  await ring(tx, Channel.REQUESTS);
}

/** Removes a limit; false if there was none. */
export async function deleteTransferLimit(
  tx: Tx,
  { rseExpression, activity, direction }: LimitKey,
): Promise<boolean> {
  const gone = await execute(
    tx,
    sql`DELETE FROM transfer_limits WHERE rse_expression = ${rseExpression}
          AND activity IS NOT DISTINCT FROM ${activity}::smallint AND direction = ${direction}`,
  );
  if (gone > 0) await ring(tx, Channel.REQUESTS);
  return gone > 0;
}

/** A limit that bounds something. */
export interface TransferBound extends LimitKey {
  readonly maxTransfers: number;
}

/** The limits with a number of transfers. */
export const transferBounds = (tx: Tx): Promise<TransferBound[]> =>
  rows<TransferBound>(
    tx,
    sql`SELECT rse_expression AS "rseExpression", activity, direction,
               max_transfers AS "maxTransfers"
          FROM transfer_limits WHERE max_transfers IS NOT NULL`,
  );

/** Arbitrary; keeps our advisory locks apart from others in the same database. */
const LIMITS_LOCK = 7_402_613;

/**
 * Makes this transaction the only one that begins transfers under limits until it ends. Take it before
 * loads are counted, or two workers both find the last place free.
 */
export async function lockTransferLimits(tx: Tx): Promise<void> {
  await execute(tx, sql`SELECT pg_advisory_xact_lock(${LIMITS_LOCK})`);
}

/** How much is being read from each source now, over all processes. */
export const readingFrom = (tx: Tx): Promise<Load[]> =>
  rows<Load>(
    tx,
    sql`SELECT source_rse_id AS "rseId", activity, count(*)::int AS count FROM requests
         WHERE state = ${lit(RequestState.SUBMITTED)} AND source_rse_id IS NOT NULL
         GROUP BY source_rse_id, activity`,
  );
