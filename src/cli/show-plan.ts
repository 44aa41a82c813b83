import {
  type PlanAnswer,
  type ShownPart,
  type ShownPlan,
  type ShownRoom,
  type ShownWhy,
} from './plan-answer.js';
import { counted, inBytes, inCount, inTime, right, type Row, styled, table } from './text.js';

/** A plan as lines of text: what, where to and why, what moves, what it takes, what to think about. */
export function showPlan(answer: PlanAnswer): string[] {
  const leaving =
    answer.rse_leaves === undefined
      ? []
      : [
          styled('bold', `If ${answer.rse_leaves} leaves: ${sizeThere(answer)}`),
          ...(answer.rules.length === 0 ? ['No rule has anything there.'] : []),
          '',
        ];
  return [...leaving, ...matching(answer), ...answer.rules.flatMap(showRule), ...verdict(answer)];
}

/** Of a subscription: how many DIDs it is about now. */
function matching({ dids_matched: matched, dids_complete: complete }: PlanAnswer): string[] {
  if (matched === undefined) return [];
  const more = complete ? '' : ', and more that were not looked at';
  return [styled('bold', `${counted(matched, 'DID')} match now${more}`), ''];
}

const sizeThere = (it: Pick<PlanAnswer, 'rules_there' | 'files_there' | 'bytes_there'>): string =>
  `${counted(it.rules_there ?? 0, 'rule')}, ${counted(it.files_there ?? 0, 'file')}, ${inBytes(it.bytes_there ?? 0)} there`;

function showRule(plan: ShownPlan): string[] {
  return [
    ...heading(plan),
    '',
    ...plan.parts.flatMap((part) => showPart(part, plan)),
    ...showMoves(plan),
    ...showRoom(
      `Quota of ${plan.account}`,
      plan.quota.map((it) => [it.rse_expression, it]),
    ),
    ...showRoom(
      'Space',
      plan.space.filter(({ limit }) => limit !== null).map((it) => [it.rse, it]),
    ),
    ...plan.warnings.map(({ message }) => `${styled('yellow', '!')} ${message}`),
    ...plan.errors.map(
      (error) => `${styled('red', '✗')} ${error.exception_class}: ${error.exception_message}`,
    ),
    ...plan.estimated.map((why) => `${styled('yellow', '~')} estimated: ${why}`),
    '',
  ];
}

function heading(plan: ShownPlan): string[] {
  const [first] = plan.dids;
  const dids =
    plan.did_count === 1 && first ? `${first.scope}:${first.name}` : counted(plan.did_count, 'DID');
  const weight = plan.weight === null ? '' : ` by ${plan.weight}`;
  const phase = plan.phase === undefined ? '' : `phase ${plan.phase} of `;
  const there = plan.rules_there === undefined ? '' : ` (${sizeThere(plan)})`;
  return [
    styled(
      'bold',
      `${phase}${dids}: ${counted(plan.copies, 'copy')} on ${plan.rse_expression}${weight} for ${plan.account}`,
    ) + there,
    `${counted(plan.files, 'file')}, ${inBytes(plan.bytes)} a copy, ${placedBy(plan)}`,
    ...spanOf(plan),
  ];
}

/** When a phase holds. */
function spanOf({ phase, since, until, until_idle: idle }: ShownPlan): string[] {
  if (phase === undefined) return [];
  const from = phase === 1 ? 'from now' : since ? `from ${inMinutes(since)}` : 'later';
  const end = until ? inMinutes(until) : 'somebody says otherwise';
  const lasts = idle
    ? `until nobody has read it for ${idle}, not before ${end}`
    : until
      ? `until ${end}`
      : 'for ever';
  return [`${from} ${lasts}`];
}

