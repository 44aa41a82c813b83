import { bytesToFree } from '../daemons/reaper/free-space.js';
import { type Tx } from '../db/index.js';
import { urgentTombstone } from '../replicas/index.js';
import {
  findRse,
  listRseUsage,
  type Rse,
  rseLimits,
  rsesById,
  type RseUsage,
} from '../rses/index.js';
import { driftAt, type DriftHere } from '../rules/index.js';
import { Activities, RequestState, RequestStateCodec, type RseId } from '../vocabulary/index.js';
import { wordsOf } from './cause-words.js';
import { type Explanation, type Remedy } from './explanation.js';
import { holdsOf, readTraffic, type Traffic, underWayAt } from './holds.js';
import { forRse } from './remedies.js';
import {
  arrivalsAt,
  type DeletionBacklog,
  deletionBacklog,
  failuresAt,
  type RecentFailures,
  type StuckAt,
  stuckAt,
  transfersTo,
  type WaitingTransfers,
} from './rse-facts.sql.js';
import { type Desk } from './rule-facts.js';
import { clockTime, counted, listed, sized } from './words.js';
import { idleWorkers, lastBeats } from './workers.js';

const HOUR_MS = 3_600_000;

interface RseFacts extends Desk {
  readonly rse: Rse;
  readonly traffic: Traffic;
  readonly waiting: readonly WaitingTransfers[];
  readonly failures: readonly RecentFailures[];
  readonly arrivals: { readonly files: bigint; readonly bytes: bigint };
  readonly backlog: DeletionBacklog;
  readonly stuck: readonly StuckAt[];
  readonly usages: readonly RseUsage[];
  readonly limits: Readonly<Record<string, bigint>>;
  readonly drift: DriftHere;
  readonly sources: ReadonlyMap<RseId, Rse>;
  readonly bytesWanted: bigint;
  readonly beats: ReadonlyMap<string, Date>;
}

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
    lines: [
      ...availability(facts),
      ...queues(facts),
      ...failing(facts),
      ...stuckLines(facts),
      ...space(facts),
      ...deletions(facts),
      ...drifting(facts),
      ...idleWorkers(beats, workers, now),
    ],
    groups: [],
    moreGroups: 0,
    next: nextOf(facts),
    remedies: remediesOf(facts),
    facts: factsOf(facts),
  };
}

async function readRseFacts(tx: Tx, name: string, desk: Desk): Promise<RseFacts> {
  const rse = await findRse(tx, name);
  const hourAgo = new Date(desk.now.getTime() - HOUR_MS);
  const failures = await failuresAt(tx, rse.id, hourAgo);
  const [drift] = await driftAt(tx, rse.id);
  return {
    ...desk,
    rse,
    failures,
    traffic: await readTraffic(tx, desk.config),
    waiting: await transfersTo(tx, rse.id),
    arrivals: await arrivalsAt(tx, rse.id, hourAgo),
    backlog: await deletionBacklog(tx, rse.id, {
      now: desk.now,
      urgentUntil: urgentTombstone(desk.now),
    }),
    stuck: await stuckAt(tx, rse.id),
    usages: await listRseUsage(tx, rse.id),
    limits: (await rseLimits(tx, [rse.id])).get(rse.id) ?? {},
    drift: drift ?? { rules: 0n, locks: 0n, since: null, named: 0n },
    sources: await rsesById(tx, [...new Set(failures.flatMap(({ sourceId }) => sourceId ?? []))]),
    bytesWanted: await bytesToFree(tx, rse),
    beats: await lastBeats(tx),
  };
}

const closedFor = (rse: Rse): string[] => [
  ...(rse.availabilityRead ? [] : ['reading']),
  ...(rse.availabilityWrite ? [] : ['writing']),
  ...(rse.availabilityDelete ? [] : ['deletions']),
];

const total = (rows: readonly { readonly requests: bigint }[]): bigint =>
  rows.reduce((sum, { requests }) => sum + requests, 0n);

const queuedAt = ({ waiting }: RseFacts): bigint =>
  total(waiting.filter(({ state }) => state === RequestState.QUEUED));

