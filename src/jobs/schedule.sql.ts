import { execute, lit, one, only, rows, sql, type Tx } from '../db/index.js';
import { RequestNotFound } from '../errors/index.js';
import { type AccountId, type JobKind, parseWireId } from '../vocabulary/index.js';
import { type Calendar } from './cron.js';
import { type JobOrder } from './job.js';

/** Bulk work by the calendar. */
export interface JobSchedule extends Calendar {
  readonly id: number;
  readonly uid: string;
  readonly accountId: AccountId;
  readonly account: string;
  readonly kind: JobKind;
  readonly spec: object;
  readonly given: object;
  readonly comments: string | null;
  readonly enabled: boolean;
  readonly nextAt: Date;
  readonly lastJobId: bigint | null;
  readonly lastJobUid: string | null;
  readonly error: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const columns = sql`s.id, s.uid, s.account_id AS "accountId", a.name AS account, s.kind, s.cron,
  s.time_zone AS "timeZone", s.spec, s.given, s.comments, s.enabled, s.next_at AS "nextAt",
  s.last_job_id AS "lastJobId", j.uid AS "lastJobUid", s.error, s.created_at AS "createdAt",
  s.updated_at AS "updatedAt"`;
const tables = sql`job_schedules s JOIN accounts a ON a.id = s.account_id
  LEFT JOIN jobs j ON j.id = s.last_job_id`;

/** Gives its uuid. */
export async function insertSchedule(
  tx: Tx,
  order: JobOrder,
  when: Calendar & { readonly nextAt: Date; readonly now: Date },
): Promise<string> {
  const { uid } = await only<{ uid: string }>(
    tx,
    sql`INSERT INTO job_schedules (account_id, kind, cron, time_zone, comments, given, spec, next_at, created_at,
          updated_at)
        VALUES (${order.accountId}, ${order.kind}, ${when.cron}, ${when.timeZone}, ${order.comments},
          ${JSON.stringify(order.given)}::json, ${JSON.stringify(order.spec)}::json, ${when.nextAt}::timestamptz,
          ${when.now}::timestamptz, ${when.now}::timestamptz)
        RETURNING uid`,
  );
  return uid;
}

/** All of them, the oldest first. */
export const listSchedules = (tx: Tx): Promise<JobSchedule[]> =>
  rows<JobSchedule>(tx, sql`SELECT ${columns} FROM ${tables} ORDER BY s.id`);

/** The schedule of a wire id. Throws RequestNotFound, also for what is no id at all. */
export async function findSchedule(tx: Tx, id: string, hold?: 'wait'): Promise<JobSchedule> {
  const uid = parseWireId(id);
  const found =
    uid &&
    (await one<JobSchedule>(
      tx,
      sql`SELECT ${columns} FROM ${tables} WHERE s.uid = ${uid}::uuid
            ${hold ? sql`FOR NO KEY UPDATE OF s` : sql``}`,
    ));
  if (found) return found;
  throw new RequestNotFound(`No schedule of jobs with the id '${id}' found`, { id });
}

/** A schedule whose moment has come, held; those that somebody else holds are passed over. */
export const dueSchedule = (tx: Tx, now: Date): Promise<JobSchedule | undefined> =>
  one<JobSchedule>(
    tx,
    sql`SELECT ${columns} FROM ${tables} WHERE s.enabled AND s.next_at <= ${now}::timestamptz
         ORDER BY s.next_at, s.id LIMIT ${lit(1)} FOR NO KEY UPDATE OF s SKIP LOCKED`,
  );

/** What is different now. What is left out stays. */
export interface ScheduleChange {
  readonly cron?: string;
  readonly timeZone?: string;
  readonly enabled?: boolean;
  readonly nextAt?: Date;
  readonly lastJobId?: bigint;
  /** Null: nothing was wrong with the last moment. */
  readonly error?: string | null;
}

export async function writeSchedule(
  tx: Tx,
  id: number,
  change: ScheduleChange,
  now: Date,
): Promise<void> {
  const { cron = null, timeZone = null, enabled = null, nextAt = null, lastJobId = null } = change;
  const error = change.error === undefined ? sql`error` : sql`${change.error}::text`;
  await execute(
    tx,
    sql`UPDATE job_schedules
           SET cron = coalesce(${cron}, cron), time_zone = coalesce(${timeZone}, time_zone),
               enabled = coalesce(${enabled}::boolean, enabled),
               next_at = coalesce(${nextAt}::timestamptz, next_at),
               last_job_id = coalesce(${lastJobId}::bigint, last_job_id), error = ${error},
               updated_at = ${now}::timestamptz
         WHERE id = ${id}`,
  );
}

/** Its jobs stay. */
export const deleteSchedule = (tx: Tx, id: number): Promise<number> =>
  execute(tx, sql`DELETE FROM job_schedules WHERE id = ${id}`);
