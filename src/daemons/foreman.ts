import { findAccount, principalOf } from '../accounts/index.js';
import { type Config } from '../config/index.js';
import { type Tx } from '../db/index.js';
import { SluiceError } from '../errors/index.js';
import {
  demandRoomForJob,
  dueJobs,
  faultOf,
  fireNext,
  type JobSchedule,
  jobsTerms,
  type JobTerms,
  type JobWish,
  postponeJob,
  refuseSlice,
  workJob,
} from '../jobs/index.js';
import { mayOrderJob } from '../policy/index.js';
import { AccountStatus, Channel } from '../vocabulary/index.js';
import { type Reconciler, type Shift } from './runtime/index.js';

/** Jobs that take turns, a slice each. */
const TURNS = 20;
/** Until a slice that broke is tried again. */
const BROKEN_MS = 60_000;

/**
 * A job has a slice due if and only if it is QUEUED or RUNNING and its time has come. Each slice is a
 * transaction that holds the job and moves it on, so any number of foremen may be at work, and one that
 * is killed leaves the slice as if it had not begun.
 *
 * A job is to be made of a schedule if and only if that is enabled, its moment has come, and the job of
 * the moment before is over.
 */
export function foreman(config: Config): Reconciler {
  return {
    name: 'foreman',
    wakeOn: [Channel.JOBS],
    async reconcile(shift) {
      const terms = jobsTerms(config, shift.now);
      let [seen, failed] = [await fire(shift, terms), 0];
      while (seen < shift.batch && !shift.signal.aborted) {
        const due = await shift.db.read((tx) => dueJobs(tx, shift.now, TURNS));
        let worked = 0;
        for (const id of due) {
          if (shift.signal.aborted) break;
          const slice = await work(shift, id, terms);
          if (slice !== undefined) worked++;
          if (slice === false) failed++;
        }
        if (worked === 0) return { seen, done: seen - failed, failed, more: false };
        seen += worked;
      }
      return { seen, done: seen - failed, failed, more: true };
    },
  };
}

/** One slice. True where it was done, false where it was refused, undefined where somebody else is at it. */
async function work(shift: Shift, id: bigint, terms: JobTerms): Promise<boolean | undefined> {
  const { db, log, now } = shift;
  try {
    const slice = await db.tx((tx) => workJob(tx, id, terms));
    if (!slice) return undefined;
    log.debug({ job: slice.uid, kind: slice.kind, step: slice.step, ...slice.outcome }, 'slice');
    return true;
  } catch (error) {
    if (error instanceof SluiceError) {
      const over = await db.tx((tx) => refuseSlice(tx, id, error, terms));
      if (over) log.warn({ job: id, error: error.message }, 'job failed');
      return false;
    }
    // One job that breaks does not keep the others from their turn.
    const fault = faultOf(error);
    const dueAt = new Date(now.getTime() + BROKEN_MS);
    await db.tx((tx) => postponeJob(tx, id, { fault, now, dueAt }));
    log.warn({ job: id, fault }, 'a slice broke');
    throw error;
  }
}

/** Makes the jobs whose moment has come. Gives how many schedules that were. */
async function fire(shift: Shift, terms: JobTerms): Promise<number> {
  const permit = (tx: Tx, schedule: JobSchedule) => refusal(tx, schedule, terms);
  for (let fired = 0; ; fired++) {
    if (shift.signal.aborted) return fired;
    const firing = await shift.db.tx((tx) => fireNext(tx, shift.now, permit));
    if (!firing) return fired;
    if (firing.error !== undefined) {
      shift.log.warn(
        { schedule: firing.scheduleUid, error: firing.error },
        'no job by the calendar',
      );
    }
  }
}

/** Why the account may not order it any more, or not now. Throws InsufficientAccountLimit. */
async function refusal(
  tx: Tx,
  schedule: JobSchedule,
  terms: JobTerms,
): Promise<string | undefined> {
  const { status } = await findAccount(tx, schedule.account);
  if (status !== AccountStatus.ACTIVE) return `the account ${schedule.account} is not active`;
  const caller = await principalOf(tx, schedule.accountId);
  if (!mayOrderJob(caller, schedule as JobWish)) {
    return `the account ${schedule.account} may not order jobs of kind ${schedule.kind}`;
  }
  await demandRoomForJob(tx, caller, terms);
  return undefined;
}
