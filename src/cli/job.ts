import { readFileSync } from 'node:fs';
import { type Command } from 'commander';
import { jobBody, type JobOptions } from './job-body.js';
import { asksService, openService, type ServiceOptions, UsageError } from './service.js';
import {
  type JobAnswer,
  type PlanLineAnswer,
  type ScheduleAnswer,
  showJob,
  showJobs,
  showPlanOfJob,
  showSchedules,
} from './show-job.js';

interface AddOptions extends ServiceOptions, JobOptions {
  readonly cron?: string;
  readonly timeZone?: string;
}

interface ListOptions extends ServiceOptions {
  readonly owner?: string;
  readonly kind?: string;
  readonly state?: string;
  readonly limit?: string;
  readonly schedules?: boolean;
}

/** Adds the verbs about bulk work. */
export function addJobVerbs(job: Command): void {
  const many = (value: string, before: readonly string[] | undefined) => [...(before ?? []), value];
  asksService(
    job
      .command('add')
      .description('order bulk work; with --cron again and again')
      .argument('<kind>', 'replicate, drain, delete_replicas, change or rebalance')
      .option('--scope <scope>', 'the DIDs that a search of this scope finds')
      .option('--filter <key=value>', 'what they must be; may be given again', many)
      .option(
        '--type <type>',
        'file, dataset, container, collection or all (default: collection; to delete: file)',
      )
      .option('--content <did>', 'or all files at or below SCOPE:NAME')
      .option('--list <file>', 'or a list, SCOPE:NAME a line; - reads it from the standard input')
      .option('--from <expression>', 'replicate: sources; rebalance: RSEs that may give')
      .option('--to <expression>', 'replicate: destinations; rebalance: RSEs that may take')
      .option('--copies <n>', 'replicate: copies of each (default: 1)')
      .option('--only-available', 'replicate: only what has a copy at --from')
      .option('--into <did>', 'replicate: gather files in this dataset, with one rule for all')
      .option('--rse <rse>', 'drain: which')
      .option('--targets <expression>', 'drain: only to these RSEs')
      .option('--keep-copies', 'drain: move the rules, delete nothing')
      .option(
        '--rses, --rse-expression <expression>',
        'delete_replicas: where (default: everywhere)',
      )
      .option('--remove-rules', 'delete_replicas: rules on the very DIDs go first')
      .option('--rules <key=value>', 'change: which rules; may be given again; ids=ID,ID', many)
      .option('--set <key=value>', 'change: activity, priority, comment, lifetime …', many)
      .option('--threshold <percent>', 'rebalance: an RSE gives when more of it is used')
      .option('--target <percent>', 'rebalance: until so much of it is used')
      .option('--bytes-max <bytes>', 'rebalance: move so much at most')
      .option('--comment <text>', 'why')
      .option(
        '--cron <expression>',
        "by the calendar: minute, hour, day, month, weekday: '0 3 * * 1'",
      )
      .option('--time-zone <zone>', 'of the calendar, such as Europe/Paris (default: UTC)'),
  ).action(runAdd);
  asksService(
    job
      .command('list')
      .description('jobs, the newest first')
      .option('--owner <account>', 'whose')
      .option('--kind <kind>', 'of which kind')
      .option('--state <state>', 'QUEUED, RUNNING, WAITING_APPROVAL, DONE, FAILED or CANCELLED')
      .option('--limit <n>', 'at most so many')
      .option('--schedules', 'what comes by the calendar instead'),
  ).action(runList);
  verb(job, 'show', 'how far a job is').action(runShow);
  verb(job, 'plan', 'what a job moves from where to where').action(runPlan);
  verb(job, 'result', 'what became of each file, as CSV')
    .option('--state <state>', 'only those: PENDING, MOVING, DONE or FAILED')
    .action(runResult);
  verb(job, 'cancel', 'end a job; what is done stays done').action(steer('cancel'));
  verb(job, 'approve', 'let the plan of a job be done').action(steer('approve'));
  verb(job, 'resume', 'go on with a job that failed or was cancelled').action(steer('resume'));
  verb(job, 'unschedule', 'take a job out of the calendar').action(runUnschedule);
}

const verb = (job: Command, name: string, description: string): Command =>
  asksService(job.command(name).description(description).argument('<id>', 'its id'));

/** `sluice job add`. */
export async function runAdd(kind: string, options: AddOptions): Promise<void> {
  const body = jobBody(kind, options, options.list === undefined ? undefined : read(options.list));
  const { cron, timeZone } = options;
  const service = await openService(options);
  const { body: added, text } = await (cron === undefined
    ? service.post<{ id: string }>('/jobs', body)
    : service.post<{ id: string }>('/jobs/schedules', {
        cron,
        ...(timeZone !== undefined && { time_zone: timeZone }),
        job: body,
      }));
  console.log(options.json ? text : added.id);
}

function read(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new UsageError(`--list: ${(error as Error).message}`);
  }
}

/** `sluice job list`. */
export async function runList(options: ListOptions): Promise<void> {
  const service = await openService(options);
  if (options.schedules) {
    const { body, text } = await service.get<readonly ScheduleAnswer[]>('/jobs/schedules');
    console.log(options.json ? text.trimEnd() : showSchedules(body).join('\n'));
    return;
  }
  const { owner: account, kind, state, limit } = options;
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries({ account, kind, state, limit })) {
    if (value !== undefined) query.set(key, value);
  }
  const { body, text } = await service.get<readonly JobAnswer[]>(`/jobs?${query.toString()}`);
  console.log(options.json ? text.trimEnd() : showJobs(body).join('\n'));
}

/** `sluice job show`. The exit code is 1 for a job that has failed. */
export async function runShow(id: string, options: ServiceOptions): Promise<void> {
  const { body, text } = await (await openService(options)).get<JobAnswer>(pathOf(id));
  console.log(options.json ? text : showJob(body).join('\n'));
  if (body.state === 'FAILED') process.exitCode = 1;
}

/** `sluice job plan`. */
export async function runPlan(id: string, options: ServiceOptions): Promise<void> {
  const service = await openService(options);
  const { body, text } = await service.get<readonly PlanLineAnswer[]>(`${pathOf(id)}/plan`);
  console.log(options.json ? text.trimEnd() : showPlanOfJob(body).join('\n'));
}

/** `sluice job result`. */
export async function runResult(
  id: string,
  options: ServiceOptions & { readonly state?: string },
): Promise<void> {
  const query = options.state === undefined ? '' : `?state=${encodeURIComponent(options.state)}`;
  const { text } = await (await openService(options)).get(`${pathOf(id)}/result${query}`);
  // Its last line ends as all others do, by carriage return and line feed.
  console.log(text.replace(/\n$/, ''));
}

/** `sluice job cancel`, `approve` and `resume`. */
export const steer =
  (how: 'cancel' | 'approve' | 'resume') =>
  async (id: string, options: ServiceOptions): Promise<void> => {
    const service = await openService(options);
    if (how === 'cancel') await service.delete(pathOf(id));
    else await service.post(`${pathOf(id)}/${how}`);
    await runShow(id, options);
  };

/** `sluice job unschedule`. */
export async function runUnschedule(id: string, options: ServiceOptions): Promise<void> {
  await (await openService(options)).delete(`/jobs/schedules/${encodeURIComponent(id)}`);
}

const pathOf = (id: string): string => `/jobs/${encodeURIComponent(id)}`;
