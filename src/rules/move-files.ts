import { execute, sql, type Sql } from '../db/index.js';
import { isMoving } from '../locks/index.js';
import { type SluiceError } from '../errors/index.js';
import { type RseId } from '../vocabulary/index.js';
import { type Candidate } from './copy-placement.js';
import { fillCopies, type RankedFile } from './fill-copies.js';
import {
  type Decided,
  type HandOver,
  type MoveGround,
  noneLeft,
  type Refused,
  writeMoves,
} from './move-ground.js';
import { type Rule } from './rule.js';
import { charged, fitsShares, tooFew, weighted } from './spread-copies.js';
import { chargesOf, rankSuccessors, successors } from './successors.sql.js';

/** Where files go, each by itself. */
interface FileMoves {
  /** Rows (did_id, rule_id, target). */
  readonly files: Sql;
  /** Bytes that come to each RSE. */
  readonly charge: ReadonlyMap<RseId, bigint>;
  /** Files that do not fit. */
  readonly short: readonly RankedFile[];
}

/** What the moves of single files are decided on. */
type FileGround = Pick<MoveGround, 'tx' | 'constraints' | 'targets'> & {
  readonly wish: HandOver;
};

/** SQL chooses: for rules without constraints, as far as every RSE has room for its share. */
async function movesOfAll(
  { tx, wish }: FileGround,
  targets: readonly Candidate[],
): Promise<FileMoves | undefined> {
  const chosen = successors(wish.files, weighted(targets));
  const charge = await chargesOf(tx, chosen);
  if (!fitsShares(targets, charge)) return undefined;
  const files = sql`SELECT c.did_id, c.rule_id, c.rse_id AS target FROM (${chosen}) c`;
  return { files, charge, short: [] };
}

/** We choose, file by file. */
async function movesOfEach(
  { tx, wish, constraints }: FileGround,
  targets: readonly Candidate[],
): Promise<FileMoves> {
  const ranked = await rankSuccessors(tx, wish, weighted(targets));
  const { copies, charge, short } = fillCopies(ranked, targets, constraints);
  const files = sql`
      SELECT c.did_id, f.rule_id, c.target
        FROM unnest(${copies.map(({ didId }) => didId)}::bigint[],
                    ${copies.map(({ rseId }) => rseId)}::int[]) AS c(did_id, target)
        JOIN (${wish.files}) f ON f.did_id = c.did_id`;
  return { files, charge, short };
}

/** Where files go, each by itself, as far as there is room. Writes nothing. */
export async function chooseFiles(
  ground: FileGround,
): Promise<FileMoves & { readonly isShared: boolean }> {
  const open = ground.targets.filter(({ quotaLeft }) => quotaLeft === null || quotaLeft > 0n);
  const all = ground.constraints ? undefined : await movesOfAll(ground, open);
  return { ...(all ?? (await movesOfEach(ground, open))), isShared: all !== undefined };
}

/** Decides where each file of the slice goes by itself, and writes that down. */
export async function moveFiles(ground: MoveGround): Promise<Decided> {
  const { files, charge, short, isShared } = await chooseFiles(ground);
  const didIds = await writeMoves(ground, files);
  if (!isShared && short.length === 0) return { didIds, refused: [] };
  const left = isShared ? ground.targets : charged(ground.targets, charge);
  return { didIds, refused: await refusedRest(ground, left, short[0]) };
}

/** Where the files could go: all of the slice or none. Writes nothing. */
export async function planFiles(ground: MoveGround): Promise<FileMoves | undefined> {
  const { targets, constraints } = ground;
  const moves = constraints
    ? await movesOfEach(ground, targets)
    : await movesOfAll(ground, targets);
  return moves && moves.charge.size > 0 && moves.short.length === 0 ? moves : undefined;
}

/** Files of the slice for which there was no place. */
async function refusedRest(
  ground: MoveGround,
  candidates: readonly Candidate[],
  file: RankedFile | undefined,
): Promise<readonly Refused[]> {
  const { tx, rule, wish, constraints } = ground;
  const files = sql`SELECT l.did_id FROM (
        SELECT f.did_id, f.rule_id, ${wish.origin}::int AS rse_id FROM (${wish.files}) f) l
      WHERE NOT ${isMoving(sql`l`)}`;
  if ((await execute(tx, sql`${files} LIMIT 1`)) === 0) return [];
  return [{ files, error: whyLeft(rule, { candidates, constraints }, file) }];
}

/** Why a file has to stay where it is, or any: no candidate has so much room, or none is left. */
export function whyLeft(
  rule: Pick<Rule, 'id' | 'copies' | 'rseExpression'> & { readonly uid?: string },
  {
    candidates,
    constraints,
  }: Pick<MoveGround, 'constraints'> & {
    readonly candidates: readonly Candidate[];
  },
  file: RankedFile | undefined,
): SluiceError {
  const isFull = candidates.every(({ quotaLeft }) => quotaLeft !== null && quotaLeft <= 0n);
  return file || isFull
    ? tooFew({ ...rule, copies: 1 }, { candidates, constraints }, file)
    : noneLeft(rule);
}
