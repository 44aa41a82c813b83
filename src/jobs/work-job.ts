import { type Tx } from '../db/index.js';
import { type SluiceError } from '../errors/index.js';
import { AccountStatus, AccountStatusCodec, type JobKind } from '../vocabulary/index.js';
import { change } from './change-rules.js';
import { deleteReplicas } from './delete-copies.js';
import { drain } from './drain.js';
import { OPEN } from './find-jobs.sql.js';
import { type Job, type JobTerms, type Outcome } from './job.js';
import { claimJob, failJob, settleJob } from './job.sql.js';
import { type KindOfJob, reasonOf, type Step } from './kind.js';
import { rebalance } from './rebalance.js';
import { replicate } from './replicate.js';

const KINDS: { readonly [Kind in JobKind]: KindOfJob<Kind> } = {
  replicate,
  drain,
  delete_replicas: deleteReplicas,
  change,
  rebalance,
};

/** How jobs of a kind go, for a job of whatever kind. */
const kindOf = (kind: JobKind): KindOfJob<JobKind> => KINDS[kind] as KindOfJob<JobKind>;

/** The step that jobs of a kind begin with. */
export const firstStep = (kind: JobKind): string => kindOf(kind).first;

/** What a slice of a job came to. */
export interface JobSlice {
  readonly uid: string;
  readonly kind: JobKind;
  readonly step: string;
  readonly outcome: Outcome;
}

/**
 * One slice of a job: what it does, what became of its items, and where the next one goes on commit
 * together, so that a crash costs a slice and repeats nothing. Undefined where nothing is due, or
 * somebody else is at it. Throws a SluiceError for what the job asks and cannot be done: see `refuseSlice`.
 */
export async function workJob(tx: Tx, id: bigint, terms: JobTerms): Promise<JobSlice | undefined> {
  const job = await claimJob(tx, id, terms.now);
  if (!job) return undefined;
  if (job.accountStatus !== AccountStatus.ACTIVE) {
    await failJob(tx, id, restingReason(job), terms.now);
    return { uid: job.uid, kind: job.kind, step: job.step, outcome: { next: 'end' } };
  }
  const step: Step<JobKind> | undefined = kindOf(job.kind).steps[job.step];
  if (!step) throw new Error(`a job of kind ${job.kind} has no step ${job.step}`);
  const outcome = await step(tx, job, terms);
  await settleJob(tx, job, outcome, terms);
  return { uid: job.uid, kind: job.kind, step: job.step, outcome };
}

/** As its schedules make no job then, and it could not order one. */
const restingReason = ({ account, accountStatus }: Job): string =>
  `the account ${account} is ${AccountStatusCodec.name(accountStatus)}, so nobody acts for it: resume the job when it is ACTIVE again`;

/**
 * After a slice that was refused, in a transaction of its own: the job goes on otherwise, as its kind
 * says, or it has FAILED with the reason. Gives whether it has.
 */
export async function refuseSlice(
  tx: Tx,
  id: bigint,
  error: SluiceError,
  terms: JobTerms,
): Promise<boolean> {
  const job = await claimJob(tx, id, terms.now);
  if (!job) return false;
  const outcome = await kindOf(job.kind).refuse?.(tx, job, error, terms);
  if (outcome) {
    await settleJob(tx, job, outcome, terms);
    return false;
  }
  await failJob(tx, id, reasonOf(error), terms.now);
  return true;
}

/** Whether people may still wait for something of a job. */
export const isOver = ({ state }: Pick<Job, 'state'>): boolean =>
  !OPEN.some((open) => open === state);
