import { counted, inBytes, inCount, inTime, right, type Row, styled, table } from './text.js';

/** What `POST …/backfill` answers to `dry_run`. */
export interface PlanOfBackfill {
  readonly account: string;
  readonly subscription: string;
  readonly matched: number;
  readonly wanted: number;
  readonly files: number;
  readonly bytes: number;
  readonly per_minute: number;
  readonly minutes: number;
  readonly entries: readonly EntryAnswer[];
}

interface EntryAnswer {
  readonly rule?: number;
  readonly copies?: number | string;
  readonly rse_expression?: string;
  readonly dids: Readonly<Record<'wanted' | 'there' | 'ended' | 'fails', number>>;
  readonly files: number;
  readonly bytes_of_copies?: number;
  readonly error?: string | null;
}

/** A line of `GET …/matches`. */
export interface MatchAnswer {
  readonly scope: string;
  readonly name: string;
  readonly did_type: string;
  readonly bytes: number;
  readonly entries: readonly {
    readonly rule?: number;
    readonly outcome: string;
    readonly rules?: readonly string[];
    readonly error?: string;
  }[];
}

/** A backfill. */
export interface BackfillAnswer {
  readonly account: string;
  readonly subscription: string;
  readonly state: string;
  readonly error: string | null;
  readonly per_minute: number;
  readonly progress: number;
  readonly matched: number;
  readonly rules: number;
  readonly tasks: number;
  readonly failed: number;
}

/** A line of `GET …/tasks`. */
export interface TaskAnswer {
  readonly task: number | null;
  readonly state: string;
  readonly key: string | null;
  readonly did_count: number;
  readonly bytes: number;
  readonly consumer: string | null;
  readonly error: string | null;
}

const HEAD = ['', 'would get it', 'have it', 'had it', 'fails', 'copies'].map((text) =>
  styled('dim', text),
);

/** A plan as a table, a line for each rule of the subscription. */
export function showBackfillPlan(plan: PlanOfBackfill): string[] {
  const { matched, wanted, files, bytes, per_minute: rate, minutes } = plan;
  const rows: Row[] = plan.entries.map((entry) => {
    const what =
      entry.rule === undefined
        ? 'tasks'
        : `${entry.rule}. ${entry.copies} on ${entry.rse_expression}`;
    const { dids } = entry;
    const counts = [dids.wanted, dids.there, dids.ended, dids.fails].map((n) => right(inCount(n)));
    return [what, ...counts, right(inBytes(entry.bytes_of_copies ?? 0))];
  });
  const errors = plan.entries.flatMap(({ rule, error }) => (error ? [`${rule}. ${error}`] : []));
  return [
    `${styled('bold', `${plan.account}/${plan.subscription}`)} matches ${counted(matched, 'DID')} with ${counted(files, 'file')}, ${inBytes(bytes)}`,
    ...table([HEAD, ...rows], 2),
    ...errors.map((error) => styled('red', `  ${error}`)),
    wanted === 0
      ? 'A backfill would do nothing.'
      : `A backfill would serve ${counted(wanted, 'DID')} in ${inTime(minutes * 60)}, at ${inCount(rate)} a minute.`,
  ];
}

/** Every DID that matches, and what would become of it. */
export const showMatches = (matches: readonly MatchAnswer[]): string[] =>
  table(
    matches.map(({ scope, name, did_type: type, bytes, entries }) => [
      `${scope}:${name}`,
      type,
      right(inBytes(bytes)),
      entries
        .map(({ outcome, rules, error }) => error ?? (rules ? rules.join(', ') : outcome))
        .join('; '),
    ]),
  );

/** A backfill in a line or two. */
export function showBackfill(backfill: BackfillAnswer): string[] {
  const { account, subscription, state, progress, per_minute: rate } = backfill;
  const made =
    backfill.tasks > 0 ? counted(backfill.tasks, 'task') : counted(backfill.rules, 'rule');
  const failed = backfill.failed > 0 ? `, ${counted(backfill.failed, 'rule')} waiting` : '';
  return [
    `${styled('bold', `${account}/${subscription}`)}: backfill ${state}, ${progress} %, at ${inCount(rate)} DIDs a minute`,
    `  ${counted(backfill.matched, 'DID')} matched, ${made} made${failed}`,
    ...(backfill.error === null ? [] : [styled('red', `  ${backfill.error}`)]),
  ];
}

/** Tasks as a table. */
export const showTasks = (tasks: readonly TaskAnswer[]): string[] =>
  table(
    tasks.map((task) => [
      right(task.task === null ? '-' : String(task.task)),
      task.state,
      task.key ?? '',
      right(counted(task.did_count, 'DID')),
      right(inBytes(task.bytes)),
      task.consumer ?? '',
      task.error ?? '',
    ]),
  );
