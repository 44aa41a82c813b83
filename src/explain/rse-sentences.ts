import { type Rse } from '../rses/index.js';
import { Activities, RequestState, RequestStateCodec } from '../vocabulary/index.js';
import { wordsOf } from './cause-words.js';
import { holdsOf } from './holds.js';
import { type RseFacts } from './rse-facts.js';
import { clockTime, counted, listed, sized } from './words.js';

/** What an RSE is closed for. */
export const closedFor = (rse: Rse): string[] => [
  ...(rse.availabilityRead ? [] : ['reading']),
  ...(rse.availabilityWrite ? [] : ['writing']),
  ...(rse.availabilityDelete ? [] : ['deletions']),
];

const total = (rows: readonly { readonly requests: bigint }[]): bigint =>
  rows.reduce((sum, { requests }) => sum + requests, 0n);

/** Transfers in its queue. */
export const queuedAt = ({ waiting }: RseFacts): bigint =>
  total(waiting.filter(({ state }) => state === RequestState.QUEUED));

/** How busy the RSE is, in one sentence. Pure. */
export function headline(facts: RseFacts): string {
  const { waiting, arrivals, failures } = facts;
  const failed = failures.reduce((sum, { attempts }) => sum + attempts, 0n);
  const away = total(waiting.filter(({ state }) => state === RequestState.SUBMITTED));
  return `${counted(queuedAt(facts), 'transfer')} queued to it, ${away} under way; in the last hour ${counted(arrivals.files, 'file')} (${sized(arrivals.bytes)}) arrived and ${counted(failed, 'attempt')} failed`;
}

/** What else is worth knowing, most important first. Pure. */
export const linesOf = (facts: RseFacts): string[] => [
  ...availability(facts),
  ...queues(facts),
  ...failing(facts),
  ...stuckLines(facts),
  ...space(facts),
  ...deletions(facts),
  ...drifting(facts),
];

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
