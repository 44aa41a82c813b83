import { type ClaimedRequest, compareSources, type SourceTraits } from '../../requests/index.js';
import { RseType } from '../../vocabulary/index.js';
import { failureKey, type SourceCopy, type TransferFacts } from './transfer-facts.js';

export interface RankedSources {
  /** AVAILABLE, best first. */
  readonly ready: readonly SourceCopy[];
  /** Not readable yet: being written at this moment, or away for a time. */
  readonly coming: readonly SourceCopy[];
}

/** The copies that a request may be made from, in the order of `compareSources`. Pure. */
export function rankSources(request: ClaimedRequest, facts: TransferFacts): RankedSources {
  const allowed = facts.allowedSources.get(request.id);
  const distances = facts.distances.get(request.rseId);
  const traitsOf = ({ rseId }: SourceCopy): SourceTraits => ({
    rseId,
    failures: facts.failures.get(failureKey(request, rseId)) ?? 0,
    isTape: facts.rses.get(rseId)?.type === RseType.TAPE,
    distance: distances?.get(rseId),
  });
  const ranked = (facts.sources.get(request.didId) ?? [])
    .filter(({ rseId }) => rseId !== request.rseId && (allowed?.has(rseId) ?? true))
    .toSorted((a, b) => compareSources(traitsOf(a), traitsOf(b)));
  return {
    ready: ranked.filter(({ ready }) => ready),
    coming: ranked.filter(({ ready }) => !ready),
  };
}
