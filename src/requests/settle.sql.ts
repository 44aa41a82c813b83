import { execute, lit, lits, rows, sql, type Sql, type Tx } from '../db/index.js';
import {
  Cause,
  type CopyKey,
  type DidId,
  type RequestId,
  RequestState,
  type RuleId,
  SOURCE_CAUSES,
} from '../vocabulary/index.js';
import { tellEnded, tellRetried, tellSubmitted } from './told.sql.js';

/** A request that a transfer tool has taken. */
export interface Submission {
  readonly id: RequestId;
  readonly sourceRseId: number;
  readonly tool: string;
  readonly externalId: string | null;
}

/** SUBMITTING becomes SUBMITTED for what is still this worker's. Gives the ids that were. */
export async function submitRequests(
  tx: Tx,
  submissions: readonly Submission[],
  worker: string,
  now: Date,
): Promise<Set<RequestId>> {
  const done = await rows<{ id: RequestId }>(
    tx,
    sql`WITH submitted AS (
        UPDATE requests q
           SET state = ${lit(RequestState.SUBMITTED)}, source_rse_id = s.source, tool = s.tool,
               external_id = s.external, submitted_at = ${now}, started_at = ${now}
          FROM unnest(${submissions.map(({ id }) => id)}::bigint[],
                      ${submissions.map(({ sourceRseId }) => sourceRseId)}::int[],
                      ${submissions.map(({ tool }) => tool)}::text[],
                      ${submissions.map(({ externalId }) => externalId)}::text[]) s(id, source, tool, external)
         WHERE q.id = s.id AND q.claimed_by = ${worker} AND q.state = ${lit(RequestState.SUBMITTING)}
        RETURNING q.*),
        told AS (${tellSubmitted(sql`SELECT * FROM submitted`)})
        SELECT id FROM submitted`,
  );
  return new Set(done.map(({ id }) => id));
}

/** How a movement ended, or why none could begin. */
export interface Ending {
  readonly id: RequestId;
  readonly state: RequestState;
  readonly sourceRseId: number | null;
  readonly bytesMoved: bigint;
  readonly cause: Cause | null;
  readonly error: string | null;
  readonly expected: string | null;
  readonly found: string | null;
  /** Bytes may stand at the destination under the attempt's temporary name. */
  readonly leftover?: boolean;
  /** It failed at the destination: of many causes that is not said by the cause. */
  readonly destinationFailed?: boolean;
}

/**
 * Writes endings of this worker's requests; the finisher draws the consequences. Gives the ids of
 * those that were the worker's.
 */
export async function endRequests(
  tx: Tx,
  endings: readonly Ending[],
  worker: string,
  now: Date,
): Promise<Set<RequestId>> {
  const ended = await rows<{ id: RequestId }>(
    tx,
    sql`UPDATE requests q
           SET state = e.state, source_rse_id = coalesce(e.source, q.source_rse_id), bytes_moved = e.moved,
               cause = e.cause, error = e.error, expected = e.expected, found = e.found, leftover = e.leftover,
               destination_failed = e.at_destination, finished_at = ${now}, claimed_by = NULL, claimed_until = NULL
          FROM unnest(${endings.map(({ id }) => id)}::bigint[],
                      ${endings.map(({ state }) => state)}::"char"[],
                      ${endings.map(({ sourceRseId }) => sourceRseId)}::int[],
                      ${endings.map(({ bytesMoved }) => bytesMoved)}::bigint[],
                      ${endings.map(({ cause }) => cause)}::text[],
                      ${endings.map(({ error }) => error)}::text[],
                      ${endings.map(({ expected }) => expected)}::text[],
                      ${endings.map(({ found }) => found)}::text[],
                      ${endings.map(({ leftover }) => leftover === true)}::boolean[],
                      ${endings.map((end) => end.destinationFailed === true)}::boolean[])
               e(id, state, source, moved, cause, error, expected, found, leftover, at_destination)
         WHERE q.id = e.id AND q.claimed_by = ${worker}
           AND q.state IN (${lits([RequestState.SUBMITTING, RequestState.SUBMITTED])})
        RETURNING q.id`,
  );
  return new Set(ended.map(({ id }) => id));
}

/** CTE body: DONE requests, oldest first, locked. Gives (id, did_id, rse_id). */
export const doneRequests = (limit: number): Sql => sql`
  SELECT id, did_id, rse_id FROM requests WHERE state = ${lit(RequestState.DONE)}
   ORDER BY id LIMIT ${lit(limit)} FOR NO KEY UPDATE SKIP LOCKED`;

