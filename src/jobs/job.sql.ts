import {
  execute,
  join,
  lit,
  lits,
  one,
  only,
  ring,
  rows,
  sql,
  type Sql,
  type Tx,
} from '../db/index.js';
import { RequestNotFound, UnsupportedOperation } from '../errors/index.js';
import {
  type AccountId,
  Channel,
  type JobKind,
  JobState,
  JobStateCodec,
  parseWireId,
} from '../vocabulary/index.js';
import { EventType, tell } from '../messages/index.js';
import { endOf } from './job-end.js';
import { type Counts, type DidChoice, type Job, type JobOrder, type Outcome } from './job.js';

const columns = sql`j.id, j.uid, j.kind, j.account_id AS "accountId", a.name AS account,
  s.uid AS "scheduleUid", j.state, j.step, j.cursor, j.spec, j.given, j.comments, j.error, j.total, j.done,
  j.failed, j.total_bytes AS "totalBytes", j.done_bytes AS "doneBytes", j.failed_bytes AS "failedBytes",
  j.created_at AS "createdAt", j.updated_at AS "updatedAt", j.started_at AS "startedAt",
  j.ended_at AS "endedAt", j.due_at AS "dueAt"`;
const tables = sql`jobs j JOIN accounts a ON a.id = j.account_id
  LEFT JOIN job_schedules s ON s.id = j.schedule_id`;

const { QUEUED, RUNNING, WAITING_APPROVAL, DONE, FAILED, CANCELLED } = JobState;
const WORKABLE = [QUEUED, RUNNING] as const;
const OPEN = [QUEUED, RUNNING, WAITING_APPROVAL] as const;

/** Adds a job: its row and nothing else, however much it is about. */
export async function insertJob(
  tx: Tx,
  order: JobOrder,
  begin: { readonly step: string; readonly now: Date; readonly scheduleId?: number },
): Promise<{ readonly id: bigint; readonly uid: string }> {
  const { dids, ...spec } = order.spec as DidChoice;
  const made = await only<{ id: bigint; uid: string }>(
    tx,
    sql`INSERT INTO jobs (account_id, schedule_id, state, kind, step, comments, given, spec, listed,
          created_at, updated_at, due_at)
        VALUES (${order.accountId}, ${begin.scheduleId ?? null}, ${lit(QUEUED)}, ${order.kind}, ${begin.step},
          ${order.comments}, ${JSON.stringify(order.given)}::json, ${JSON.stringify(spec)}::json,
          ${dids ? JSON.stringify(dids) : null}::jsonb,
          ${begin.now}::timestamptz, ${begin.now}::timestamptz, ${begin.now}::timestamptz)
        RETURNING id, uid`,
  );
  await ring(tx, Channel.JOBS);
  return made;
}

/** Jobs that have a slice due, the one that waits longest first. */
export async function dueJobs(tx: Tx, now: Date, limit: number): Promise<bigint[]> {
  const found = await rows<{ id: bigint }>(
    tx,
    sql`SELECT id FROM jobs WHERE state IN (${lits(WORKABLE)}) AND due_at <= ${now}::timestamptz
         ORDER BY due_at, id LIMIT ${lit(limit)}`,
  );
  return found.map(({ id }) => id);
}

/** A job whose slice is due, held until the transaction ends; undefined where somebody else has it. */
export const claimJob = (tx: Tx, id: bigint, now: Date): Promise<Job | undefined> =>
  one<Job>(
    tx,
    sql`SELECT ${columns} FROM ${tables}
         WHERE j.id = ${id} AND j.state IN (${lits(WORKABLE)}) AND j.due_at <= ${now}::timestamptz
           FOR UPDATE OF j SKIP LOCKED`,
  );

/** What a slice came to: counts, cursor and step go with what it did. */
export async function settleJob(
  tx: Tx,
  job: Job,
  outcome: Outcome,
  terms: { readonly now: Date; readonly pollSeconds: number },
): Promise<void> {
  const { next } = outcome;
  const isStep = typeof next === 'object';
  const asks = isStep && next.approval === true;
  const state = next === 'end' ? DONE : asks ? WAITING_APPROVAL : RUNNING;
  const pause = next === 'wait' ? terms.pollSeconds : 0;
  const cursor = outcome.cursor === undefined ? sql`cursor` : json(outcome.cursor);
  await execute(
    tx,
    sql`UPDATE jobs
           SET ${counted(outcome)}, state = ${lit(state)}, cursor = ${cursor},
               step = ${isStep ? next.step : job.step},
               started_at = coalesce(started_at, ${terms.now}::timestamptz),
               ended_at = ${next === 'end' ? terms.now : null}::timestamptz, updated_at = ${terms.now}::timestamptz,
               due_at = ${terms.now}::timestamptz + make_interval(secs => ${pause})
         WHERE id = ${job.id}`,
  );
  if (next === 'end') await tellEnded(tx, job.id);
}

const json = (value: object | null): Sql =>
  sql`${value === null ? null : JSON.stringify(value)}::jsonb`;

const counted = (counts: Counts): Sql =>
  join(
    [
      sql`total = total + ${counts.total ?? 0n}::bigint`,
      sql`done = done + ${counts.done ?? 0n}::bigint`,
      sql`failed = failed + ${counts.failed ?? 0n}::bigint`,
      sql`total_bytes = total_bytes + ${counts.totalBytes ?? 0n}::bigint`,
      sql`done_bytes = done_bytes + ${counts.doneBytes ?? 0n}::bigint`,
      sql`failed_bytes = failed_bytes + ${counts.failedBytes ?? 0n}::bigint`,
    ],
    ', ',
  );

