import {
  InsufficientAccountLimit,
  InsufficientTargetRSEs,
  RSEOverQuota,
  type SluiceError,
} from '../errors/index.js';
import { type RseId } from '../vocabulary/index.js';
import { nameSome } from './name-some.js';
import { placeWithin } from './place-within.js';
import { shortageWithin } from './placement-shortage.js';
import {
  type Candidate,
  type Placement,
  type PlacementUnit,
  rankCandidates,
  type Rejection,
} from './rank-candidates.js';
import { type SiteConstraints } from './site-constraints.js';

export {
  type Candidate,
  type Placement,
  type PlacementUnit,
  type RejectedCandidate,
  type Rejection,
} from './rank-candidates.js';

/**
 * Chooses where the copies of one unit go. In this order: where the rule has them already, where
 * most of the unit's bytes are, not where it is being deleted, then by weighted hash: even over many
 * units, and the same each time it is asked. Gives fewer than asked where fewer will do, and with
 * constraints none where not all can be placed; see `demandCopies`.
 */
export function placeCopies(
  unit: PlacementUnit,
  candidates: readonly Candidate[],
  constraints: SiteConstraints | null = null,
): Placement {
  if (constraints) return placeWithin(unit, candidates, constraints);
  const { fit, rejected } = rankCandidates(unit, candidates, unit.copies);
  return {
    chosen: fit.slice(0, unit.copies).map(({ rseId }) => rseId),
    get rejected() {
      const surplus = fit.slice(unit.copies);
      return [...rejected, ...surplus.map(({ rseId }) => ({ rseId, reason: 'surplus' as const }))];
    },
  };
}

/** The placement's RSEs, or the fact that keeps it from having all copies, thrown. */
export function demandCopies(
  unit: PlacementUnit,
  candidates: readonly Candidate[],
  constraints: SiteConstraints | null = null,
): readonly RseId[] {
  const placement = placeCopies(unit, candidates, constraints);
  if (placement.chosen.length >= unit.copies) return placement.chosen;
  throw shortage(unit, candidates, placement, constraints);
}

/** Why a placement falls short: the first reason that, with those before it, leaves too few RSEs. */
export function shortage(
  unit: PlacementUnit,
  candidates: readonly Candidate[],
  placement: Placement,
  constraints: SiteConstraints | null = null,
): SluiceError {
  if (constraints) return shortageWithin(unit, candidates, constraints);
  const names = (reason: Rejection): string[] =>
    placement.rejected.flatMap((no) =>
      no.reason === reason
        ? candidates.filter(({ rseId }) => rseId === no.rseId).map(({ name }) => name)
        : [],
    );
  const unweighted = names('no weight');
  const poor = names('account limit');
  const full = names('RSE limit');
  const facts = { copies: unit.copies, bytes: unit.bytes };
  if (candidates.length - unweighted.length < unit.copies) {
    const why = unweighted.length > 0 ? `; without the weight: ${nameSome(unweighted)}` : '';
    return new InsufficientTargetRSEs(
      `Target RSE set not sufficient for ${unit.copies} copies: ${candidates.length} RSEs${why}`,
      facts,
    );
  }
  if (poor.length > 0) {
    return new InsufficientAccountLimit(
      `There is insufficient quota on any of the target RSE's to fulfill the operation: ${unit.bytes} bytes do not fit on ${nameSome(poor)}`,
      { ...facts, rses: poor },
    );
  }
  return new RSEOverQuota(
    `There is insufficient space on any of the target RSE's to fulfill the operation: ${unit.bytes} bytes do not fit on ${nameSome(full)}`,
    { ...facts, rses: full },
  );
}
