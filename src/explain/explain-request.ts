import { rankSources } from '../daemons/conveyor/rank-sources.js';
import {
  failureKey,
  readTransferFacts,
  type TransferFacts,
} from '../daemons/conveyor/transfer-facts.js';
import { type Tx } from '../db/index.js';
import { RequestNotFound } from '../errors/index.js';
import { type ClaimedRequest } from '../requests/index.js';
import {
  Activities,
  type DaemonName,
  parseWireId,
  ReplicaState,
  ReplicaStateCodec,
  RequestState,
  RequestStateCodec,
  wireId,
} from '../vocabulary/index.js';
import { wordsOf } from './cause-words.js';
import { type Explanation, type Remedy } from './explanation.js';
import { type Hold, holdsOf, readTraffic, sourceLimits, type Traffic } from './holds.js';
import { type QueuePlace, queuePlaces } from './queue-place.sql.js';
import { forRse, forRule } from './remedies.js';
import {
  pastAttempts,
  type PastAttempt,
  type PossibleSource,
  possibleSources,
  wantedTransfer,
  type WantedTransfer,
} from './request-facts.sql.js';
import { type Desk } from './rule-facts.js';
import { clockTime, counted, dueAt, sized } from './words.js';
import { idleWorkers, lastBeats } from './workers.js';

/** A copy as a source: its rank from 1, or why it is none. */
interface RankedSource extends PossibleSource {
  readonly rank: number | null;
  readonly why: string | null;
}

interface RequestFacts extends Desk {
  readonly request: WantedTransfer;
  readonly sources: readonly RankedSource[];
  readonly past: readonly PastAttempt[];
  readonly place: QueuePlace | undefined;
  readonly traffic: Traffic;
  readonly holds: readonly Hold[];
  readonly beats: ReadonlyMap<string, Date>;
}

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

async function readRequestFacts(tx: Tx, id: string, desk: Desk): Promise<RequestFacts> {
  const uid = parseWireId(id);
  const request = uid ? await wantedTransfer(tx, uid) : undefined;
  if (!request) {
    throw new RequestNotFound(
      `No request with the id ${id} is waiting or under way; each attempt has an id of its own, and ids of attempts that are over stand in requests/history/list`,
      { request: id },
    );
  }
  const claimed: ClaimedRequest = request;
  const transfer = await readTransferFacts(tx, [claimed], desk.now);
  const possible = await possibleSources(tx, request.didId, request.rseId);
  const traffic = await readTraffic(tx, desk.config);
  const { rseId, activity, priority } = request;
  const queued = request.state === RequestState.QUEUED;
  const waiter = { rseId, activity, priority, requestId: request.id };
  const [place] = queued ? await queuePlaces(tx, [waiter]) : [];
  return {
    ...desk,
    request,
    sources: rankedOf(claimed, transfer, possible),
    past: await pastAttempts(tx, request),
    place,
    traffic,
    holds: queued ? holdsOf(traffic, { rseId, rse: request.destination, activity }) : [],
    beats: await lastBeats(tx),
  };
}

/** Best first, as the conveyor ranks them; then those that are none. Pure. */
function rankedOf(
  request: ClaimedRequest,
  facts: TransferFacts,
  possible: readonly PossibleSource[],
): RankedSource[] {
  const { ready, coming } = rankSources(request, facts);
  const ranks = new Map(ready.map(({ rseId }, at) => [rseId, at + 1]));
  const awaited = new Set(coming.map(({ rseId }) => rseId));
  const allowed = facts.allowedSources.get(request.id);
  const told = possible.map((source) => ({
    ...source,
    rank: ranks.get(source.rseId) ?? null,
    why: whyNot(source, {
      allowed: allowed?.has(source.rseId) ?? true,
      awaited: awaited.has(source.rseId),
      failures: facts.failures.get(failureKey(request, source.rseId)) ?? 0,
    }),
  }));
  return told.toSorted(
    (a, b) => (a.rank ?? Infinity) - (b.rank ?? Infinity) || (a.rse < b.rse ? -1 : 1),
  );
}

function whyNot(
  source: PossibleSource,
  facts: { readonly allowed: boolean; readonly awaited: boolean; readonly failures: number },
): string | null {
  if (source.gone) return 'the RSE is gone';
  if (!facts.allowed) return "not among the rule's sources (source_replica_expression)";
  if (!source.readable) return 'closed for reading';
  if (source.state !== ReplicaState.AVAILABLE) {
    const state = ReplicaStateCodec.name(source.state);
    return facts.awaited ? `${state}: not there yet` : state;
  }
  return facts.failures > 0 ? `failed ${counted(facts.failures, 'time')} in the last day` : null;
}