/** A job that cannot go on; what it has done stays, and it can be resumed. */
export async function failJob(tx: Tx, id: bigint, error: string, now: Date): Promise<void> {
  const failed = await execute(
    tx,
    sql`UPDATE jobs SET state = ${lit(FAILED)}, error = ${error}, ended_at = ${now}::timestamptz,
               updated_at = ${now}::timestamptz
         WHERE id = ${id} AND state IN (${lits(WORKABLE)})`,
  );
  if (failed > 0) await tellEnded(tx, id);
}

/** Tells that a job has ended, in the transaction in which it did; one that is resumed ends once more. */
async function tellEnded(tx: Tx, id: bigint): Promise<void> {
  const job = await only<Job>(tx, sql`SELECT ${columns} FROM ${tables} WHERE j.id = ${id}`);
  await tell(tx, EventType.JOB_ENDED, [endOf(job)]);
}

/** A job whose slice broke for no reason of its own is tried again later. */
export const postponeJob = (tx: Tx, id: bigint, dueAt: Date): Promise<number> =>
  execute(
    tx,
    sql`UPDATE jobs SET due_at = ${dueAt}::timestamptz
         WHERE id = ${id} AND state IN (${lits(WORKABLE)})`,
  );

/** What people say about a job, and the states in which they may. */
const VERBS = {
  cancel: { from: OPEN, to: CANCELLED, ends: true },
  approve: { from: [WAITING_APPROVAL], to: RUNNING, ends: false },
  resume: { from: [FAILED, CANCELLED], to: RUNNING, ends: false },
} as const;
export type JobVerb = keyof typeof VERBS;

/**
 * Cancels, approves or resumes a job. It waits for the slice under way, and there is none after it.
 * Throws UnsupportedOperation for a job in another state.
 */
export async function steerJob(tx: Tx, job: Job, verb: JobVerb, now: Date): Promise<void> {
  const { from, to, ends } = VERBS[verb];
  const steered = await execute(
    tx,
    sql`UPDATE jobs SET state = ${lit(to)}, error = NULL, updated_at = ${now}::timestamptz,
               ended_at = ${ends ? now : null}::timestamptz, due_at = ${now}::timestamptz
         WHERE id = ${job.id} AND state IN (${lits(from)})`,
  );
  if (steered === 0) {
    const { state } = await only<{ state: string }>(
      tx,
      sql`SELECT state FROM jobs WHERE id = ${job.id}`,
    );
    throw new UnsupportedOperation(
      `A job can be told to ${verb} in the states ${from.map((letter) => JobStateCodec.name(letter)).join(', ')}; this one is ${JobStateCodec.name(state)}`,
      { state: JobStateCodec.name(state) },
    );
  }
  if (ends) await tellEnded(tx, job.id);
  else await ring(tx, Channel.JOBS);
}

/** The job of a wire id. Throws RequestNotFound, also for what is no id at all. */
export async function findJob(tx: Tx, id: string): Promise<Job> {
  const uid = parseWireId(id);
  const found =
    uid && (await one<Job>(tx, sql`SELECT ${columns} FROM ${tables} WHERE j.uid = ${uid}::uuid`));
  if (found) return found;
  throw new RequestNotFound(`No job with the id '${id}' found`, { id });
}

/** Which jobs are listed: all that agree. */
export interface JobFilter {
  readonly account?: AccountId;
  readonly kind?: JobKind;
  readonly state?: JobState;
  readonly scheduleUid?: string;
  readonly limit: number;
}

/** Jobs, the newest first. */
export const listJobs = (tx: Tx, filter: JobFilter): Promise<Job[]> => {
  const conditions = [
    sql`true`,
    ...(filter.account === undefined ? [] : [sql`j.account_id = ${filter.account}`]),
    ...(filter.kind === undefined ? [] : [sql`j.kind = ${filter.kind}`]),
    ...(filter.state === undefined ? [] : [sql`j.state = ${filter.state}::"char"`]),
    ...(filter.scheduleUid === undefined ? [] : [sql`s.uid = ${filter.scheduleUid}::uuid`]),
  ];
  return rows<Job>(
    tx,
    sql`SELECT ${columns} FROM ${tables} WHERE ${join(conditions, ' AND ')}
         ORDER BY j.id DESC LIMIT ${filter.limit}`,
  );
};

/** Whether a job is still to be worked at, or waits for somebody's word. */
export async function isOpen(tx: Tx, id: bigint): Promise<boolean> {
  const found = await one(tx, sql`SELECT FROM jobs WHERE id = ${id} AND state IN (${lits(OPEN)})`);
  return found !== undefined;
}

/** Says something about a job that goes on. */
export const noteOnJob = (tx: Tx, id: bigint, note: string): Promise<number> =>
  execute(tx, sql`UPDATE jobs SET error = ${note} WHERE id = ${id}`);

/** Forgets at most `limit` items of jobs that ended before then, and jobs without any. Gives how many. */
export async function forgetJobs(tx: Tx, before: Date, limit: number): Promise<number> {
  const over = sql`SELECT id FROM jobs WHERE ended_at < ${before}::timestamptz`;
  const items = await execute(
    tx,
    sql`DELETE FROM job_items WHERE ctid = ANY (ARRAY(
          SELECT i.ctid FROM job_items i WHERE i.job_id IN (${over}) LIMIT ${lit(limit)}))`,
  );
  if (items === limit) return items;
  return (
    items +
    (await execute(
      tx,
      sql`DELETE FROM jobs j WHERE j.id IN (${over})
             AND NOT EXISTS (SELECT FROM job_items i WHERE i.job_id = j.id)`,
    ))
  );
}