/** CTE body: takes requests out of the table. `from` gives (id). Gives whole requests. */
export const takeRequests = (from: Sql): Sql => sql`
  DELETE FROM requests q WHERE q.id = ANY (ARRAY(SELECT f.id FROM (${from}) f)) RETURNING q.*`;

/** Every column of a request: its history has the same and `archived_at`. */
const COLUMNS = sql`id, did_id, rule_id, bytes, bytes_moved, created_at, due_at, claimed_until,
  submitted_at, started_at, finished_at, rse_id, source_rse_id, account_id, activity, priority, attempt,
  type, state, overwrite, leftover, destination_failed, uid, claimed_by, tool, external_id, cause, error, expected, found`;

/** CTE body: remembers requests. `from` gives whole requests. */
export const archiveRequests = (from: Sql, now: Date): Sql => sql`
  INSERT INTO requests_history (${COLUMNS}, archived_at)
  SELECT ${COLUMNS}, ${now}::timestamptz FROM (${from}) a`;

/** A movement that failed, as the finisher sees it. */
export interface FailedRequest {
  readonly id: RequestId;
  readonly didId: DidId;
  readonly rseId: number;
  readonly ruleId: RuleId | null;
  readonly sourceRseId: number | null;
  readonly attempt: number;
  readonly state: RequestState;
  readonly cause: Cause | null;
  readonly error: string | null;
  readonly expected: string | null;
  readonly found: string | null;
}

const FAILURES = [
  RequestState.FAILED,
  RequestState.NO_SOURCES,
  RequestState.ONLY_TAPE_SOURCES,
  RequestState.SUBMISSION_FAILED,
  RequestState.MISMATCH_SCHEME,
  RequestState.LOST,
] as const;

/** Failed requests, oldest first, locked until the end of the transaction. */
export const failedRequests = (tx: Tx, limit: number): Promise<FailedRequest[]> =>
  rows<FailedRequest>(
    tx,
    sql`SELECT id, did_id AS "didId", rse_id AS "rseId", rule_id AS "ruleId",
               source_rse_id AS "sourceRseId", attempt, state, cause, error, expected, found
          FROM requests WHERE state IN (${lits(FAILURES)})
         ORDER BY id LIMIT ${lit(limit)} FOR NO KEY UPDATE SKIP LOCKED`,
  );

/** What went wrong with the source of an earlier attempt. */
export type EarlierFailure = Pick<
  FailedRequest,
  'id' | 'sourceRseId' | 'cause' | 'error' | 'expected' | 'found'
>;

/** Of these requests, those whose last attempt before found a wrong source, and what it found. */
export const sourceFailures = (tx: Tx, ids: readonly RequestId[]): Promise<EarlierFailure[]> =>
  rows<EarlierFailure>(
    tx,
    sql`SELECT DISTINCT ON (q.id) q.id, h.source_rse_id AS "sourceRseId", h.cause, h.error, h.expected, h.found
          FROM requests q
          JOIN requests_history h ON h.did_id = q.did_id AND h.rse_id = q.rse_id AND h.id = q.id
         WHERE q.id = ANY (${[...ids]}::bigint[]) AND h.cause IN (${lits(SOURCE_CAUSES)})
         ORDER BY q.id, h.attempt DESC`,
  );

/** A request that is to be tried again at `dueAt`, which may be now. */
export interface Retry {
  readonly id: RequestId;
  readonly dueAt: Date;
}

/**
 * The failed attempt goes to the history, the wish is QUEUED for the next one or, where that is not
 * due yet, WAITING. The next attempt has a uid of its own and remembers why this one failed.
 */
export async function retryRequests(tx: Tx, retries: readonly Retry[], now: Date): Promise<number> {
  const retried = await rows(
    tx,
    sql`WITH r AS MATERIALIZED (
          SELECT * FROM unnest(${retries.map(({ id }) => id)}::bigint[],
                               ${retries.map(({ dueAt }) => dueAt)}::timestamptz[]) AS r(id, due_at)),
        kept AS (${archiveRequests(attempts, now)}),
        retried AS (
        UPDATE requests q
           SET state = CASE WHEN r.due_at <= ${now} THEN ${lit(RequestState.QUEUED)}::"char"
                            ELSE ${lit(RequestState.WAITING)}::"char" END,
               due_at = CASE WHEN r.due_at > ${now} THEN r.due_at END, attempt = q.attempt + 1, uid = gen_random_uuid(), source_rse_id = NULL, tool = NULL, external_id = NULL,
               bytes_moved = NULL, submitted_at = NULL, started_at = NULL, finished_at = NULL, leftover = false,
               destination_failed = false
          FROM r WHERE q.id = r.id AND q.state IN (${lits(FAILURES)})
        RETURNING q.*),
        told AS (${tellRetried(attempts, sql`SELECT * FROM retried`, now)})
        SELECT FROM retried`,
  );
  return retried.length;
}

