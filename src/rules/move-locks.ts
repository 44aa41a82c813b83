import { one, ring, sql, type Sql, type Tx } from '../db/index.js';
import { followMoves, releaseTheseLocks } from '../locks/index.js';
import { Channel, type DidId, RuleGrouping } from '../vocabulary/index.js';
import { storePlacement } from './injection.sql.js';
import { release } from './release-locks.js';
import { type JudgeTerms, type Rule } from './rule.js';
import { alone } from './rule-units.js';
import { type Sites } from './sites.js';
import { placeSlice } from './slice.sql.js';
import { theseCopies } from './spread.sql.js';
import { type MoveTerms, rested, tiredLocks } from './tired-locks.js';
import { type Move, movesOfFiles, movesOfUnit, type Targets, unitsOf } from './tired-moves.js';

/**
 * Moves the locks of a rule that are due and tired to other RSEs of its expression: those that
 * failed too often, and those whose RSE cannot be written or is not one of the expression's any
 * more. What stays together moves together: a unit leaves an RSE with all its locks, and only where
 * no more than half of it has arrived. At most `sliceLocks` locks; gives how many.
 */
export async function moveTiredLocks(
  tx: Tx,
  rule: Rule,
  sites: Sites,
  terms: MoveTerms,
): Promise<number> {
  const targets = sites.candidates.filter(({ rseId }) => !sites.unwritable.includes(rseId));
  const tired = await tiredLocks(tx, rule, targets, terms);
  if (tired.length === 0) return 0;
  const { constraints } = sites;
  const open: Targets = { targets: await rested(tx, tired, targets, terms), constraints };
  if (alone(rule))
    return await carryOut(tx, rule, sites, await movesOfFiles(tx, rule, tired, open), terms);
  let moved = 0;
  for (const { unit, origin } of await unitsOf(tx, rule, tired)) {
    const limit = terms.sliceLocks - moved;
    if (limit <= 0) break;
    const moves = await movesOfUnit(tx, rule, { unit, origin, limit }, open);
    moved += await carryOut(tx, rule, sites, moves, terms);
    if (moves[0]) await rememberMove(tx, rule, moves[0]);
  }
  return moved;
}

/** Nobody asked for the end of what was protected at the old RSE: it may be the source. */
async function carryOut(
  tx: Tx,
  rule: Rule,
  sites: Sites,
  moves: readonly Move[],
  terms: JudgeTerms,
): Promise<number> {
  if (moves.length === 0) return 0;
  const didIds = moves.map(({ didId }) => didId);
  const gone = releaseTheseLocks(
    sql`SELECT m.did_id, m.rse_id, ${rule.id}::bigint AS rule_id
          FROM unnest(${didIds}::bigint[], ${moves.map(({ origin }) => origin)}::int[]) m(did_id, rse_id)`,
  );
  const held = { accountId: rule.accountId, purge: rule.purgeReplicas };
  await release(tx, held, gone, { ...terms, guard: 'repair' });
  await followMoves(tx, rule.id, moves);
  const copies = moves.map(({ didId, target }) => ({ didId, rseId: target }));
  const tally = await placeSlice(
    tx,
    { rule, sites, files: filesById(didIds), copies: theseCopies(copies) },
    terms,
  );
  if (tally.queued > 0) await ring(tx, Channel.REQUESTS);
  return tally.locks;
}

/** Rows (did_id, bytes) of these files. */
const filesById = (ids: readonly DidId[]): Sql =>
  sql`SELECT d.id AS did_id, coalesce(d.bytes, 0) AS bytes FROM dids d WHERE d.id = ANY (${ids}::bigint[])`;

/** New files of a rule that keeps all of them together follow the ones that moved. */
async function rememberMove(tx: Tx, rule: Rule, { origin, target }: Move): Promise<void> {
  const rses = rule.placement?.rses;
  if (rule.grouping !== RuleGrouping.ALL || !rses?.includes(origin)) return;
  const stays = await one(
    tx,
    sql`SELECT 1 AS one FROM locks WHERE rule_id = ${rule.id} AND rse_id = ${origin}::int LIMIT 1`,
  );
  if (stays) return;
  await storePlacement(tx, rule.id, {
    rses: rses.map((rseId) => (rseId === origin ? target : rseId)),
  });
}
