import {
  InsufficientAccountLimit,
  InsufficientTargetRSEs,
  RSEOverQuota,
  type SluiceError,
} from '../errors/index.js';
import { type RseId } from '../vocabulary/index.js';
import { rendezvousScore, type WeightedRse } from './rendezvous.js';

/** A storage element that the rule's expression names and that may be written. Bytes throughout. */
export interface Candidate extends Omit<WeightedRse, 'weight'> {
  readonly name: string;
  /** Null where the rule asks for a weight that this RSE has not. */
  readonly weight: number | null;
  /** How much of the unit is there already, or on its way. */
  readonly heldBytes: bigint;
  /** Part of the unit is being deleted there. */
  readonly inDeletion: boolean;
  /** What the account may still put there; null is unlimited. */
  readonly quotaLeft: bigint | null;
  /** What the RSE's own limit leaves; null is unlimited. */
  readonly spaceLeft: bigint | null;
}

/** What stays together: a file, a dataset or all files of a rule. */
export interface PlacementUnit {
  readonly copies: number;
  readonly id: bigint;
  readonly bytes: bigint;
  /** Where the rule has copies of the unit already: they stay, best first. */
  readonly keep?: readonly RseId[];
}

/** Why a candidate was not chosen. `surplus`: others came first. */
export type Rejection = 'no weight' | 'account limit' | 'RSE limit' | 'surplus';

export interface Placement {
  readonly chosen: readonly RseId[];
  readonly rejected: readonly { readonly rseId: RseId; readonly reason: Rejection }[];
}

/**
 * Chooses where the copies of one unit go. In this order: where the rule has them already, where
 * most of the unit's bytes are, not where it is being deleted, then by weighted hash: even over many
 * units, and the same each time it is asked. Gives fewer than asked where fewer will do; see
 * `demandCopies`.
 */
export function placeCopies(unit: PlacementUnit, candidates: readonly Candidate[]): Placement {
  const rejected: { rseId: RseId; reason: Rejection }[] = [];
  const fit: { candidate: Candidate; kept: number; score: number }[] = [];
  for (const candidate of candidates) {
    const reason = rejection(unit, candidate);
    if (reason) rejected.push({ rseId: candidate.rseId, reason });
    else fit.push({ candidate, ...rankOf(unit, candidate) });
  }
  fit.sort(
    (a, b) =>
      a.kept - b.kept ||
      compare(b.candidate.heldBytes, a.candidate.heldBytes) ||
      Number(a.candidate.inDeletion) - Number(b.candidate.inDeletion) ||
      a.score - b.score ||
      a.candidate.rseId - b.candidate.rseId,
  );
  const surplus = fit.splice(unit.copies);
  return {
    chosen: fit.map(({ candidate }) => candidate.rseId),
    rejected: [
      ...rejected,
      ...surplus.map(({ candidate }) => ({
        rseId: candidate.rseId,
        reason: 'surplus' as const,
      })),
    ],
  };
}

/** A limit must leave more than the unit takes, and an empty unit needs some room too (as in Rucio). */
const tooSmall = (left: bigint | null, bytes: bigint): boolean => left !== null && left <= bytes;

function rejection(unit: PlacementUnit, candidate: Candidate): Rejection | undefined {
  if (candidate.weight === null) return 'no weight';
  if (tooSmall(candidate.quotaLeft, unit.bytes)) return 'account limit';
  const missing = unit.bytes - candidate.heldBytes;
  if (missing > 0n && tooSmall(candidate.spaceLeft, missing)) return 'RSE limit';
  return undefined;
}

function rankOf(unit: PlacementUnit, candidate: Candidate): { kept: number; score: number } {
  const at = unit.keep?.indexOf(candidate.rseId) ?? -1;
  return {
    kept: at < 0 ? Number.MAX_SAFE_INTEGER : at,
    score: rendezvousScore(unit.id, { seed: candidate.seed, weight: candidate.weight ?? 1 }),
  };
}

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

/** The placement's RSEs, or the fact that keeps it from having all copies, thrown. */
export function demandCopies(
  unit: PlacementUnit,
  candidates: readonly Candidate[],
): readonly RseId[] {
  const placement = placeCopies(unit, candidates);
  if (placement.chosen.length < unit.copies) throw shortage(unit, candidates, placement);
  return placement.chosen;
}

/** Why a placement falls short: the first reason that, with those before it, leaves too few RSEs. */
export function shortage(
  unit: PlacementUnit,
  candidates: readonly Candidate[],
  placement: Placement,
): SluiceError {
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
    const why = unweighted.length > 0 ? `; without the weight: ${unweighted.join(', ')}` : '';
    return new InsufficientTargetRSEs(
      `Target RSE set not sufficient for ${unit.copies} copies: ${candidates.length} RSEs${why}`,
      facts,
    );
  }
  if (poor.length > 0) {
    return new InsufficientAccountLimit(
      `There is insufficient quota on any of the target RSE's to fulfill the operation: ${unit.bytes} bytes do not fit on ${poor.join(', ')}`,
      { ...facts, rses: poor },
    );
  }
  return new RSEOverQuota(
    `There is insufficient space on any of the target RSE's to fulfill the operation: ${unit.bytes} bytes do not fit on ${full.join(', ')}`,
    { ...facts, rses: full },
  );
}
