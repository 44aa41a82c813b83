import { join, lits, one, rows, sql, type Sql, type Tx } from '../db/index.js';
import { RequestNotFound } from '../errors/index.js';
import { type AccountId, type JobKind, JobState, parseWireId } from '../vocabulary/index.js';
import { type Job } from './job.js';

const columns = sql`j.id, j.uid, j.kind, j.account_id AS "accountId", a.name AS account,
  a.status AS "accountStatus", s.uid AS "scheduleUid", j.state, j.step, j.cursor, j.spec, j.given,
  j.comments, j.error, j.fault, j.fault_at AS "faultAt", j.fault_tries AS "faultTries", j.total, j.done, j.failed, j.total_bytes AS "totalBytes", j.done_bytes AS "doneBytes", j.failed_bytes AS "failedBytes",
  j.created_at AS "createdAt", j.updated_at AS "updatedAt", j.started_at AS "startedAt",
  j.ended_at AS "endedAt", j.due_at AS "dueAt"`;
const tables = sql`jobs j JOIN accounts a ON a.id = j.account_id
  LEFT JOIN job_schedules s ON s.id = j.schedule_id`;

/** Statement: jobs, alias j, with their account a and schedule s, for which the condition holds. */
export const jobsWhere = (condition: Sql): Sql =>
  sql`SELECT ${columns} FROM ${tables} WHERE ${condition}`;

/** The job of a wire id. Throws RequestNotFound, also for what is no id at all. */
export async function findJob(tx: Tx, id: string): Promise<Job> {
  const uid = parseWireId(id);
  const found = uid && (await one<Job>(tx, jobsWhere(sql`j.uid = ${uid}::uuid`)));
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
    sql`${jobsWhere(join(conditions, ' AND '))} ORDER BY j.id DESC LIMIT ${filter.limit}`,
  );
};

/** States in which people may still wait for something of a job. */
export const OPEN = [JobState.QUEUED, JobState.RUNNING, JobState.WAITING_APPROVAL] as const;

/** Whether a job is still to be worked at, or waits for somebody's word. */
export async function isOpen(tx: Tx, id: bigint): Promise<boolean> {
  const found = await one(tx, sql`SELECT FROM jobs WHERE id = ${id} AND state IN (${lits(OPEN)})`);
  return found !== undefined;
}
