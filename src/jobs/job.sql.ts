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
import { EventType, tell } from '../messages/index.js';
import { Channel, JobState } from '../vocabulary/index.js';
import { jobsWhere } from './find-jobs.sql.js';
import { endOf } from './job-end.js';
import {
  type Counts,
  type Cursor,
  type DidChoice,
  type Job,
  type JobOrder,
  type Outcome,
} from './job.js';

const { QUEUED, RUNNING, WAITING_APPROVAL, DONE, FAILED } = JobState;
const WORKABLE = [QUEUED, RUNNING] as const;

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
    sql`${jobsWhere(sql`j.id = ${id} AND j.state IN (${lits(WORKABLE)}) AND j.due_at <= ${now}::timestamptz`)}
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
  const cursor = outcome.cursor === undefined ? sql`cursor` : json(asks ? ASKS : outcome.cursor);
  await execute(
    tx,
    sql`UPDATE jobs
           SET ${counted(outcome)}, ${NO_FAULT}, state = ${lit(state)}, cursor = ${cursor},
               step = ${isStep ? next.step : job.step},
               started_at = coalesce(started_at, ${terms.now}::timestamptz),
               ended_at = ${next === 'end' ? terms.now : null}::timestamptz, updated_at = ${terms.now}::timestamptz,
               due_at = ${terms.now}::timestamptz + make_interval(secs => ${pause})
         WHERE id = ${job.id}`,
  );
  if (next === 'end') await tellEnded(tx, job.id);
}

/** The cursor of a job whose next step waits for somebody's word; it stays until that is said. */
const ASKS: Cursor = { asks: true };

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
    sql`UPDATE jobs SET state = ${lit(FAILED)}, error = ${error}, ${NO_FAULT}, ended_at = ${now}::timestamptz,
               updated_at = ${now}::timestamptz
         WHERE id = ${id} AND state IN (${lits(WORKABLE)})`,
  );
  if (failed > 0) await tellEnded(tx, id);
}

/** Tells that a job has ended, in the transaction in which it did; one that is resumed ends once more. */
export async function tellEnded(tx: Tx, id: bigint): Promise<void> {
  const job = await only<Job>(tx, jobsWhere(sql`j.id = ${id}`));
  await tell(tx, EventType.JOB_ENDED, [endOf(job)]);
}

/** A job whose slice broke for no reason of its own is tried again later, and says so until one goes well. */
export const postponeJob = (
  tx: Tx,
  id: bigint,
  { fault, now, dueAt }: { readonly fault: string; readonly now: Date; readonly dueAt: Date },
): Promise<number> =>
  execute(
    tx,
    sql`UPDATE jobs SET due_at = ${dueAt}::timestamptz, fault = ${fault}, fault_at = ${now}::timestamptz,
               fault_tries = fault_tries + 1
         WHERE id = ${id} AND state IN (${lits(WORKABLE)})`,
  );

/** Assignments: nothing broke since. */
export const NO_FAULT = sql`fault = NULL, fault_at = NULL, fault_tries = 0`;

/** Says something about a job that goes on. */
export const noteOnJob = (tx: Tx, id: bigint, note: string): Promise<number> =>
  execute(tx, sql`UPDATE jobs SET error = ${note} WHERE id = ${id}`);
