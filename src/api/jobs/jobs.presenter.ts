import {
  isOver,
  type Job,
  type JobSchedule,
  type PlanLine,
  type ResultLine,
} from '../../jobs/index.js';
import { DidTypeCodec, JobItemStateCodec, JobStateCodec, wireId } from '../../vocabulary/index.js';

/** A job with how far it is. Rate and end are those of the whole job so far, null while nobody knows. */
export const presentJob = (job: Job, now: Date) => ({
  id: wireId(job.uid),
  kind: job.kind,
  account: job.account,
  state: JobStateCodec.name(job.state),
  step: job.step,
  job: job.given,
  comment: job.comments,
  error: job.error,
  fault: presentFault(job),
  schedule_id: job.scheduleUid && wireId(job.scheduleUid),
  items: { total: job.total, done: job.done, failed: job.failed },
  bytes: { total: job.totalBytes, done: job.doneBytes, failed: job.failedBytes },
  ...paceOf(job, now),
  created_at: job.createdAt,
  updated_at: job.updatedAt,
  started_at: job.startedAt,
  ended_at: job.endedAt,
});

/** Null where the last slice went well: else why not, how often one after the other, and when it is tried again. */
const presentFault = ({ fault, faultTries, faultAt, dueAt }: Job) =>
  fault === null ? null : { message: fault, tries: faultTries, last_at: faultAt, next_at: dueAt };

/** Items and bytes a second, and seconds until the end at this rate. */
function paceOf(job: Job, now: Date) {
  const none = { rate: null, seconds_left: null };
  if (job.startedAt === null) return none;
  const seconds = ((job.endedAt ?? now).getTime() - job.startedAt.getTime()) / 1000;
  const settled = Number(job.done + job.failed);
  if (settled === 0 || seconds <= 0) return none;
  const left = Number(job.total) - settled;
  const rate = {
    items_per_second: rounded(settled / seconds),
    bytes_per_second: Math.round(Number(job.doneBytes + job.failedBytes) / seconds),
  };
  return { rate, seconds_left: isOver(job) ? null : Math.round((left * seconds) / settled) };
}

const rounded = (value: number): number => Math.round(value * 100) / 100;

/** Work by the calendar. */
export const presentSchedule = (schedule: JobSchedule) => ({
  id: wireId(schedule.uid),
  account: schedule.account,
  kind: schedule.kind,
  job: schedule.given,
  comment: schedule.comments,
  cron: schedule.cron,
  time_zone: schedule.timeZone,
  enabled: schedule.enabled,
  next_at: schedule.nextAt,
  last_job_id: schedule.lastJobUid && wireId(schedule.lastJobUid),
  error: schedule.error,
  created_at: schedule.createdAt,
  updated_at: schedule.updatedAt,
});

/** What is to move from one RSE to another for a rule. */
export const presentPlan = (line: PlanLine) => ({
  from: line.from,
  to: line.to,
  rule_id: line.ruleUid && wireId(line.ruleUid),
  scope: line.scope,
  name: line.name,
  files: line.files,
  bytes: line.bytes,
});

export const RESULT_COLUMNS = [
  'scope',
  'name',
  'did_type',
  'rse',
  'target_rse',
  'rule_id',
  'bytes',
  'state',
  'error',
] as const;

/** The fields of a line of the result. */
export const presentResult = (line: ResultLine): readonly (string | null)[] => [
  line.scope,
  line.name,
  line.type && DidTypeCodec.name(line.type),
  line.rse,
  line.target,
  line.ruleUid && wireId(line.ruleUid),
  String(line.bytes),
  JobItemStateCodec.name(line.state),
  line.error,
];
