import { type RseId } from '../vocabulary/index.js';
import { scoresOf, type WeightedRse } from './rendezvous.js';

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
  /** Worked out when it is read, each time: who only places never asks. */
  readonly rejected: readonly RejectedCandidate[];
}

/** The candidates that may take a unit, best first, and why the others may not. */
export interface Ranking {
  readonly fit: readonly Candidate[];
  readonly rejected: readonly RejectedCandidate[];
}

/**
 * Ranks candidates: first where the rule has copies already, then where most of the unit's bytes are,
 * not where it is being deleted, then by weighted hash. Who looks at the first few only says how many: those
 * behind them stand in no order.
 */
export function rankCandidates(
  unit: PlacementUnit,
  candidates: readonly Candidate[],
  few: number = candidates.length,
): Ranking {
  const { keep = [] } = unit;
  const scoreOf = scoresOf(unit.id);
  const rejected: RejectedCandidate[] = [];
  const first: Ranked[] = [];
  const share: Ranked[] = [];
  const last: Ranked[] = [];
  for (const candidate of candidates) {
    const { rseId, seed, weight } = candidate;
    const reason = rejection(unit, candidate);
    if (reason) rejected.push({ rseId, reason });
    else {
      const score = scoreOf(seed, weight ?? 1);
      if (candidate.heldBytes !== 0n || keep.includes(rseId)) first.push({ candidate, score });
      else if (candidate.inDeletion) last.push({ candidate, score });
      else share.push({ candidate, score });
    }
  }
  first.sort(byPossession(keep));
  last.sort(byScore);
  const fit = [...first, ...bestFirst(share, few), ...last];
  return { fit: fit.map(({ candidate }) => candidate), rejected };
}

interface Ranked {
  readonly candidate: Candidate;
  readonly score: number;
}

const byScore = (a: Ranked, b: Ranked): number =>
  a.score - b.score || a.candidate.rseId - b.candidate.rseId;

/** More of them are sorted faster all together. */
const FEW_MAX = 100;

/** The best few in their order, then the others. To sort a thousand costs more than all else here. */
function bestFirst(some: readonly Ranked[], few: number): readonly Ranked[] {
  if (few >= some.length || few > FEW_MAX) return some.toSorted(byScore);
  const best: Ranked[] = [];
  const others: Ranked[] = [];
  for (const one of some) {
    let at = best.length;
    for (let other = best[at - 1]; other && byScore(one, other) < 0; other = best[at - 1]) at--;
    if (at < few) best.splice(at, 0, one);
    else others.push(one);
    if (best.length > few) others.push(...best.splice(few));
  }
  return [...best, ...others];
}

/** Those that have something of the unit are few, and all else that is asked of them is asked here. */
function byPossession(keep: readonly RseId[]): (a: Ranked, b: Ranked) => number {
  const keptAt = ({ candidate }: Ranked): number => {
    const at = keep.indexOf(candidate.rseId);
    return at < 0 ? keep.length : at;
  };
  return (a, b) =>
    keptAt(a) - keptAt(b) ||
    compare(b.candidate.heldBytes, a.candidate.heldBytes) ||
    Number(a.candidate.inDeletion) - Number(b.candidate.inDeletion) ||
    byScore(a, b);
}

/** A limit must leave more than the unit takes, and an empty unit needs some room too (as in Rucio). */
const tooSmall = (left: bigint | null, bytes: bigint): boolean => left !== null && left <= bytes;

function rejection(unit: PlacementUnit, candidate: Candidate): Rejection | undefined {
  if (candidate.weight === null) return 'no weight';
  if (tooSmall(candidate.quotaLeft, unit.bytes)) return 'account limit';
  if (candidate.spaceLeft === null) return undefined;
  const missing = unit.bytes - candidate.heldBytes;
  return missing > 0n && tooSmall(candidate.spaceLeft, missing) ? 'RSE limit' : undefined;
}

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
