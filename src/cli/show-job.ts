import { counted, inBytes, inCount, inTime, right, styled, table } from './text.js';

interface Amounts {
  readonly total: number;
  readonly done: number;
  readonly failed: number;
}

interface FaultAnswer {
  readonly message: string;
  readonly tries: number;
  readonly last_at: string;
  readonly next_at: string;
}

/** A job as the API tells it. */
export interface JobAnswer {
  readonly id: string;
  readonly kind: string;
  readonly account: string;
  readonly state: string;
  readonly step: string;
  readonly comment: string | null;
  readonly error: string | null;
  /** Undefined of an older service. */
  readonly fault?: FaultAnswer | null;
  readonly items: Amounts;
  readonly bytes: Amounts;
  readonly rate: { readonly items_per_second: number; readonly bytes_per_second: number } | null;
  readonly seconds_left: number | null;
  readonly created_at: string;
}

export interface PlanLineAnswer {
  readonly from: string | null;
  readonly to: string | null;
  readonly rule_id: string | null;
  readonly scope: string | null;
  readonly name: string | null;
  readonly files: number;
  readonly bytes: number;
}

export interface ScheduleAnswer {
  readonly id: string;
  readonly account: string;
  readonly kind: string;
  readonly cron: string;
  readonly time_zone: string;
  readonly enabled: boolean;
  readonly next_at: string;
  readonly error: string | null;
}

const percent = ({ total, done, failed }: Amounts): string =>
  total === 0 ? '' : `${Math.floor(((done + failed) * 100) / total)} %`;

/** A job in some lines: how far it is, how fast, until when, and what to do next. */
export function showJob(job: JobAnswer): string[] {
  const { items, bytes, rate } = job;
  const lines = [
    `${job.kind} ${job.id} of ${job.account}: ${styled('bold', job.state)}${job.comment ? ` (${job.comment})` : ''}`,
    `  ${inCount(items.done)} of ${counted(items.total, 'item')} done, ${inCount(items.failed)} failed` +
      `; ${inBytes(bytes.done)} of ${inBytes(bytes.total)}${items.total > 0 ? ` (${percent(items)})` : ''}`,
  ];
  if (rate) {
    const left = job.seconds_left === null ? '' : `, ${inTime(job.seconds_left)} left at this rate`;
    lines.push(`  ${rate.items_per_second} items a second${left}`);
  }
  if (job.error !== null) lines.push(`  ${job.error}`);
  if (job.fault) {
    const { message, last_at: last, next_at: next } = job.fault;
    lines.push(
      `  ${brokenOf(job.fault)}, last at ${last}; it is tried again at ${next}. ${message}`,
    );
  }
  if (job.state === 'WAITING_APPROVAL') {
    lines.push(`  sluice job plan ${job.id} shows what it would move; sluice job approve lets it`);
  }
  if (items.failed > 0) {
    lines.push(`  sluice job result ${job.id} --state FAILED says why each failed`);
  }
  return lines;
}

const brokenOf = ({ tries }: FaultAnswer): string => `broke ${counted(tries, 'time')} in a row`;

/** Jobs, one a line. */
export const showJobs = (jobs: readonly JobAnswer[]): string[] =>
  table([
    ['id', 'kind', 'account', 'state', right('done'), right('failed'), right('of'), 'created', ''],
    ...jobs.map((job) => [
      job.id,
      job.kind,
      job.account,
      job.state,
      right(inCount(job.items.done)),
      right(inCount(job.items.failed)),
      right(inCount(job.items.total)),
      job.created_at,
      job.fault ? brokenOf(job.fault) : '',
    ]),
  ]);

/** What is to move, one line a rule and two RSEs. */
export const showPlanOfJob = (lines: readonly PlanLineAnswer[]): string[] => [
  ...table([
    ['from', 'to', right('files'), right('bytes'), 'for'],
    ...lines.map((line) => [
      line.from ?? '',
      line.to ?? '?',
      right(inCount(line.files)),
      right(inBytes(line.bytes)),
      line.name === null ? '' : `${line.scope}:${line.name} (rule ${line.rule_id})`,
    ]),
  ]),
  `${counted(
    lines.reduce((sum, { files }) => sum + files, 0),
    'file',
  )}, ${inBytes(lines.reduce((sum, { bytes }) => sum + bytes, 0))}`,
];

/** What comes by the calendar, one a line. */
export const showSchedules = (schedules: readonly ScheduleAnswer[]): string[] =>
  table([
    ['id', 'kind', 'account', 'cron', 'time zone', 'next', ''],
    ...schedules.map((schedule) => [
      schedule.id,
      schedule.kind,
      schedule.account,
      schedule.cron,
      schedule.time_zone,
      schedule.enabled ? schedule.next_at : 'off',
      schedule.error ?? '',
    ]),
  ]);
