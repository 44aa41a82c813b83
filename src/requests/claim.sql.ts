import { execute, lit, lits, rows, sql, type Tx } from '../db/index.js';
import { type DidId, type RequestId, RequestState, type RuleId } from '../vocabulary/index.js';

/** A queue that has work: one destination and one activity. */
export interface Bucket {
  readonly rseId: number;
  readonly activity: number;
}

/** How many requests of a bucket may be claimed now. */
export interface Share extends Bucket {
  readonly slots: number;
}

/** A wish for a transfer that this worker has claimed. */
export interface ClaimedRequest {
  readonly id: RequestId;
  readonly didId: DidId;
  readonly rseId: number;
  readonly ruleId: RuleId | null;
  readonly bytes: bigint;
  readonly attempt: number;
  readonly overwrite: boolean;
}

/** At most so many claims in one statement; a constant, so that the plan stays a nested loop. */
export const CLAIM_MAX = 1000;

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

/** Transfers under way by destination. */
export async function inFlight(tx: Tx): Promise<Map<number, number>> {
  const found = await rows<{ rseId: number; count: number }>(
    tx,
    sql`SELECT rse_id AS "rseId", count(*)::int AS count FROM requests
         WHERE state IN (${lits([RequestState.SUBMITTING, RequestState.SUBMITTED])})
         GROUP BY rse_id`,
  );
  return new Map(found.map(({ rseId, count }) => [rseId, count]));
}

/**
 * A request is to be claimed if and only if it is QUEUED and its bucket has a slot: highest priority
 * first, then oldest. QUEUED becomes SUBMITTING, the worker's until the lease runs out.
 * Source: data-model-facts, the claim with a constant LIMIT over a LATERAL one.
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
           SET state = ${lit(RequestState.SUBMITTING)}, claimed_by = ${worker}, claimed_until = ${until}
          FROM picked WHERE q.id = picked.id
        RETURNING q.id, q.did_id AS "didId", q.rse_id AS "rseId", q.rule_id AS "ruleId", q.bytes,
                  q.attempt, q.overwrite`,
  );

/** Gives unfinished claims back, as if they had never been made. */
export const unclaimRequests = (
  tx: Tx,
  ids: readonly RequestId[],
  worker: string,
): Promise<number> =>
  execute(
    tx,
    sql`UPDATE requests SET state = ${lit(RequestState.QUEUED)}, claimed_by = NULL, claimed_until = NULL
         WHERE id = ANY(${ids}::bigint[]) AND claimed_by = ${worker}
           AND state IN (${lits([RequestState.SUBMITTING, RequestState.SUBMITTED])})`,
  );

/** The lease of what goes on is moved to `until`. Gives the ids that are still this worker's. */
export async function renewRequests(
  tx: Tx,
  ids: readonly RequestId[],
  worker: string,
  until: Date,
): Promise<Set<RequestId>> {
  const kept = await rows<{ id: RequestId }>(
    tx,
    sql`UPDATE requests SET claimed_until = ${until}
         WHERE id = ANY(${ids}::bigint[]) AND claimed_by = ${worker}
           AND state IN (${lits([RequestState.SUBMITTING, RequestState.SUBMITTED])})
        RETURNING id`,
  );
  return new Set(kept.map(({ id }) => id));
}

/**
 * A claim is lost if and only if its lease ran out before `now`: its worker died or hangs. What only
 * the worker knew is queued again. Gives how many.
 */
export const requeueLost = (tx: Tx, now: Date, limit: number): Promise<number> =>
  execute(
    tx,
    sql`WITH lost AS MATERIALIZED (
          SELECT id FROM requests
           WHERE state IN (${lits([RequestState.SUBMITTING, RequestState.SUBMITTED])})
             AND claimed_until < ${now}
           ORDER BY claimed_until LIMIT ${limit}::int FOR NO KEY UPDATE SKIP LOCKED)
        UPDATE requests q
           SET state = ${lit(RequestState.QUEUED)}, claimed_by = NULL, claimed_until = NULL,
               source_rse_id = NULL, tool = NULL, external_id = NULL
          FROM lost WHERE q.id = lost.id`,
  );

/** A movement that this worker has given to a tool. */
export interface SubmittedRequest {
  readonly id: RequestId;
  readonly tool: string;
}

/** Everything this worker has under way, by the index on running leases. */
export const submittedRequests = (tx: Tx, worker: string): Promise<SubmittedRequest[]> =>
  rows<SubmittedRequest>(
    tx,
    sql`SELECT id, tool FROM requests
         WHERE state IN (${lits([RequestState.SUBMITTING, RequestState.SUBMITTED])})
           AND state = ${lit(RequestState.SUBMITTED)} AND claimed_by = ${worker}`,
  );
