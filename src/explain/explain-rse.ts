import { type Tx } from '../db/index.js';
import { Activities, RequestState, RequestStateCodec } from '../vocabulary/index.js';
import { type Explanation, type Remedy } from './explanation.js';
import { holdsOf, underWayAt } from './holds.js';
import { forRse } from './remedies-of-rses.js';
import { readRseFacts, type RseFacts } from './rse-facts.js';
import { closedFor, headline, linesOf, queuedAt } from './rse-sentences.js';
import { type Desk } from './rule-facts.js';
import { counted } from './words.js';
import { idleWorkers } from './workers.js';

/** What waits at an RSE and why: transfers, failures, space, deletions, drift. Throws RSENotFound. */
export async function explainRse(tx: Tx, name: string, desk: Desk): Promise<Explanation> {
  const facts = await readRseFacts(tx, name, desk);
  const { rse, now, beats, waiting, backlog } = facts;
  const workers = [
    ...(queuedAt(facts) > 0n ? (['conveyor-submitter'] as const) : []),
    ...(waiting.some(({ state }) => state === RequestState.SUBMITTED)
      ? (['conveyor-poller'] as const)
      : []),
    ...(backlog.urgent > 0n || facts.bytesWanted > 0n ? (['reaper'] as const) : []),
  ];
  return {
    kind: 'rse',
    subject: rse.name,
    state:
      closedFor(rse).length === 0
        ? 'OPEN'
        : `CLOSED FOR ${closedFor(rse).join(', ').toUpperCase()}`,
    summary: headline(facts),
    lines: [...linesOf(facts), ...idleWorkers(beats, workers, now)],
    groups: [],
    moreGroups: 0,
    next: nextOf(facts),
    remedies: remediesOf(facts),
    facts: factsOf(facts),
  };
}

function nextOf(facts: RseFacts): string[] {
  const { rse, traffic, config, backlog } = facts;
  const next: string[] = [];
  if (queuedAt(facts) > 0n) {
    const free = Math.max(0, config.requests.perStorageMax - underWayAt(traffic, rse.id));
    next.push(
      rse.availabilityWrite
        ? `${counted(free, 'place')} of ${config.requests.perStorageMax} free for transfers to it; each activity gets its share`
        : 'Transfers to it fail with NOT_WRITABLE until it is open for writing',
    );
  }
  if (backlog.urgent > 0n && rse.availabilityDelete)
    next.push('The reaper deletes what is due, oldest first');
  return next;
}

function remediesOf(facts: RseFacts): Remedy[] {
  const { rse, traffic, waiting, limits, usages } = facts;
  const remedies: Remedy[] = [];
  if (!rse.availabilityRead) remedies.push(forRse.open(rse.name, 'availability_read'));
  if (!rse.availabilityWrite) remedies.push(forRse.open(rse.name, 'availability_write'));
  if (!rse.availabilityDelete) remedies.push(forRse.open(rse.name, 'availability_delete'));
  for (const { activity, state } of waiting) {
    if (state !== RequestState.QUEUED) continue;
    const holds = holdsOf(traffic, { rseId: rse.id, rse: rse.name, activity });
    remedies.push(...holds.flatMap(({ remedy }) => remedy ?? []));
  }
  const max = limits['MaxSpaceAvailable'];
  const ours = usages.find(({ source }) => source === 'rucio')?.used ?? 0n;
  if (max !== undefined && ours >= max)
    remedies.push(forRse.limit(rse.name, 'MaxSpaceAvailable', ours * 2n));
  return remedies;
}

const factsOf = (facts: RseFacts) => ({
  availability_read: facts.rse.availabilityRead,
  availability_write: facts.rse.availabilityWrite,
  availability_delete: facts.rse.availabilityDelete,
  transfers: facts.waiting.map(({ activity, state, requests, bytes, oldest }) => ({
    activity: Activities[activity] ?? null,
    state: RequestStateCodec.name(state),
    requests,
    bytes,
    oldest,
  })),
  failures_last_hour: facts.failures.map(({ cause, sourceId, attempts, last, error }) => ({
    cause,
    source: facts.sources.get(sourceId ?? -1)?.name ?? null,
    attempts,
    last,
    error,
  })),
  arrived_last_hour: facts.arrivals,
  stuck_locks: facts.stuck,
  limits: facts.limits,
  bytes_to_free: facts.bytesWanted,
  deletions: {
    urgent: facts.backlog.urgent,
    urgent_bytes: facts.backlog.urgentBytes,
    cached: facts.backlog.cached,
    cached_bytes: facts.backlog.cachedBytes,
  },
  drift: facts.drift,
});
