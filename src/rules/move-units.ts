import { rows, sql, type Sql } from '../db/index.js';
import { datasetsBelow } from '../dids/index.js';
import { type SluiceError } from '../errors/index.js';
import { isOfRule } from '../locks/index.js';
import { type DidId, RuleGrouping, type RseId } from '../vocabulary/index.js';
import { placeCopies, shortage } from './copy-placement.js';
import { storePlacement } from './injection.sql.js';
import {
  type Decided,
  isStaying,
  type MoveGround,
  noneLeft,
  type Refused,
  writeMoves,
} from './move-ground.js';
import { byDataset, locksOfUnit, rsesOf } from './rule-units.js';
import { unitOf } from './slice-files.sql.js';
import { charged } from './spread-copies.js';

/** Where a unit goes, or why it stays. Rows (did_id, rule_id), and bytes of the whole unit. */
type Decision = { readonly files: Sql; readonly bytes: bigint } & (
  | { readonly target: RseId; readonly error?: undefined }
  | { readonly target: undefined; readonly error: SluiceError }
);

/** Decides where each dataset, or all files of the rule, go together, and writes that down. */
export async function moveUnits(ground: MoveGround): Promise<Decided> {
  const didIds: DidId[] = [];
  const refused: Refused[] = [];
  for (const unit of await unitsOfSlice(ground)) {
    const { files, target, error } = await decide(ground, unit);
    if (target === undefined) {
      refused.push({ files: sql`SELECT f.did_id FROM (${files}) f`, error });
    } else {
      didIds.push(...(await writeMoves(ground, movesTo(files, target))));
      await remember(ground, target);
    }
  }
  return { didIds, refused };
}

/** A unit that could go. */
export interface PlannedUnit {
  /** Rows (did_id, rule_id, target). */
  readonly files: Sql;
  readonly charge: ReadonlyMap<RseId, bigint>;
}

/** Where units could go, up to so many bytes: one that is larger than what is left stays. Writes nothing. */
export async function planUnits(ground: MoveGround, bytesMax: bigint): Promise<PlannedUnit[]> {
  const planned: PlannedUnit[] = [];
  let left = bytesMax;
  for (const unit of await unitsOfSlice(ground)) {
    const before = ground.targets;
    const { files, target, bytes } = await decide(ground, unit);
    if (target === undefined || bytes === 0n) continue;
    if (bytes > left) ground.targets = before;
    else {
      left -= bytes;
      planned.push({ files: movesTo(files, target), charge: new Map([[target, bytes]]) });
    }
  }
  return planned;
}

const movesTo = (files: Sql, target: RseId): Sql =>
  sql`SELECT f.did_id, f.rule_id, ${target}::int AS target FROM (${files}) f`;

async function unitsOfSlice({ tx, rule, wish }: MoveGround): Promise<DidId[]> {
  if (!byDataset(rule)) return [rule.didId];
  const found = await rows<{ id: DidId }>(
    tx,
    sql`SELECT DISTINCT ct.parent_id AS id FROM (${wish.files}) f
            JOIN contents ct ON ct.child_id = f.did_id
           WHERE ct.parent_id IN (SELECT b.id FROM (${datasetsBelow(rule.didId)}) b) ORDER BY 1`,
  );
  return found.map(({ id }) => id);
}

/** Where a part of the unit has gone already, or else where the whole of it fits best. */
async function decide(ground: MoveGround, unit: DidId): Promise<Decision> {
  const { tx, rule, wish, constraints } = ground;
  const { origin } = wish;
  const inUnit = (didId: Sql): Sql =>
    byDataset(rule)
      ? sql`JOIN contents ct ON ct.child_id = ${didId} WHERE ct.parent_id = ${unit}::bigint`
      : sql``;
  const files = sql`SELECT f.did_id, f.rule_id FROM (${wish.files}) f ${inUnit(sql`f.did_id`)}`;
  const others = sql`(${files}) f JOIN locks l ON l.did_id = f.did_id
      AND ${isOfRule(sql`l`, sql`${rule.id}::bigint`)} AND l.rse_id <> ${origin}::int`;
  const taken = await rsesOf(tx, others);
  const staying = constraints ? await rsesOf(tx, sql`${others} AND ${isStaying(wish)}`) : taken;
  const begun = await rsesOf(
    tx,
    sql`(SELECT m.did_id, m.target_rse_id AS rse_id FROM lock_moves m
          WHERE m.rule_id = ${rule.id}::bigint AND m.rse_id = ${origin}::int) l ${inUnit(sql`l.did_id`)}`,
  );
  const free = ground.targets.filter(({ rseId }) => !taken.includes(rseId));
  const left =
    begun.length > 0
      ? sql`SELECT f.did_id FROM (${files}) f`
      : sql`SELECT l.did_id FROM ${locksOfUnit(rule, unit)} AND l.rse_id = ${origin}::int`;
  const { bytes, candidates } = await unitOf(tx, left, free);
  const asked = { id: unit, copies: 1, bytes, keep: begun, taken: staying };
  const placement = placeCopies(asked, candidates, constraints);
  const [target] = placement.chosen;
  if (target === undefined) {
    const isNone = free.length === 0;
    const error = isNone ? noneLeft(rule) : shortage(asked, candidates, placement, constraints);
    return { files, target, bytes, error };
  }
  ground.targets = charged(ground.targets, new Map([[target, bytes]]));
  return { files, target, bytes };
}

/** New files of a rule that keeps all of them together go where these go. */
async function remember({ tx, rule, wish }: MoveGround, target: RseId): Promise<void> {
  const rses = rule.placement?.rses;
  if (rule.grouping !== RuleGrouping.ALL || !rses?.includes(wish.origin)) return;
  const next = rses.map((rseId) => (rseId === wish.origin ? target : rseId));
  await storePlacement(tx, rule.id, { rses: next });
}
