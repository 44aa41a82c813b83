import { lit, lits, rows, sql, type Tx } from '../db/index.js';
import {
  BadFileState,
  type Cause,
  type DidId,
  type RequestId,
  RequestState,
  type RuleId,
} from '../vocabulary/index.js';

/** A queue that has work: one destination and one activity. */
export interface Bucket {
  readonly rseId: number;
  readonly activity: number;
}

/** How many requests of a bucket may be claimed now. */
export interface Share extends Bucket {
  readonly slots: number;
}

/** What a bucket has under way already. */
export interface Load extends Bucket {
  readonly count: number;
}

/** A wish for a transfer that this worker has claimed. */
export interface ClaimedRequest {
  readonly id: RequestId;
  /** Of this attempt: another one has another. */
  readonly uid: string;
  readonly didId: DidId;
  readonly rseId: number;
  readonly ruleId: RuleId | null;
  readonly activity: number;
  readonly bytes: bigint;
  /** Counts from 0. */
  readonly attempt: number;
  /** What stands at the destination was declared bad: it may be replaced. */
  readonly overwrite: boolean;
  readonly createdAt: Date;
  /** Why the attempt before failed. */
  readonly cause: Cause | null;
  readonly error: string | null;
  readonly expected: string | null;
  readonly found: string | null;
}

/** At most so many claims in one statement; a constant, so that the plan stays a nested loop. */
export const CLAIM_MAX = 1000;

const UNDER_WAY = lits([RequestState.SUBMITTING, RequestState.SUBMITTED]);

/** The buckets with queued work, by skipping from key to key of the queue's index: 1 ms at 10^6. */
export const busyBuckets = (tx: Tx): Promise<Bucket[]> =>
  rows<Bucket>(
    tx,
    sql`WITH RECURSIVE b AS (
          (SELECT rse_id, activity FROM requests WHERE state = ${lit(RequestState.QUEUED)}
            ORDER BY rse_id, activity LIMIT 1)
          UNION ALL
          SELECT n.* FROM b CROSS JOIN LATERAL (
            SELECT rse_id, activity FROM requests
             WHERE state = ${lit(RequestState.QUEUED)} AND (rse_id, activity) > (b.rse_id, b.activity)
             ORDER BY rse_id, activity LIMIT 1) n)
        SELECT rse_id AS "rseId", activity FROM b`,
  );

/** What is under way, over all processes. */
export const inFlight = (tx: Tx): Promise<Load[]> =>
  rows<Load>(
    tx,
    sql`SELECT rse_id AS "rseId", activity, count(*)::int AS count FROM requests
         WHERE state IN (${UNDER_WAY}) GROUP BY rse_id, activity`,
  );

/**
 * A request is to be claimed if and only if it is QUEUED and its bucket has a slot: highest priority
 * first, then oldest. QUEUED becomes SUBMITTING, the worker's until the lease runs out.
 * Measured best: a constant LIMIT over a LATERAL one.
 */
export const claimRequests = (
  tx: Tx,
  shares: readonly Share[],
  worker: string,
  until: Date,
): Promise<ClaimedRequest[]> =>
  rows<ClaimedRequest>(
    tx,
    sql`WITH picked AS MATERIALIZED (
          SELECT q.id
            FROM unnest(${shares.map(({ rseId }) => rseId)}::int[],
                        ${shares.map(({ activity }) => activity)}::smallint[],
                        ${shares.map(({ slots }) => slots)}::int[]) w(r, a, n)
           CROSS JOIN LATERAL (
             SELECT id FROM requests
              WHERE state = ${lit(RequestState.QUEUED)} AND rse_id = w.r AND activity = w.a
              ORDER BY priority DESC, id LIMIT w.n FOR NO KEY UPDATE SKIP LOCKED) q
           LIMIT ${lit(CLAIM_MAX)})
        UPDATE requests q
           SET state = ${lit(RequestState.SUBMITTING)}, claimed_by = ${worker}, claimed_until = ${until},
               overwrite = q.overwrite OR EXISTS (
                 SELECT FROM bad_replicas b WHERE b.did_id = q.did_id AND b.rse_id = q.rse_id
                    AND b.state = ${lit(BadFileState.BAD)})
          FROM picked WHERE q.id = picked.id
        RETURNING q.id, q.uid, q.did_id AS "didId", q.rse_id AS "rseId", q.rule_id AS "ruleId", q.activity, q.bytes,
                  q.attempt, q.overwrite, q.created_at AS "createdAt", q.cause, q.error, q.expected, q.found`,
  );
