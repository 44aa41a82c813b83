import { execute, lit, lits, only, ring, sql, type Tx } from '../db/index.js';
import { UnsupportedOperation } from '../errors/index.js';
import { Channel, JobState, JobStateCodec } from '../vocabulary/index.js';
import { type Job } from './job.js';
import { OPEN } from './find-jobs.sql.js';
import { NO_FAULT, tellEnded } from './job.sql.js';

const { RUNNING, WAITING_APPROVAL, FAILED, CANCELLED } = JobState;

/** What people say about a job, and the states in which they may. */
const VERBS = {
  cancel: { from: OPEN, to: lit(CANCELLED), ends: true },
  approve: { from: [WAITING_APPROVAL], to: lit(RUNNING), ends: false },
  // What was cancelled before somebody approved it asks again.
  resume: {
    from: [FAILED, CANCELLED],
    to: sql`CASE WHEN cursor ->> 'asks' IS NULL THEN ${lit(RUNNING)} ELSE ${lit(WAITING_APPROVAL)} END`,
    ends: false,
  },
} as const;
export type JobVerb = keyof typeof VERBS;

/**
 * Cancels, approves or resumes a job. It waits for the slice under way, and there is none after it.
 * Throws UnsupportedOperation for a job in another state.
 */
export async function steerJob(tx: Tx, job: Job, verb: JobVerb, now: Date): Promise<void> {
  const { from, to, ends } = VERBS[verb];
  const cursor = verb === 'approve' ? sql`NULL` : sql`cursor`;
  const steered = await execute(
    tx,
    sql`UPDATE jobs SET state = (${to})::"char", cursor = ${cursor}, error = NULL, ${NO_FAULT},
               updated_at = ${now}::timestamptz, ended_at = ${ends ? now : null}::timestamptz, due_at = ${now}::timestamptz
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
