import { type Tx } from '../db/index.js';
import {
  Activities,
  Cause,
  type DaemonName,
  ReplicaState,
  ReplicaStateCodec,
  RequestState,
  RequestStateCodec,
  wireId,
} from '../vocabulary/index.js';
import { type Explanation, type Remedy } from './explanation.js';
import { sourceLimits } from './holds.js';
import { forRse } from './remedies-of-rses.js';
import { forRule } from './remedies-of-rules.js';
import { readRequestFacts, type RequestFacts } from './request-facts.js';
import { headline, linesOf } from './request-sentences.js';
import { type Desk } from './rule-facts.js';
import { dueAt } from './words.js';
import { idleWorkers } from './workers.js';

/**
 * Why a wanted transfer is where it is: its turn, who has claimed it, its attempts, and every copy as a
 * source in the order in which the conveyor takes them, or why it is none. Throws RequestNotFound.
 */
export async function explainRequest(tx: Tx, id: string, desk: Desk): Promise<Explanation> {
  const facts = await readRequestFacts(tx, id, desk);
  const { request, now, beats } = facts;
  return {
    kind: 'request',
    subject: `request ${wireId(request.uid)} of ${request.scope}:${request.name} to ${request.destination}`,
    state: RequestStateCodec.name(request.state),
    summary: headline(facts),
    lines: [...linesOf(facts), ...idleWorkers(beats, workersOf(facts), now)],
    groups: [],
    moreGroups: 0,
    next: nextOf(facts),
    remedies: remediesOf(facts),
    facts: factsOf(facts),
  };
}

const WORKERS: Partial<Record<RequestState, DaemonName>> = {
  [RequestState.QUEUED]: 'conveyor-submitter',
  [RequestState.SUBMITTING]: 'conveyor-submitter',
  [RequestState.SUBMITTED]: 'conveyor-poller',
};

function workersOf({ request: { state, dueAt: at } }: RequestFacts): DaemonName[] {
  // What waits for no time waits for the end of a deletion.
  if (state === RequestState.WAITING) return [at ? 'rescuer' : 'reaper'];
  return [WORKERS[state] ?? 'conveyor-finisher'];
}

const ON_THE_WAY: readonly RequestState[] = [RequestState.SUBMITTING, RequestState.SUBMITTED];

function nextOf({ request, sources, now }: RequestFacts): string[] {
  const best = sources.find(({ rank }) => rank === 1);
  const { state, claimedUntil, dueAt: at } = request;
  if (state === RequestState.QUEUED && !request.destinationWritable) {
    return ['The submitter gives it up with NOT_WRITABLE, unless the RSE is open by then'];
  }
  if (state === RequestState.QUEUED) {
    return best
      ? [`The submitter takes it in its turn, and copies from ${best.rse}`]
      : ['The submitter takes it in its turn and finds no source; the repairer looks again later'];
  }
  if (ON_THE_WAY.includes(state)) {
    return claimedUntil && claimedUntil <= now
      ? ['Its worker is gone: the rescuer brings it back into the queue']
      : ['Size and checksum are verified on arrival'];
  }
  if (state === RequestState.WAITING) {
    return [at ? `It is queued again ${dueAt(at, now)}` : 'It is queued when the old copy is gone'];
  }
  return ['The finisher makes the copy available, tries again, or gives up and tells the rule why'];
}

function remediesOf({ request, sources, holds, traffic }: RequestFacts): Remedy[] {
  const remedies: Remedy[] = holds.flatMap(({ remedy }) => remedy ?? []);
  const rule = request.ruleUid && !request.ruleIsOver ? wireId(request.ruleUid) : null;
  const usable = sources.some(({ rank }) => rank !== null);
  if (!request.destinationWritable)
    remedies.push(forRse.open(request.destination, 'availability_write'));
  if (!usable) {
    const closed = sources.find(
      ({ state, readable }) => state === ReplicaState.AVAILABLE && !readable,
    );
    if (closed) remedies.push(forRse.open(closed.rse, 'availability_read'));
    if (rule && request.sourceExpression !== null) remedies.push(forRule.anySource(rule));
  }
  const best = sources.find(({ rank }) => rank === 1);
  if (best && request.state === RequestState.WAITING && request.cause === Cause.SOURCE_LIMIT)
    remedies.push(...sourceLimits(traffic, best.rseId));
  if (rule && request.priority < 5 && request.state === RequestState.QUEUED)
    remedies.push(forRule.hurry(rule, 5));
  return remedies;
}

const factsOf = ({ request, sources, place, past }: RequestFacts) => ({
  destination: request.destination,
  source: request.source,
  bytes: request.bytes,
  bytes_moved: request.bytesMoved,
  activity: Activities[request.activity] ?? null,
  priority: request.priority,
  attempt: request.attempt,
  claimed_by: request.claimedBy,
  claimed_until: request.claimedUntil,
  due_at: request.dueAt,
  cause: request.cause,
  error: request.error,
  expected: request.expected,
  found: request.found,
  requests_before: place?.before ?? null,
  rule_id: request.ruleUid ? wireId(request.ruleUid) : null,
  sources: sources.map(({ rse, rank, why, state, distance }) => ({
    rse,
    rank,
    why,
    state: ReplicaStateCodec.name(state),
    distance,
  })),
  attempts_over: past.map(({ attempt, cause, error, source, at }) => ({
    attempt,
    cause,
    error,
    source,
    at,
  })),
});