function headline(facts: RseFacts): string {
  const { waiting, arrivals, failures } = facts;
  const failed = failures.reduce((sum, { attempts }) => sum + attempts, 0n);
  const away = total(waiting.filter(({ state }) => state === RequestState.SUBMITTED));
  return `${counted(queuedAt(facts), 'transfer')} queued to it, ${away} under way; in the last hour ${counted(arrivals.files, 'file')} (${sized(arrivals.bytes)}) arrived and ${counted(failed, 'attempt')} failed`;
}

const availability = ({ rse }: RseFacts): string[] => {
  const closed = closedFor(rse);
  return closed.length === 0 ? [] : [`It is closed for ${listed(closed)}`];
};

function queues(facts: RseFacts): string[] {
  const { waiting, rse, now, traffic } = facts;
  return waiting.map(({ activity, state, requests, bytes, oldest }) => {
    const since = oldest ? `, the oldest since ${clockTime(oldest, now)}` : '';
    const holds =
      state === RequestState.QUEUED
        ? holdsOf(traffic, { rseId: rse.id, rse: rse.name, activity }).map(
            ({ sentence }) => `; ${sentence}`,
          )
        : [];
    return `${counted(requests, 'transfer')} (${sized(bytes)}) ${RequestStateCodec.name(state)}, activity '${Activities[activity] ?? ''}'${since}${holds.join('')}`;
  });
}

const failing = ({ failures, sources, rse, now }: RseFacts): string[] =>
  failures.map(({ cause, sourceId, attempts, last, error }) => {
    const source = sources.get(sourceId ?? -1)?.name ?? 'the source';
    const says = wordsOf(cause).says({ source, destination: rse.name });
    return `${counted(attempts, 'attempt')} failed in the last hour: ${says}; the last one at ${clockTime(last, now)}${error ? `: ${error}` : ''}`;
  });

const stuckLines = ({ stuck, rse }: RseFacts): string[] =>
  stuck.map(({ cause, locks, rules }) => {
    const says = wordsOf(cause).says({ source: 'the source', destination: rse.name });
    return `${counted(locks, 'lock')} of ${counted(rules, 'rule')} stuck: ${says}`;
  });

function space({ usages, limits, bytesWanted }: RseFacts): string[] {
  const ours = usages.find(({ source }) => source === 'rucio')?.used ?? 0n;
  const parts = [`${sized(ours)} by our own count`];
  const reported = usages.find(({ source }) => source === 'storage');
  if (reported)
    parts.push(
      `the storage reports ${sized(reported.used)} used${reported.free === null ? '' : `, ${sized(reported.free)} free`}`,
    );
  const max = limits['MaxSpaceAvailable'];
  if (max !== undefined)
    parts.push(
      ours >= max ? `full: its limit is ${sized(max)}` : `${sized(max - ours)} left of its limit`,
    );
  const lines = [`Space: ${parts.join('; ')}`];
  if (bytesWanted > 0n) lines.push(`It has to give ${sized(bytesWanted)} to have its MinFreeSpace`);
  return lines;
}

function deletions({ backlog, rse, now }: RseFacts): string[] {
  const lines: string[] = [];
  if (backlog.urgent > 0n)
    lines.push(
      `${counted(backlog.urgent, 'copy', 'copies')} (${sized(backlog.urgentBytes)}) wait for the reaper`,
    );
  if (backlog.cached > 0n) {
    const when =
      rse.attributes['greedyDeletion'] === 'true'
        ? 'go at once: the RSE is greedy'
        : 'go when the space is needed';
    lines.push(
      `${counted(backlog.cached, 'cached copy', 'cached copies')} (${sized(backlog.cachedBytes)})${backlog.oldest ? `, the oldest since ${clockTime(backlog.oldest, now)},` : ''} ${when}`,
    );
  }
  return lines;
}

function drifting({ drift, now }: RseFacts): string[] {
  const { rules, locks, since, named } = drift;
  if (rules === 0n) return [];
  const why =
    named === 0n
      ? 'though their expressions do not name it any more'
      : 'though they would not be placed here any more';
  return [
    `Drift: ${counted(rules, 'rule')} ${rules === 1n ? 'holds' : 'hold'} ${counted(locks, 'copy', 'copies')} here ${why}${since ? `, since ${clockTime(since, now)}` : ''}`,
  ];
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
