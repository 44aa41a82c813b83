import { lit, lits, only, rows, sql, type Tx } from '../db/index.js';
import { CACHED_FROM } from '../replicas/index.js';
import { type Cause, LockState, RequestState, type RseId } from '../vocabulary/index.js';

/** Rows that are counted; more are "at least so many". */
export const RSE_COUNT_MAX = 100_000;

const { QUEUED, SUBMITTING, SUBMITTED, WAITING } = RequestState;

/** What is wanted at an RSE: one row an activity and state. */
export interface WaitingTransfers {
  readonly activity: number;
  readonly state: RequestState;
  readonly requests: bigint;
  readonly bytes: bigint;
  readonly oldest: Date | null;
}

/** The transfers to an RSE that are not over, by activity and state; queued ones by the queue's index. */
export const transfersTo = (tx: Tx, rseId: RseId): Promise<WaitingTransfers[]> =>
  rows<WaitingTransfers>(
    tx,
    sql`SELECT q.activity, q.state, count(*) AS requests, sum(q.bytes)::bigint AS bytes, min(q.created_at) AS oldest
          FROM (
            (SELECT activity, state, bytes, created_at FROM requests
              WHERE rse_id = ${rseId} AND state = ${lit(QUEUED)} LIMIT ${lit(RSE_COUNT_MAX)})
            UNION ALL
            (SELECT activity, state, bytes, created_at FROM requests
              WHERE rse_id = ${rseId} AND state IN (${lits([SUBMITTING, SUBMITTED])}) LIMIT ${lit(RSE_COUNT_MAX)})
            UNION ALL
            (SELECT activity, state, bytes, created_at FROM requests
              WHERE rse_id = ${rseId} AND state = ${lit(WAITING)} LIMIT ${lit(RSE_COUNT_MAX)})) q
         GROUP BY 1, 2 ORDER BY 3 DESC, 1`,
  );

/** What went wrong at an RSE lately. */
export interface RecentFailures {
  readonly cause: Cause;
  readonly sourceId: RseId | null;
  readonly attempts: bigint;
  readonly last: Date;
  readonly error: string | null;
}

/** Attempts to copy to an RSE that have failed since then, by cause and source, most first. */
export const failuresAt = (tx: Tx, rseId: RseId, since: Date): Promise<RecentFailures[]> =>
  rows<RecentFailures>(
    tx,
    sql`SELECT h.cause, h.source_rse_id AS "sourceId", count(*) AS attempts, max(h.archived_at) AS last,
               max(h.error) AS error
          FROM (SELECT cause, source_rse_id, archived_at, error FROM requests_history
                 WHERE rse_id = ${rseId} AND archived_at > ${since}::timestamptz
                   AND state = ${lit(RequestState.FAILED)} AND cause IS NOT NULL
                 LIMIT ${lit(RSE_COUNT_MAX)}) h
         GROUP BY 1, 2 ORDER BY 3 DESC, 1 LIMIT 20`,
  );

/** What arrived at an RSE lately. */
export const arrivalsAt = (
  tx: Tx,
  rseId: RseId,
  since: Date,
): Promise<{ readonly files: bigint; readonly bytes: bigint }> =>
  only(
    tx,
    sql`SELECT count(*) AS files, coalesce(sum(h.bytes), 0)::bigint AS bytes
          FROM (SELECT bytes FROM requests_history
                 WHERE rse_id = ${rseId} AND archived_at > ${since}::timestamptz AND state = ${lit(RequestState.DONE)}
                 LIMIT ${lit(RSE_COUNT_MAX)}) h`,
  );

/** What a reaper has before it. Counts end at RSE_COUNT_MAX. */
export interface DeletionBacklog {
  readonly urgent: bigint;
  readonly urgentBytes: bigint;
  readonly cached: bigint;
  readonly cachedBytes: bigint;
  readonly oldest: Date | null;
}

/** Copies whose tombstones are due; `urgentUntil` is now as urgent tombstones count it. */
export const deletionBacklog = (
  tx: Tx,
  rseId: RseId,
  times: { readonly now: Date; readonly urgentUntil: Date },
): Promise<DeletionBacklog> =>
  only<DeletionBacklog>(
    tx,
    sql`SELECT count(*) FILTER (WHERE r.urgent) AS urgent,
               coalesce(sum(r.bytes) FILTER (WHERE r.urgent), 0)::bigint AS "urgentBytes",
               count(*) FILTER (WHERE NOT r.urgent) AS cached,
               coalesce(sum(r.bytes) FILTER (WHERE NOT r.urgent), 0)::bigint AS "cachedBytes",
               min(r.tombstone) FILTER (WHERE NOT r.urgent) AS oldest
          FROM (
            (SELECT true AS urgent, bytes, tombstone FROM replicas
              WHERE rse_id = ${rseId} AND tombstone <= ${times.urgentUntil}::timestamptz LIMIT ${lit(RSE_COUNT_MAX)})
            UNION ALL
            (SELECT false, bytes, tombstone FROM replicas
              WHERE rse_id = ${rseId} AND tombstone > ${CACHED_FROM}::timestamptz AND tombstone <= ${times.now}::timestamptz
              ORDER BY tombstone LIMIT ${lit(RSE_COUNT_MAX)})) r`,
  );

/** Why locks at an RSE are stuck. */
export interface StuckAt {
  readonly cause: Cause;
  readonly locks: bigint;
  readonly rules: bigint;
}

/** Stuck locks at an RSE, by cause; of the first of them where there are very many. */
export const stuckAt = (tx: Tx, rseId: RseId): Promise<StuckAt[]> =>
  rows<StuckAt>(
    tx,
    sql`SELECT s.cause, count(*) AS locks, count(DISTINCT s.rule_id) AS rules
          FROM (SELECT s.cause, s.rule_id FROM stuck_locks s
                  JOIN locks l ON l.did_id = s.did_id AND l.rse_id = s.rse_id AND (l.rule_id + 0) = s.rule_id
                 WHERE s.rse_id = ${rseId} AND l.state = ${lit(LockState.STUCK)} LIMIT ${lit(RSE_COUNT_MAX)}) s
         GROUP BY 1 ORDER BY 2 DESC, 1`,
  );
