import { execute, sql, type Sql } from '../db/index.js';
import { isMoving } from '../locks/index.js';
import { type RseId } from '../vocabulary/index.js';
import { type Candidate } from './copy-placement.js';
import { fillCopies, type Filling } from './fill-copies.js';
import {
  type Decided,
  type MoveGround,
  noneLeft,
  type Refused,
  writeMoves,
} from './move-ground.js';
import { charged, fitsShares, tooFew, weighted } from './spread-copies.js';
import { chargesOf, rankSuccessors, successors } from './successors.sql.js';

/** Where files go, each by itself. */
interface FileMoves {
  /** Rows (did_id, rule_id, target). */
  readonly files: Sql;
  /** Bytes that come to each RSE. */
  readonly charge: ReadonlyMap<RseId, bigint>;
  /** Files that do not fit. */
  readonly short: Filling['short'];
}

/** SQL chooses: for rules without constraints, as far as every RSE has room for its share. */
async function movesOfAll(
  { tx, wish }: MoveGround,
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
  { tx, wish, constraints }: MoveGround,
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

/** Decides where each file of the slice goes by itself, and writes that down. */
export async function moveFiles(ground: MoveGround): Promise<Decided> {
  const { targets, constraints } = ground;
  const open = targets.filter(({ quotaLeft }) => quotaLeft === null || quotaLeft > 0n);
  const all = constraints ? undefined : await movesOfAll(ground, open);
  const { files, charge, short } = all ?? (await movesOfEach(ground, open));
  const didIds = await writeMoves(ground, files);
  if (!all && short.length === 0) return { didIds, refused: [] };
  const left = all ? targets : charged(targets, charge);
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
  file: FileMoves['short'][number] | undefined,
): Promise<readonly Refused[]> {
  const { tx, rule, wish, constraints } = ground;
  const files = sql`SELECT l.did_id FROM (
        SELECT f.did_id, f.rule_id, ${wish.origin}::int AS rse_id FROM (${wish.files}) f) l
      WHERE NOT ${isMoving(sql`l`)}`;
  if ((await execute(tx, sql`${files} LIMIT 1`)) === 0) return [];
  const isFull = candidates.every(({ quotaLeft }) => quotaLeft !== null && quotaLeft <= 0n);
  const error =
    file || isFull
      ? tooFew({ ...rule, copies: 1 }, { candidates, constraints }, file)
      : noneLeft(ground);
  return [{ files, error }];
}
