import { Activities, Cause, type DaemonName } from '../vocabulary/index.js';
import { wordsOf } from './cause-words.js';
import { type Standing } from './explanation.js';
import { type Hold } from './holds.js';
import { type QueuePlace, COUNT_MAX } from './queue-place.sql.js';
import { type GroupRow, type SampleRow, wrongSource } from './rule-groups.sql.js';
import { clockTime, counted, dueAt, sized } from './words.js';

/** What is known of one group, for its sentences. */
export interface GroupFacts {
  readonly row: GroupRow;
  readonly sample: SampleRow | undefined;
  readonly source: string | null;
  readonly destination: string;
  readonly place: QueuePlace | undefined;
  readonly holds: readonly Hold[];
  readonly attemptsMax: number;
  /** When the next of them is tried again; null: never, or as soon as something else is over. */
  readonly retryAt: Date | null;
  /** Nobody repairs the rule. */
  readonly suspended: boolean;
  readonly now: Date;
}

/** Which daemon brings a group on. */
export const WORKERS: Readonly<Record<Standing, DaemonName>> = {
  stuck: 'judge-repairer',
  lost: 'necromancer',
  bad: 'necromancer',
  'blocked by a deletion': 'reaper',
  uploading: 'conveyor-finisher',
  waiting: 'rescuer',
  queued: 'conveyor-submitter',
  'being submitted': 'conveyor-submitter',
  'under way': 'conveyor-poller',
  'being settled': 'conveyor-finisher',
};

/** The group in one line. Pure. */
export function sentenceOf(facts: GroupFacts): string {
  const parts = [`${counted(facts.row.files, 'file')}${separator(facts)}${whatOf(facts)}`];
  parts.push(...besides(facts));
  return parts.join('; ');
}

const separator = ({ row }: GroupFacts): string =>
  ['stuck', 'lost', 'bad'].includes(row.standing) || isFailed(row) ? ': ' : ' ';

/** Waits for another attempt after a failure, not for its turn. */
const isFailed = ({ standing, cause }: GroupRow): boolean =>
  standing === 'waiting' && cause !== null && !isPatience(cause);

const isPatience = (cause: Cause): boolean =>
  cause === Cause.NO_SOURCE || cause === Cause.SOURCE_LIMIT;

function whatOf({ row, source, destination }: GroupFacts): string {
  const bytes = `(${sized(row.bytes)})`;
  const ends = { source: source ?? 'the source', destination };
  switch (row.standing) {
    case 'lost':
    case 'stuck':
      return wordsOf(row.cause ?? '').says(ends);
    case 'bad':
      return `the copy at ${destination} is bad and is to be replaced`;
    case 'blocked by a deletion':
      return `${bytes} for ${destination} wait until their old copy there is deleted`;
    case 'uploading':
      return `${bytes} at ${destination} are not there yet: a client is writing them, or has given up`;
    case 'waiting':
      if (row.cause === Cause.NO_SOURCE)
        return `${bytes} for ${destination} wait for a source that is on its way`;
      return row.cause === null || isPatience(row.cause)
        ? `${bytes} for ${destination} wait: ${row.cause === null ? 'not their turn yet' : wordsOf(row.cause).says(ends)}`
        : wordsOf(row.cause).says(ends);
    case 'queued':
      return `${bytes} queued for ${destination}, activity '${Activities[row.activity ?? 0]}'`;
    case 'being submitted':
      return `${bytes} about to begin, to ${destination}`;
    case 'under way':
      return `${bytes} on the way ${source === null ? '' : `from ${source} `}to ${destination}`;
    case 'being settled':
      return `${bytes} moved to ${destination}, being settled`;
  }
}

function besides(facts: GroupFacts): string[] {
  const { row, sample, place, holds, now } = facts;
  const parts: string[] = [];
  if (row.standing === 'stuck' || isFailed(row)) {
    parts.push(...sourcesOf(facts));
    if (sample && sample.declared > 0) parts.push(declaredOf(sample));
  }
  if (row.standing === 'queued' && place) parts.push(`${beforeOf(place)} before them`);
  if (row.standing === 'queued') parts.push(...holds.map(({ sentence }) => sentence));
  if (isFailed(row)) parts.push(`attempt ${(row.attempts ?? 0) + 1} of ${facts.attemptsMax}`);
  const { retryAt: retry } = facts;
  if (retry && (row.standing === 'stuck' || row.standing === 'waiting')) {
    parts.push(retry <= now ? 'retry is due' : `retry at ${clockTime(retry, now)}`);
  }
  return parts;
}

/** The failing source is not one of them; who has none has nothing to wait for but a new copy. */
function sourcesOf({ sample, row }: GroupFacts): string[] {
  if (!sample || row.cause === Cause.CANCELLED) return [];
  const { sourcesMin: least, sourcesMax: most } = sample;
  const other = wrongSource(row) === null ? '' : 'other ';
  if (most === 0) return row.cause === Cause.NO_SOURCE ? [] : [`no ${other}source`];
  return [
    least === most
      ? `${most} ${other}${most === 1 ? 'source' : 'sources'}`
      : `${least} to ${most} ${other}sources`,
  ];
}

const declaredOf = ({ declared, looked }: SampleRow): string =>
  declared === looked ? 'declared bad' : `${declared} of ${looked} looked at declared bad`;

const beforeOf = ({ before }: QueuePlace): string =>
  before >= COUNT_MAX
    ? `more than ${counted(COUNT_MAX, 'request')}`
    : before === 0
      ? 'none'
      : counted(before, 'request');

/** What Sluice does about the group, and when. Pure. */
export function nextOf(facts: GroupFacts): string {
  const { row, sample, destination, holds, now, retryAt } = facts;
  const when = retryAt ? `, ${dueAt(retryAt, now)}` : '';
  switch (row.standing) {
    case 'lost':
      return wordsOf(row.cause ?? '').does;
    case 'stuck':
      return facts.suspended
        ? 'nothing, until somebody resumes the rule'
        : `${wordsOf(row.cause ?? '').does}${when}`;
    case 'bad':
      return sample?.sourcesMax === 0
        ? 'leaves the last bytes as they are: there is no other good copy'
        : 'copies a good one over the bad one, as many a day as replicas.recoveryDailyMax says';
    case 'blocked by a deletion':
      return `deletes the old copy at ${destination}, then copies`;
    case 'uploading':
      return 'waits for the client to say that the bytes are there';
    case 'waiting':
      return row.cause === null || isPatience(row.cause)
        ? `looks again${when}`
        : `begins the next attempt${when}`;
    case 'queued':
      return holds.length > 0
        ? 'begins them, highest priority first, as soon as a place is free'
        : 'begins them in the order of their priority';
    case 'being submitted':
      return 'begins the movement';
    case 'under way':
      return 'verifies size and checksum on arrival';
    case 'being settled':
      return 'makes the copies available, or judges the failure';
  }
}

/** What a person could do where something is wrong. Pure. */
export const canOf = ({ row }: GroupFacts): string | null =>
  row.cause !== null && (['stuck', 'lost'].includes(row.standing) || isFailed(row))
    ? wordsOf(row.cause).can
    : null;
