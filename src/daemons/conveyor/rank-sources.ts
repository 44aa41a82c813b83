import { type ClaimedRequest } from '../../requests/index.js';
import { RseType } from '../../vocabulary/index.js';
import { failureKey, type SourceCopy, type TransferFacts } from './transfer-facts.js';

export interface RankedSources {
  /** AVAILABLE, best first. */
  readonly ready: readonly SourceCopy[];
  /** Not readable yet: being written at this moment, or away for a time. */
  readonly coming: readonly SourceCopy[];
}

/**
 * The copies that a request may be made from: those that failed least for it first, then disk before
 * tape, then the shortest distance, then the RSE's id, so that the choice is the same wherever it is
 * made. Pure.
 */
export function rankSources(request: ClaimedRequest, facts: TransferFacts): RankedSources {
  const allowed = facts.allowedSources.get(request.id);
  const distances = facts.distances.get(request.rseId);
  const cost = ({ rseId }: SourceCopy) => [
    facts.failures.get(failureKey(request, rseId)) ?? 0,
    facts.rses.get(rseId)?.type === RseType.TAPE ? 1 : 0,
    distances?.get(rseId) ?? Number.MAX_SAFE_INTEGER,
    rseId,
  ];
  const ranked = (facts.sources.get(request.didId) ?? [])
    .filter(({ rseId }) => rseId !== request.rseId && (allowed?.has(rseId) ?? true))
    .toSorted((a, b) => compare(cost(a), cost(b)));
  return {
    ready: ranked.filter(({ ready }) => ready),
    coming: ranked.filter(({ ready }) => !ready),
  };
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}