/** A date of the service as people read it. */
const inMinutes = (date: string): string =>
  `${new Date(date).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

const placedBy = ({ grouping, units }: ShownPlan): string =>
  grouping === 'NONE' ? 'each file by itself' : `${counted(units, 'unit')} kept together`;

function showPart(part: ShownPart, { parts, units }: ShownPlan): string[] {
  const title =
    parts.length > 1 ? [`${counted(part.copies, 'copy')} on ${part.rse_expression}`] : [];
  if (part.chosen.length + part.rejected.length === 0) return [...title, nowhere(part), ''];
  const header: Row = ['', 'goes to', right('there'), right('to move'), right('files'), 'because'];
  const chosen = part.chosen.map((it): Row => [
    styled('green', '+'),
    it.rse,
    right(inBytes(it.there.bytes)),
    right(inBytes(it.to_move.bytes)),
    right(inCount(it.to_move.files)),
    reasons(it.why, units),
  ]);
  const rejected = part.rejected.map((it): Row => [
    styled('dim', '-'),
    it.rse,
    '',
    '',
    '',
    styled('dim', reasons(it.why, units)),
  ]);
  return [...title, ...table([header, ...chosen, ...rejected], 2), ''];
}

/** Nothing was asked of any storage element: everything has the rule, or there is nothing to place. */
const nowhere = ({ rse_expression: expression }: ShownPart): string =>
  `  Nothing is to be placed on ${expression}.`;

/** Reasons in words; those of some units only with their count. */
function reasons(why: readonly ShownWhy[], units: number): string {
  return why
    .toSorted((a, b) => b.units - a.units)
    .map(({ reason, units: count, detail }) => {
      const words = WORDS[reason] ?? reason.toLowerCase().replaceAll('_', ' ');
      const share = count < units ? ` (${inCount(count)} of ${inCount(units)})` : '';
      const told = detail === null ? words : isLimit(reason) ? `${words}: ${detail}` : detail;
      return `${told}${share}`;
    })
    .join('; ');
}

/** Their numbers need a word before them; other details say all. */
const isLimit = (reason: string): boolean => reason.endsWith('LIMIT');

const WORDS: Readonly<Record<string, string>> = {
  KEPT: 'stays there',
  HELD: 'holds most of it',
  NEEDED: 'no other is left',
  SHARE: 'its share by weight',
  NOT_WRITABLE: 'cannot be written now',
  NO_WEIGHT: 'has not the weight',
  NO_ATTRIBUTE: 'has not the attribute',
  DISTINCT: 'its value is taken',
  SKEW: 'its value has enough copies',
  NEEDED_ELSEWHERE: 'with it the others would have no place',
  ACCOUNT_LIMIT: 'quota',
  RSE_LIMIT: 'no space',
  SURPLUS: 'others come first',
  TOO_FEW: 'would do, but too few others',
};

function showMoves({ moves, time }: ShownPlan): string[] {
  if (moves.length === 0) return ['Nothing has to be moved.', ''];
  const lines = moves.map((move): Row => [
    move.source ?? (move.awaited ? '(awaited)' : '(no source)'),
    `→ ${move.destination}`,
    right(inCount(move.files)),
    right(inBytes(move.bytes)),
    right(move.source === null ? '' : timeOf(move.seconds)),
  ]);
  const queues = time
    .filter(({ queued }) => queued.files > 0)
    .map(
      ({ destination, queued }) =>
        `  before that: ${counted(queued.files, 'file')} (${inBytes(queued.bytes)}) wait for ${destination}`,
    );
  const header: Row = ['from', 'to', right('files'), right('bytes'), right('time')];
  return [...table([header, ...lines], 2), ...queues, ''];
}

const timeOf = (seconds: number | null): string => (seconds === null ? 'unknown' : inTime(seconds));

function showRoom(title: string, rooms: readonly (readonly [string, ShownRoom])[]): string[] {
  if (rooms.length === 0) return [];
  const header: Row = [title, right('now'), right('then'), right('of')];
  const lines = rooms.map(([where, room]): Row => [
    where,
    right(inBytes(room.used_before)),
    right(inBytes(room.used_after)),
    right(room.limit === null ? 'unlimited' : inBytes(room.limit)),
  ]);
  return [...table([header, ...lines], 2), ''];
}

function verdict(answer: PlanAnswer): string[] {
  const { feasible, to_move, seconds, seconds_complete, rules, rules_untold: untold = 0 } = answer;
  if (feasible === null) {
    const others = `${counted(untold, 'rule')} more were not looked at: they ask for too many different things`;
    return [styled(['bold', 'yellow'], `So far it can be done; ${others}.`)];
  }
  if (!feasible) return [styled(['bold', 'red'], 'This cannot be done now.')];
  if (rules.length === 0) return [];
  if (to_move.files === 0)
    return [styled(['bold', 'green'], 'It can be done, and is done at once.')];
  const time =
    seconds === null
      ? 'nobody can say how long: nothing was moved there in the last day'
      : `${seconds_complete ? 'about' : 'at least'} ${inTime(seconds)} at the rates of the last day`;
  return [
    styled(['bold', 'green'], 'It can be done') +
      `: ${counted(to_move.files, 'file')}, ${inBytes(to_move.bytes)} to move; ${time}.`,
  ];
}
