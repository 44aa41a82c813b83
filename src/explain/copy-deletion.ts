import { CACHED_FROM, urgentDue } from '../replicas/index.js';
import { type DaemonName, ReplicaState } from '../vocabulary/index.js';
import { type CopyFacts } from './copy-facts.js';
import { clockTime, counted, sized } from './words.js';

/** When a copy that nothing locks is deleted, or why it is not. */
export interface DeletionStory {
  readonly summary: string;
  readonly lines: readonly string[];
  readonly next: readonly string[];
  readonly workers: readonly DaemonName[];
}

/** In the words of the claim (replicas, `claimDue`): due, and nothing in the way. Pure. */
export function whenDeleted(facts: CopyFacts): DeletionStory {
  const { copy } = facts;
  if (copy.state === ReplicaState.BEING_DELETED) {
    const summary = 'no rule holds it, and the reaper is deleting it';
    return {
      summary,
      lines: [],
      next: ['The reaper forgets it when its bytes are gone'],
      workers: ['reaper'],
    };
  }
  if (copy.tombstone === null) {
    const lines = [
      'Nothing asks for its deletion: it was registered and no rule has held it since',
    ];
    return {
      summary: 'no rule holds it, and nothing asks for its deletion',
      lines,
      next: [],
      workers: [],
    };
  }
  const obstacles = obstaclesOf(facts);
  const due = dueOf(facts, copy.tombstone);
  if (obstacles.length > 0) {
    const [first = '', ...rest] = obstacles;
    return {
      summary: `no rule holds it; not deleted: ${first}`,
      lines: [...rest, `It would be due: ${due.when}`],
      next: ['The reaper looks again as long as it is due'],
      workers: due.now ? ['reaper'] : [],
    };
  }
  return {
    summary: `no rule holds it; deleted ${due.when}`,
    lines: due.lines,
    next: [`The reaper deletes it ${due.when}`],
    workers: due.now ? ['reaper'] : [],
  };
}

interface Due {
  readonly when: string;
  readonly now: boolean;
  readonly lines: string[];
}

function dueOf({ rse, bytesWanted, now }: CopyFacts, tombstone: Date): Due {
  if (tombstone < CACHED_FROM) {
    const at = urgentDue(tombstone);
    return at <= now
      ? { when: 'at once', now: true, lines: [] }
      : {
          when: `at ${clockTime(at, now)}, when the reaper looks at it again`,
          now: false,
          lines: [],
        };
  }
  if (tombstone > now) {
    return { when: `not before ${clockTime(tombstone, now)}`, now: false, lines: [] };
  }
  if (rse.attributes['greedyDeletion'] === 'true') {
    return { when: 'at once: the RSE is greedy', now: true, lines: [] };
  }
  if (bytesWanted > 0n) {
    const lines = [
      `${rse.name} has to give ${sized(bytesWanted)} to have its MinFreeSpace; the oldest copies go first`,
    ];
    return { when: 'soon: the RSE lacks space', now: true, lines };
  }
  const lines = [
    `It is a cached copy since ${clockTime(tombstone, now)}: ${rse.name} is not greedy and has space enough`,
  ];
  return { when: `when ${rse.name} needs the space`, now: false, lines };
}

/** Whether a word is enough for it to go, and needed. Who asks for it on purpose ends its guard. */
export function canBeLetGo(facts: CopyFacts): boolean {
  const { copy, others, now } = facts;
  const { tombstone, state } = copy;
  const goes = tombstone !== null && tombstone < CACHED_FROM && urgentDue(tombstone) <= now;
  if (state === ReplicaState.BEING_DELETED || (goes && facts.guard === undefined)) return false;
  return others > 0 || lastCopyRule({ ...facts, guard: undefined }) === undefined;
}

/** What keeps the reaper from it, most important first. */
function obstaclesOf(facts: CopyFacts): string[] {
  const { rse, pending, request } = facts;
  const found: string[] = [];
  const last = lastCopyRule(facts);
  if (last) found.push(last);
  if (pending)
    found.push(`${counted(pending.evaluations, 'change')} of content above it wait for the judge`);
  if (request) found.push('a transfer to it is wanted');
  if (!rse.availabilityDelete) found.push(`${rse.name} allows no deletions now`);
  return found;
}

/** Why another good copy has to exist before this one goes; undefined where none has to, or one does. */
function lastCopyRule(facts: CopyFacts): string | undefined {
  const { rse, flags, guard, did, copy, others, lasting, heldElsewhere, now } = facts;
  const last = 'it is the last good copy, and';
  if (others === 0) {
    if (rse.attributes['keep_last_copy'] === 'true') return `${last} ${rse.name} keeps last copies`;
    if (flags?.keepsLast) return `${last} the scope ${did.scope} keeps last copies`;
  }
  if (flags?.obsolete || (did.expiredAt && did.expiredAt <= now)) return undefined;
  if (guard && lasting === 0) {
    const stays = others === 0 ? last : 'it is the last good copy that stays, and';
    return `${stays} nobody asked for its end: its protection ended by ${guard.cause}`;
  }
  const arrived = copy.state !== ReplicaState.UNAVAILABLE;
  return others === 0 && arrived && heldElsewhere
    ? `${last} a rule wants the file at another RSE, where it may come from here`
    : undefined;
}
