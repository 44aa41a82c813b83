import { Activities, RequestState, RequestStateCodec, wireId } from '../vocabulary/index.js';
import { wordsOf } from './cause-words.js';
import { type RequestFacts } from './request-facts.js';
import { type WantedTransfer } from './request-facts.sql.js';
import { clockTime, counted, dueAt, sized } from './words.js';

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

/** How a wanted transfer stands, in one sentence. Pure. */
export function headline(facts: RequestFacts): string {
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

/** Its attempts, and every copy as a source. Pure. */
export function linesOf(facts: RequestFacts): string[] {
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
