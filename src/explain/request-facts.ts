import { rankSources } from '../daemons/conveyor/rank-sources.js';
import {
  failureKey,
  readTransferFacts,
  type TransferFacts,
} from '../daemons/conveyor/transfer-facts.js';
import { type Tx } from '../db/index.js';
import { RequestNotFound } from '../errors/index.js';
import { type ClaimedRequest } from '../requests/index.js';
import { parseWireId, ReplicaState, ReplicaStateCodec, RequestState } from '../vocabulary/index.js';
import { type Hold, holdsOf, readTraffic, type Traffic } from './holds.js';
import { type QueuePlace, queuePlaces } from './queue-place.sql.js';
import {
  pastAttempts,
  type PastAttempt,
  type PossibleSource,
  possibleSources,
  wantedTransfer,
  type WantedTransfer,
} from './request-facts.sql.js';
import { type Desk } from './rule-facts.js';
import { counted } from './words.js';
import { lastBeats } from './workers.js';

/** A copy as a source: its rank from 1, or why it is none. */
export interface RankedSource extends PossibleSource {
  readonly rank: number | null;
  readonly why: string | null;
}

/** All that is told of a wanted transfer. */
export interface RequestFacts extends Desk {
  readonly request: WantedTransfer;
  readonly sources: readonly RankedSource[];
  readonly past: readonly PastAttempt[];
  readonly place: QueuePlace | undefined;
  readonly traffic: Traffic;
  readonly holds: readonly Hold[];
  readonly beats: ReadonlyMap<string, Date>;
}

/** Reads them. Throws RequestNotFound. */
export async function readRequestFacts(tx: Tx, id: string, desk: Desk): Promise<RequestFacts> {
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