/** The requests of the CTE `r` as they failed. */
const attempts = sql`SELECT q.* FROM requests q WHERE q.id = ANY (ARRAY(SELECT id FROM r))`;

/** Takes requests that finally failed out of the queue and remembers them. */
export const dropRequests = (tx: Tx, ids: readonly RequestId[], now: Date): Promise<number> =>
  execute(
    tx,
    sql`WITH gone AS (${takeRequests(sql`SELECT unnest(${ids}::bigint[]) AS id`)}),
          ended AS (${tellEnded(sql`SELECT * FROM gone`)})
        ${archiveRequests(sql`SELECT * FROM gone`, now)}`,
  );

/** CTE body: WAITING requests whose time has come are QUEUED. Gives (did_id, rse_id). */
export const requeueDue = (now: Date, limit: number): Sql => requeue(sql`due_at <= ${now}`, limit);

/**
 * CTE body: WAITING requests without a due time wait behind a deletion, whose lease nobody could
 * renew since the lock came. Where it was not forgotten by `before`, its reaper is gone: QUEUED.
 * Gives (did_id, rse_id).
 */
export const requeueAbandoned = (before: Date, limit: number): Sql =>
  requeue(sql`due_at IS NULL AND created_at <= ${before}`, limit);

/** Two statements, not one condition: each is a range of the index on (due_at). */
const requeue = (condition: Sql, limit: number): Sql => sql`
  UPDATE requests q SET state = ${lit(RequestState.QUEUED)}, due_at = NULL
    FROM (SELECT id FROM requests
           WHERE state = ${lit(RequestState.WAITING)} AND ${condition}
           ORDER BY due_at LIMIT ${lit(limit)} FOR NO KEY UPDATE SKIP LOCKED) w
   WHERE q.id = w.id
  RETURNING q.did_id, q.rse_id`;

/** Causes that say nothing against the source, wherever they were met. */
const NOT_THE_SOURCE = [
  Cause.DEST_CHECKSUM,
  Cause.DEST_SIZE,
  Cause.DEST_EXISTS,
  Cause.DEST_FULL,
  Cause.DEST_REFUSED,
  Cause.DEST_MISSING,
  Cause.NOT_WRITABLE,
  Cause.CANCELLED,
] as const;

/** The RSEs from which an attempt for these copies has failed since then, with how often. */
export async function failedSources(
  tx: Tx,
  copies: readonly CopyKey[],
  since: Date,
): Promise<(CopyKey & { readonly sourceRseId: number; readonly times: number })[]> {
  return await rows(
    tx,
    sql`SELECT h.did_id AS "didId", h.rse_id AS "rseId", h.source_rse_id AS "sourceRseId", count(*)::int AS times
          FROM unnest(${copies.map(({ didId }) => didId)}::bigint[],
                      ${copies.map(({ rseId }) => rseId)}::int[]) w(did_id, rse_id)
          JOIN requests_history h ON h.did_id = w.did_id AND h.rse_id = w.rse_id
           AND h.state = ${lit(RequestState.FAILED)} AND h.source_rse_id IS NOT NULL
           AND h.cause NOT IN (${lits(NOT_THE_SOURCE)}) AND NOT h.destination_failed
           AND h.archived_at > ${since}
         GROUP BY 1, 2, 3`,
  );
}

/** The RSEs to which a movement of one of these files has failed since then, whatever it was. */
export async function failedDestinations(
  tx: Tx,
  didIds: readonly DidId[],
  since: Date,
): Promise<number[]> {
  const found = await rows<{ rseId: number }>(
    tx,
    sql`SELECT DISTINCT h.rse_id AS "rseId" FROM requests_history h
         WHERE h.did_id = ANY (${[...didIds]}::bigint[]) AND h.archived_at > ${since}
           AND h.state IN (${lits(FAILURES)}) AND h.cause <> ${lit(Cause.CANCELLED)}`,
  );
  return found.map(({ rseId }) => rseId);
}

/** The uids of earlier attempts at these copies that may have left bytes under their temporary names. */
export async function leftoversOf(
  tx: Tx,
  copies: readonly CopyKey[],
): Promise<(CopyKey & { readonly uid: string })[]> {
  return await rows(
    tx,
    sql`SELECT h.did_id AS "didId", h.rse_id AS "rseId", h.uid
          FROM unnest(${copies.map(({ didId }) => didId)}::bigint[],
                      ${copies.map(({ rseId }) => rseId)}::int[]) w(did_id, rse_id)
          JOIN requests_history h ON h.did_id = w.did_id AND h.rse_id = w.rse_id AND h.leftover`,
  );
}