/** What is told in each state; the others are about to be settled. */
const HEADLINES: Partial<Record<RequestState, (facts: RequestFacts) => string>> = {
  [RequestState.QUEUED]: queuedHeadline,
  [RequestState.SUBMITTING]: ({ request }) =>
    `claimed by ${request.claimedBy ?? 'nobody'}, about to begin`,
  [RequestState.SUBMITTED]: ({ request }) => {
    const { bytes, bytesMoved, source, destination, tool } = request;
    const from = source ? ` from ${source}` : '';
    const moved = bytesMoved === null ? '' : `, ${sized(bytesMoved)} of ${sized(bytes)} so far`;
    return `${sized(bytes)} on the way${from} to ${destination} by ${tool ?? 'a tool'}${moved}`;
  },
  [RequestState.WAITING]: ({ request, now }) =>
    `${waitsFor(request)}${request.dueAt ? `; next look ${dueAt(request.dueAt, now)}` : ''}`,
};

function headline(facts: RequestFacts): string {
  const { cause, state } = facts.request;
  const told = HEADLINES[state]?.(facts);
  const over = cause ? wordsOf(cause).says(endsOf(facts.request)) : 'over';
  return `${RequestStateCodec.name(state)}: ${told ?? `${over}; about to be settled`}`;
}

function queuedHeadline({ request, place, holds }: RequestFacts): string {
  const before = place?.before ?? 0;
  const turn = before === 0 ? 'it is next' : `${counted(before, 'request')} before it`;
  const activity = Activities[request.activity] ?? '';
  const first = `${turn} to ${request.destination}, activity '${activity}', priority ${request.priority}`;
  return [first, ...holds.map(({ sentence }) => sentence)].join('; ');
}

const endsOf = ({ source, destination }: WantedTransfer) => ({
  source: source ?? 'the source',
  destination,
});

function waitsFor(request: WantedTransfer): string {
  if (request.dueAt === null)
    return `the old copy at ${request.destination} is being deleted first`;
  if (request.cause === null) return 'its time has not come';
  return request.error ?? wordsOf(request.cause).says(endsOf(request));
}

function linesOf(facts: RequestFacts): string[] {
  const { request, sources, past, now, config } = facts;
  const lines = [
    `Attempt ${request.attempt + 1} of ${config.requests.attemptsMax}, wanted since ${clockTime(request.createdAt, now)} by ${request.ruleUid ? `rule ${wireId(request.ruleUid)} of ` : ''}${request.account}`,
  ];
  if (request.claimedBy !== null && request.claimedUntil) {
    const over =
      request.claimedUntil <= now
        ? 'has run out'
        : `runs until ${clockTime(request.claimedUntil, now)}`;
    lines.push(`Claimed by ${request.claimedBy}; the claim ${over}`);
  }
  if (sources.length === 0) lines.push('There is no other copy of the file');
  for (const { rse, rank, why, distance } of sources) {
    const how = distance === null ? '' : `, distance ${distance}`;
    lines.push(
      rank === null
        ? `No source: ${rse}: ${why ?? 'not usable'}`
        : `Source ${rank}: ${rse}${how}${why ? `; ${why}` : ''}`,
    );
  }
  for (const { attempt, cause, error, source, at } of past.slice(0, 5)) {
    if (cause === null) continue;
    const said = wordsOf(cause).says({
      source: source ?? 'the source',
      destination: request.destination,
    });
    lines.push(
      `Attempt ${attempt + 1} ended at ${clockTime(at, now)}: ${said}${error && error !== cause ? ` (${error})` : ''}`,
    );
  }
  if (!request.destinationWritable) lines.push(`${request.destination} is closed for writing`);
  return lines;
}

const WORKERS: Partial<Record<RequestState, DaemonName>> = {
  [RequestState.QUEUED]: 'conveyor-submitter',
  [RequestState.SUBMITTING]: 'conveyor-submitter',
  [RequestState.SUBMITTED]: 'conveyor-poller',
  [RequestState.WAITING]: 'rescuer',
};

const workersOf = ({ request }: RequestFacts): DaemonName[] => [
  WORKERS[request.state] ?? 'conveyor-finisher',
];

const ON_THE_WAY: readonly RequestState[] = [RequestState.SUBMITTING, RequestState.SUBMITTED];

function nextOf({ request, sources, now }: RequestFacts): string[] {
  const best = sources.find(({ rank }) => rank === 1);
  const { state, claimedUntil, dueAt: at } = request;
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
  const rule = request.ruleUid ? wireId(request.ruleUid) : null;
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
  if (best && request.state === RequestState.WAITING)
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
