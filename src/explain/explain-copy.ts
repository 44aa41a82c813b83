import { type Tx } from '../db/index.js';
import {
  DidAvailability,
  LockState,
  LockStateCodec,
  ReplicaState,
  ReplicaStateCodec,
  RuleState,
  wireId,
} from '../vocabulary/index.js';
import { wordsOf } from './cause-words.js';
import { canBeLetGo, whenDeleted } from './copy-deletion.js';
import { type CopyFacts, type CopyName, readCopyFacts } from './copy-facts.js';
import { type CopyLock } from './copy-facts.sql.js';
import { type Explanation, type Remedy } from './explanation.js';
import { declareBad, letGo, sayThere } from './remedies-of-copies.js';
import { addRule } from './remedies-of-dids.js';
import { forRse } from './remedies-of-rses.js';
import { forRule } from './remedies-of-rules.js';
import { type Desk } from './rule-facts.js';
import { ruleFact, ruleLine } from './rule-lines.js';
import { isUpload, uploadOf } from './upload.js';
import { clockTime, counted, dueAt } from './words.js';
import { idleWorkers } from './workers.js';

/**
 * Why a copy is where it is, and when it goes: its locks and their rules, or what keeps it from being
 * deleted. Throws RSENotFound, DataIdentifierNotFound, ReplicaNotFound.
 */
export async function explainCopy(tx: Tx, name: CopyName, desk: Desk): Promise<Explanation> {
  const facts = await readCopyFacts(tx, name, desk);
  const { copy, locks, now, beats } = facts;
  const deletion = whenDeleted(facts);
  const held = copy.lockCnt > 0;
  return {
    kind: 'replica',
    subject: `${name.scope}:${name.name}@${name.rse}`,
    state: ReplicaStateCodec.name(copy.state),
    summary: `${ReplicaStateCodec.name(copy.state)}${trust(facts)}; ${held ? `held by ${counted(copy.lockCnt, 'lock')}` : deletion.summary}`,
    lines: [
      ...(held ? [] : deletion.lines),
      ...troubles(facts),
      ...locks.map((lock) => lockLine(lock, now)),
      ...idleWorkers(beats, held ? [] : deletion.workers, now),
    ],
    groups: [],
    moreGroups: 0,
    next: held ? nextOf(facts) : deletion.next,
    remedies: remediesOf(facts, name),
    facts: factsOf(facts),
  };
}

/** Whether size and checksum have been seen right at the storage, or a client said so. */
function trust({ copy, now }: CopyFacts): string {
  if (copy.state !== ReplicaState.AVAILABLE) return '';
  return copy.verifiedAt
    ? `, verified at ${clockTime(copy.verifiedAt, now)}`
    : ', as a client says: not verified yet';
}

function troubles(facts: CopyFacts): string[] {
  const { copy, did, declaration, request, now, rse } = facts;
  const lines: string[] = [];
  if (declaration && copy.state !== ReplicaState.AVAILABLE) {
    const who = declaration.account ?? 'a transfer of ours';
    const until = declaration.until ? `, until ${clockTime(declaration.until, now)}` : '';
    lines.push(
      `Declared ${copy.state === ReplicaState.TEMPORARY_UNAVAILABLE ? 'unavailable for a time' : 'bad'} by ${who} at ${clockTime(declaration.at, now)}${until}: ${declaration.reason ?? declaration.cause ?? 'no reason given'}`,
    );
  }
  if (did.availability === DidAvailability.LOST)
    lines.push('The file is lost: no good copy is left, the last bytes stay');
  if (request) lines.push(`A transfer to it is wanted: request ${request.uid.replaceAll('-', '')}`);
  lines.push(...uploadOf(facts));
  if (!rse.availabilityRead) lines.push(`${rse.name} is closed for reading`);
  return lines;
}

function lockLine(lock: CopyLock, now: Date): string {
  const state = LockStateCodec.name(lock.lockState);
  const why =
    lock.lockState === LockState.STUCK && lock.cause
      ? `: ${wordsOf(lock.cause).says({ source: 'the source', destination: 'this RSE' })}${lock.nextTry ? `, retry ${dueAt(lock.nextTry, now)}` : ''}`
      : '';
  return `${ruleLine(lock, now)}; its lock here is ${state}${why}${moving(lock, now)}`;
}

/** `, and moves to B-DISK since 12:01 UTC (drain)`. */
function moving({ moveTo, moveFrom, moveCause, moveSince }: CopyLock, now: Date): string {
  const since = moveSince ? ` since ${clockTime(moveSince, now)} (${moveCause})` : '';
  if (moveTo !== null) return `, and moves to ${moveTo}${since}: it goes when that one is OK`;
  return moveFrom === null ? '' : `, and takes the place of the one at ${moveFrom}${since}`;
}

function nextOf({ copy, locks, now }: CopyFacts): string[] {
  const ends = locks.map(({ expiresAt }) => expiresAt);
  const last = ends.some((end) => end === null)
    ? null
    : (ends as Date[]).reduce<Date | null>((a, b) => (a && a > b ? a : b), null);
  const stays =
    last === null
      ? 'It stays as long as a rule without an end holds it'
      : `Its last rule ends ${last <= now ? 'now' : `at ${clockTime(last, now)}`}`;
  if (copy.state === ReplicaState.BAD)
    return ['A good copy takes its place, where there is one', stays];
  return [stays];
}

const GOOD: readonly ReplicaState[] = [ReplicaState.AVAILABLE, ReplicaState.TEMPORARY_UNAVAILABLE];

function remediesOf(facts: CopyFacts, name: CopyName): Remedy[] {
  const { copy, did, rse, declaration, request, locks } = facts;
  const remedies: Remedy[] = [];
  if (isUpload({ copy, request })) remedies.push(sayThere(name));
  if (copy.lockCnt === 0) {
    if (GOOD.includes(copy.state) && rse.availabilityWrite)
      remedies.push(addRule(did, rse.name, `keep it: a rule that holds it at ${rse.name}`));
    if (canBeLetGo(facts)) remedies.push(letGo(name));
    if (!rse.availabilityDelete) remedies.push(forRse.open(rse.name, 'availability_delete'));
  }
  for (const { lockState, state, uid, phaseOf } of locks) {
    if (lockState === LockState.STUCK && state === RuleState.STUCK && phaseOf === null)
      remedies.push(forRule.tryAgain(wireId(uid)));
  }
  if (copy.state === ReplicaState.AVAILABLE && !declaration) {
    remedies.push(declareBad([name], 'why it is bad'));
  }
  return remedies;
}

const factsOf = ({ copy, locks, others, guard, pending, request, heldElsewhere }: CopyFacts) => ({
  bytes: copy.bytes,
  lock_cnt: copy.lockCnt,
  tombstone: copy.tombstone,
  accessed_at: copy.accessedAt,
  verified_at: copy.verifiedAt,
  other_good_copies: others,
  held_elsewhere: heldElsewhere,
  guarded: guard ? { cause: guard.cause, since: guard.createdAt } : null,
  pending_evaluations: pending?.evaluations ?? 0n,
  request_id: request ? request.uid.replaceAll('-', '') : null,
  locks: locks.map((lock) => ({
    state: LockStateCodec.name(lock.lockState),
    cause: lock.cause,
    next_try: lock.nextTry,
    moves_to: lock.moveTo,
    moves_from: lock.moveTo === null ? lock.moveFrom : null,
    moves_since: lock.moveSince,
    moves_why: lock.moveCause,
    rule: ruleFact(lock),
  })),
});
