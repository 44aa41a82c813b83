import { type DidId, type RseId } from '../vocabulary/index.js';
import { type Candidate } from './copy-placement.js';
import { fittingCopies } from './place-within.js';
import { type SiteConstraints } from './site-constraints.js';

/** A file that is placed by itself. */
export interface RankedFile {
  readonly didId: DidId;
  readonly bytes: bigint;
  /** Copies that it needs. */
  readonly wanted: number;
  /** The RSEs that it may go to, best first. */
  readonly ranked: readonly RseId[];
  /** Where it has a copy, in whatever state: no more space is taken there. */
  readonly stored: readonly RseId[];
  /** Where the rule has copies of it: constraints ask that the others fit these. */
  readonly taken?: readonly RseId[];
}

export interface Filling {
  readonly copies: readonly { readonly didId: DidId; readonly rseId: RseId }[];
  /** Bytes charged at each RSE. */
  readonly charge: ReadonlyMap<RseId, bigint>;
  /** Files that do not get all their copies; they get none. */
  readonly short: readonly RankedFile[];
}

/**
 * Places files one by one within the limits of their RSEs: the largest first, which are the hardest
 * to fit, each on the best of its RSEs that have room. Pure and deterministic.
 */
export function fillCopies(
  files: readonly RankedFile[],
  candidates: readonly Candidate[],
  constraints: SiteConstraints | null = null,
): Filling {
  const left = new Map(candidates.map((candidate) => [candidate.rseId, { ...candidate }]));
  const charge = new Map<RseId, bigint>();
  const copies: { didId: DidId; rseId: RseId }[] = [];
  const short: RankedFile[] = [];
  for (const file of files.toSorted(largestFirst)) {
    const fits = file.ranked.filter((rseId) => hasRoom(left.get(rseId), file));
    const { wanted, taken = [] } = file;
    const chosen = constraints
      ? fittingCopies({ taken, wanted, order: fits }, constraints)
      : fits.slice(0, wanted);
    if (chosen.length < wanted) {
      short.push(file);
      continue;
    }
    for (const rseId of chosen) {
      const rse = left.get(rseId);
      if (rse) left.set(rseId, lessRoom(rse, file));
      charge.set(rseId, (charge.get(rseId) ?? 0n) + file.bytes);
      copies.push({ didId: file.didId, rseId });
    }
  }
  return { copies, charge, short };
}

const largestFirst = (a: RankedFile, b: RankedFile): number =>
  a.bytes === b.bytes ? (a.didId < b.didId ? -1 : 1) : a.bytes > b.bytes ? -1 : 1;

/** As `placeCopies` has it: a limit must leave more than the file takes. */
function hasRoom(rse: Candidate | undefined, { bytes, stored }: RankedFile): boolean {
  if (!rse || rse.weight === null) return false;
  if (rse.quotaLeft !== null && rse.quotaLeft <= bytes) return false;
  return rse.spaceLeft === null || stored.includes(rse.rseId) || rse.spaceLeft > bytes;
}

const lessRoom = (rse: Candidate, { bytes, stored }: RankedFile): Candidate => ({
  ...rse,
  quotaLeft: rse.quotaLeft === null ? null : rse.quotaLeft - bytes,
  spaceLeft:
    rse.spaceLeft === null || stored.includes(rse.rseId) ? rse.spaceLeft : rse.spaceLeft - bytes,
});
