import { execute, lit, lits, rows, sql, type Tx } from '../db/index.js';
import { Cause, type RequestId, RequestState } from '../vocabulary/index.js';

// A claim is a lease: claimed_by names the worker, claimed_until ends it. Whoever settles says whose
// claim it is, so that a worker that has lost its lease changes nothing.

const { QUEUED, SUBMITTING, SUBMITTED, WAITING, LOST } = RequestState;
const UNDER_WAY = lits([SUBMITTING, SUBMITTED]);

/**
 * Gives unfinished claims back, as if they had never been made. The uid is a new one: bytes that a
 * storage still takes in under the old temporary name are in nobody's way.
 */
export const unclaimRequests = (
  tx: Tx,
  ids: readonly RequestId[],
  worker: string,
): Promise<number> =>
  execute(
    tx,
    sql`UPDATE requests
           SET state = ${lit(QUEUED)}, claimed_by = NULL, claimed_until = NULL, uid = gen_random_uuid(),
               source_rse_id = NULL, tool = NULL, external_id = NULL, submitted_at = NULL, started_at = NULL
         WHERE id = ANY(${ids}::bigint[]) AND claimed_by = ${worker} AND state IN (${UNDER_WAY})`,
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
         WHERE id = ANY(${ids}::bigint[]) AND claimed_by = ${worker} AND state IN (${UNDER_WAY})
        RETURNING id`,
  );
  return new Set(kept.map(({ id }) => id));
}

/** Of these requests, the ids of those that are SUBMITTED by this worker. */
export async function submittedRequests(
  tx: Tx,
  ids: readonly RequestId[],
  worker: string,
): Promise<Set<RequestId>> {
  const found = await rows<{ id: RequestId }>(
    tx,
    sql`SELECT id FROM requests
         WHERE id = ANY(${ids}::bigint[]) AND claimed_by = ${worker} AND state = ${lit(SUBMITTED)}`,
  );
  return new Set(found.map(({ id }) => id));
}

/** A claimed request that cannot begin yet. */
export interface Postponement {
  readonly id: RequestId;
  readonly dueAt: Date;
  readonly cause: Cause;
  readonly error: string;
}

/** SUBMITTING becomes WAITING until `dueAt`, without counting as an attempt. */
export const postponeRequests = (
  tx: Tx,
  postponements: readonly Postponement[],
  worker: string,
): Promise<number> =>
  execute(
    tx,
    sql`UPDATE requests q
           SET state = ${lit(WAITING)}, due_at = p.due_at, cause = p.cause, error = p.error,
               claimed_by = NULL, claimed_until = NULL
          FROM unnest(${postponements.map(({ id }) => id)}::bigint[],
                      ${postponements.map(({ dueAt }) => dueAt)}::timestamptz[],
                      ${postponements.map(({ cause }) => cause)}::text[],
                      ${postponements.map(({ error }) => error)}::text[]) p(id, due_at, cause, error)
         WHERE q.id = p.id AND q.claimed_by = ${worker} AND q.state = ${lit(SUBMITTING)}`,
  );

/** What became of claims whose worker is gone. */
export interface LostClaims {
  /** Nothing had begun: QUEUED again. */
  readonly queued: number;
  /** A movement had begun: the attempt is LOST, and the finisher's. */
  readonly lost: number;
}

/**
 * A claim is lost if and only if its lease ran out before `now`: its worker died or hangs. SUBMITTING
 * is QUEUED again, for no tool had the job. SUBMITTED is LOST, a failed attempt like others: so a
 * file that kills its workers comes to an end. The next attempt uses another temporary name, and removes
 * what may stand under this one's.
 */
export async function loseClaims(tx: Tx, now: Date, limit: number): Promise<LostClaims> {
  const found = await rows<{ state: RequestState }>(
    tx,
    sql`WITH lost AS MATERIALIZED (
          SELECT id FROM requests
           WHERE state IN (${UNDER_WAY}) AND claimed_until < ${now}
           ORDER BY claimed_until LIMIT ${lit(limit)} FOR NO KEY UPDATE SKIP LOCKED)
        UPDATE requests q
           SET state = CASE WHEN q.state = ${lit(SUBMITTING)} THEN ${lit(QUEUED)}::"char"
                            ELSE ${lit(LOST)}::"char" END,
               cause = CASE WHEN q.state = ${lit(SUBMITTED)} THEN ${lit(Cause.LOST_WORKER)} ELSE q.cause END,
               error = CASE WHEN q.state = ${lit(SUBMITTED)}
                            THEN 'no word from ' || q.claimed_by || ' since its lease ended'
                            ELSE q.error END,
               finished_at = CASE WHEN q.state = ${lit(SUBMITTED)} THEN ${now}::timestamptz END,
               leftover = q.state = ${lit(SUBMITTED)},
               claimed_by = NULL, claimed_until = NULL
          FROM lost WHERE q.id = lost.id
        RETURNING q.state`,
  );
  const queued = found.filter(({ state }) => state === QUEUED).length;
  return { queued, lost: found.length - queued };
}
