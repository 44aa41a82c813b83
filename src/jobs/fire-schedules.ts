import { type Tx } from '../db/index.js';
import { InvalidObject, SluiceError } from '../errors/index.js';
import { type Calendar, demandCalendar, nextMoment } from './cron.js';
import { isOpen } from './find-jobs.sql.js';
import { type JobOrder } from './job.js';
import { reasonOf } from './kind.js';
import { demandReadable, orderJob } from './order-job.js';
import {
  dueSchedule,
  insertSchedule,
  type JobSchedule,
  type ScheduleChange,
  writeSchedule,
} from './schedule.sql.js';

/**
 * Orders a job by the calendar, from the next moment on. Gives its uuid. Throws InvalidObject for a
 * calendar that cannot be read, and what `orderJob` throws.
 */
export async function scheduleJob(
  tx: Tx,
  order: JobOrder,
  calendar: Calendar,
  now: Date,
): Promise<string> {
  demandCalendar(calendar);
  if ((order.spec as { dids?: unknown }).dids !== undefined) {
    throw new InvalidObject(
      'Problem validating dids: by the calendar say which DIDs by query or content: a list is worked at once',
      { field: 'dids' },
    );
  }
  if (order.kind === 'replicate' && order.spec.into) {
    throw new InvalidObject(
      'Problem validating into: by the calendar each DID gets a rule of its own; a subscription serves what comes into a dataset',
      { field: 'into' },
    );
  }
  await demandReadable(tx, order);
  const when = { ...calendar, nextAt: nextMoment(calendar, now), now };
  return await insertSchedule(tx, order, when);
}

/** Changes the calendar of a schedule that is held, or whether it counts. Throws as scheduleJob. */
export async function changeSchedule(
  tx: Tx,
  schedule: JobSchedule,
  change: Pick<ScheduleChange, 'cron' | 'timeZone' | 'enabled'>,
  now: Date,
): Promise<void> {
  const calendar = {
    cron: change.cron ?? schedule.cron,
    timeZone: change.timeZone ?? schedule.timeZone,
  };
  demandCalendar(calendar);
  await writeSchedule(tx, schedule.id, { ...change, nextAt: nextMoment(calendar, now) }, now);
}

/** What a moment of a calendar came to. */
export interface Firing {
  readonly scheduleUid: string;
  /** Undefined where no job was made. */
  readonly jobUid?: string;
  readonly error?: string;
}

/**
 * Makes the job of the schedule whose moment came first, unless the last one is still at work; moments
 * that were missed are made up for by one job. `permit` says, or throws, why the account may not
 * order it any more, if so. Undefined if none is due.
 */
export async function fireNext(
  tx: Tx,
  now: Date,
  permit: (tx: Tx, schedule: JobSchedule) => Promise<string | undefined>,
): Promise<Firing | undefined> {
  const schedule = await dueSchedule(tx, now);
  if (!schedule) return undefined;
  const nextAt = nextMoment(schedule, now);
  const refuse = async (error: string): Promise<Firing> => {
    await writeSchedule(tx, schedule.id, { nextAt, error }, now);
    return { scheduleUid: schedule.uid, error };
  };
  if (schedule.lastJobId !== null && (await isOpen(tx, schedule.lastJobId))) {
    return await refuse('the job of the moment before is still at work');
  }
  try {
    const refusal = await permit(tx, schedule);
    if (refusal !== undefined) return await refuse(refusal);
    const made = await orderJob(tx, schedule as unknown as JobOrder, {
      now,
      scheduleId: schedule.id,
    });
    await writeSchedule(tx, schedule.id, { nextAt, lastJobId: made.id, error: null }, now);
    return { scheduleUid: schedule.uid, jobUid: made.uid };
  } catch (error) {
    // What cannot be read is told before anything is written.
    if (!(error instanceof SluiceError)) throw error;
    return await refuse(reasonOf(error));
  }
}
