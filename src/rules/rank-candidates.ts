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
  /** Where other copies of it are, which those chosen have to fit by the constraints. */
  readonly taken?: readonly RseId[];
}

/**
 * Why a candidate was not chosen. `surplus`: others came first. Of constraints: `distinct` and `skew`,
 * where a chosen one has the same value; `no attribute`; `needed elsewhere`, where with it the other
 * copies would have no place.
 */
export type Rejection =
  | 'no weight'
  | 'no attribute'
  | 'account limit'
  | 'RSE limit'
  | 'distinct'
  | 'skew'
  | 'needed elsewhere'
  | 'surplus';

export interface RejectedCandidate {
  readonly rseId: RseId;
  readonly reason: Rejection;
  /** Of constraints: `continent=Europe is taken by CNAF-DISK`. */
  readonly detail?: string;
}

export interface Placement {
  readonly chosen: readonly RseId[];
  /** With constraints: of each chosen RSE the part that it is for, counted from 0. */
  readonly parts?: readonly number[];
  readonly rejected: readonly RejectedCandidate[];
}

/** The candidates that may take a unit, best first, and why the others may not. */
export interface Ranking {
  readonly fit: readonly Candidate[];
  readonly rejected: readonly RejectedCandidate[];
}

/**
 * Ranks candidates: first where the rule has copies already, then where most of the unit's bytes are,
 * not where it is being deleted, then by weighted hash.
 */
export function rankCandidates(unit: PlacementUnit, candidates: readonly Candidate[]): Ranking {
  const rejected: RejectedCandidate[] = [];
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
  return { fit: fit.map(({ candidate }) => candidate), rejected };
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
