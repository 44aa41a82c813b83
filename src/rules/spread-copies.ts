import { type Sql, type Tx } from '../db/index.js';
import { type SluiceError } from '../errors/index.js';
import { type RseId } from '../vocabulary/index.js';
import { type Candidate, shortage } from './copy-placement.js';
import { fillCopies, type RankedFile } from './fill-copies.js';
import { shortageWithin } from './placement-shortage.js';
import { type WeightedRse } from './rendezvous.js';
import { type Rule } from './rule.js';
import { type Sites } from './sites.js';
import { chargeOf, ownCopies, rankFiles, theseCopies } from './spread.sql.js';

/** SQL that gives the copies of files placed by themselves, and the bytes charged at each RSE. */
export interface Spread {
  readonly copies: Sql;
  readonly charge: ReadonlyMap<RseId, bigint>;
}

/**
 * Chooses RSEs for each file of a slice by itself. Where the limits leave room for every RSE's share
 * the choice is SQL's and no row leaves the database; where one share would not fit, the slice's
 * files are placed one by one, so that an RSE is used as far as it has room.
 * Throws InsufficientTargetRSEs, InsufficientAccountLimit, RSEOverQuota.
 */
export async function spreadCopies(
  tx: Tx,
  rule: Pick<Rule, 'id' | 'copies'>,
  files: Sql,
  { candidates, constraints }: Pick<Sites, 'candidates' | 'constraints'>,
): Promise<Spread> {
  if (constraints) return await fillWithin(tx, rule, files, { candidates, constraints });
  const open = candidates.filter(({ quotaLeft }) => quotaLeft === null || quotaLeft > 0n);
  const rses = weighted(open);
  if (rses.length < rule.copies) throw tooFew(rule, { candidates, constraints });
  const copies = ownCopies(rule.id, rses, rule.copies);
  if (open.every(isUnlimited)) return { copies, charge: new Map() };
  const charge = await chargeOf(tx, files, copies);
  if (fitsShares(open, charge)) return { copies, charge };
  const filling = fillCopies(await rankFiles(tx, rule, files, rses), open);
  const [unfit] = filling.short;
  if (unfit) {
    throw tooFew(rule, { candidates: charged(candidates, filling.charge), constraints }, unfit);
  }
  return { copies: theseCopies(filling.copies), charge: filling.charge };
}

/** File by file: what one may have depends on what it has. */
async function fillWithin(
  tx: Tx,
  rule: Pick<Rule, 'id' | 'copies'>,
  files: Sql,
  { candidates, constraints }: Pick<Sites, 'candidates' | 'constraints'>,
): Promise<Spread> {
  const ranked = await rankFiles(tx, rule, files, weighted(candidates));
  const { copies, charge, short } = fillCopies(ranked, candidates, constraints);
  if (short[0])
    throw tooFew(rule, { candidates: charged(candidates, charge), constraints }, short[0]);
  return { copies: theseCopies(copies), charge };
}

/** The candidates that have the weight that the rule asks for. */
export const weighted = (candidates: readonly Candidate[]): WeightedRse[] =>
  candidates.flatMap(({ rseId, seed, weight }) =>
    weight === null ? [] : [{ rseId, seed, weight }],
  );

/** Candidates after so many bytes were charged at them. */
export const charged = (
  candidates: readonly Candidate[],
  bytes: ReadonlyMap<RseId, bigint>,
): readonly Candidate[] =>
  candidates.map((candidate) => {
    const more = bytes.get(candidate.rseId) ?? 0n;
    const less = (left: bigint | null) => (left === null ? null : left - more);
    return {
      ...candidate,
      quotaLeft: less(candidate.quotaLeft),
      spaceLeft: less(candidate.spaceLeft),
    };
  });

const isUnlimited = ({ quotaLeft, spaceLeft, weight }: Candidate): boolean =>
  weight === null || (quotaLeft === null && spaceLeft === null);

/** Whether the limits leave room for what each RSE would get. */
export const fitsShares = (
  candidates: readonly Candidate[],
  charge: ReadonlyMap<RseId, bigint>,
): boolean => candidates.every((candidate) => fitsShare(candidate, charge));

function fitsShare(candidate: Candidate, charge: ReadonlyMap<RseId, bigint>): boolean {
  const share = charge.get(candidate.rseId);
  const room = (left: bigint | null) => left === null || share === undefined || left > share;
  return room(candidate.quotaLeft) && room(candidate.spaceLeft);
}

/** Why a file, or any, does not get its copies from candidates with so much room. */
export function tooFew(
  rule: Pick<Rule, 'id' | 'copies'>,
  { candidates, constraints }: Pick<Sites, 'candidates' | 'constraints'>,
  file?: RankedFile,
): SluiceError {
  const bytes = file?.bytes ?? 0n;
  const unit = { id: rule.id, copies: rule.copies, bytes };
  if (constraints) {
    const there = (rseId: RseId) => (file?.stored.includes(rseId) ? bytes : 0n);
    const seen = candidates.map((it) => ({ ...it, heldBytes: there(it.rseId) }));
    return shortageWithin({ ...unit, taken: file?.taken ?? [] }, seen, constraints);
  }
  return shortage(unit, candidates, {
    chosen: [],
    rejected: candidates.map((candidate) => ({
      rseId: candidate.rseId,
      reason: reasonOf(candidate, bytes),
    })),
  });
}

function reasonOf({ weight, quotaLeft, spaceLeft }: Candidate, bytes: bigint) {
  if (weight === null) return 'no weight' as const;
  if (quotaLeft !== null && quotaLeft <= bytes) return 'account limit' as const;
  if (spaceLeft !== null && spaceLeft <= bytes) return 'RSE limit' as const;
  return 'surplus' as const;
}
