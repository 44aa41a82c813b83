import { lit, one, ring, rows, sql, type Sql, type Tx } from '../db/index.js';
import { datasetsBelow } from '../dids/index.js';
import { followMoves, isMoving, isOfRule, lacksSource, releaseTheseLocks } from '../locks/index.js';
import { failedDestinations } from '../requests/index.js';
import { Channel, type DidId, LockState, RuleGrouping, type RseId } from '../vocabulary/index.js';
import { type Candidate, placeCopies } from './copy-placement.js';
import { isLeaving } from './drift.sql.js';
import { fillCopies } from './fill-copies.js';
import { release } from './remove-rules.js';
import { type JudgeTerms, type Rule } from './rule.js';
import { storePlacement } from './injection.sql.js';
import { alone, byDataset, locksOfUnit, rsesOf } from './rule-units.js';
import { type SiteConstraints } from './site-constraints.js';
import { type Sites } from './sites.js';
import { unitOf } from './slice-files.sql.js';
import { placeSlice } from './slice.sql.js';
import { weighted } from './spread-copies.js';
import { rankFiles, theseCopies } from './spread.sql.js';

export interface MoveTerms extends JudgeTerms {
  /** A lock that failed so often moves to another RSE, if the expression has one. */
  readonly moveAfterAttempts: number;
  /** Tired locks do not wait for their next try, and go nowhere where they have just failed. */
  readonly moveAtOnce?: boolean;
}

/** A lock that is to be given up at one RSE for another. */
interface Move {
  readonly didId: DidId;
  readonly origin: RseId;
  readonly target: RseId;
}

/** Where locks may move to, and what those that stay ask of it. */
interface Targets {
  readonly targets: readonly Candidate[];
  readonly constraints: SiteConstraints | null;
}

interface TiredLock {
  readonly didId: DidId;
  readonly rseId: RseId;
}

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

/** Condition on stuck lock `s` and lock `l` of it. */
const isStuck = (rule: Rule): Sql => sql`
  l.did_id = s.did_id AND l.rse_id = s.rse_id AND ${isOfRule(sql`l`, sql`s.rule_id`)}
  AND s.rule_id = ${rule.id} AND l.state = ${lit(LockState.STUCK)}`;

/** The same, and its time has come. */
export const isDue = (rule: Rule, now: Date): Sql =>
  sql`${isStuck(rule)} AND s.next_try_at <= ${now}::timestamptz`;

/**
 * A lock without any source is no better off elsewhere; one that is on the move, or at an RSE that its
 * rule is leaving, is replaced before it goes.
 */
const tiredLocks = (
  tx: Tx,
  rule: Rule,
  targets: readonly Candidate[],
  terms: MoveTerms,
): Promise<TiredLock[]> =>
  rows<TiredLock>(
    tx,
    sql`SELECT s.did_id AS "didId", s.rse_id AS "rseId" FROM stuck_locks s, locks l
         WHERE ${terms.moveAtOnce ? isStuck(rule) : isDue(rule, terms.now)} AND NOT ${isMoving(sql`l`)}
           AND (s.rse_id <> ALL (${targets.map(({ rseId }) => rseId)}::int[])
                OR s.attempts >= ${terms.moveAfterAttempts}::int AND NOT ${lacksSource})
           AND NOT ${isLeaving(sql`s`)}
         ORDER BY s.did_id, s.rse_id LIMIT ${lit(terms.sliceLocks)}`,
  );

/** Where locks that move at once may go: not to and fro between RSEs that have both just failed. */
async function rested(
  tx: Tx,
  tired: readonly TiredLock[],
  targets: readonly Candidate[],
  terms: MoveTerms,
): Promise<readonly Candidate[]> {
  if (!terms.moveAtOnce) return targets;
  const since = new Date(terms.now.getTime() - terms.lockRetrySeconds * 1000);
  const files = [...new Set(tired.map(({ didId }) => didId))];
  const failed = await failedDestinations(tx, files, since);
  return targets.filter(({ rseId }) => !failed.includes(rseId));
}

/** Each file for itself, on the best RSE that has room and not yet a lock of the rule on it. */
async function movesOfFiles(
  tx: Tx,
  rule: Rule,
  tired: readonly TiredLock[],
  { targets, constraints }: Targets,
): Promise<Move[]> {
  const origins = new Map(tired.map((lock) => [lock.didId, lock.rseId]));
  const ids = [...origins.keys()];
  const files = sql`SELECT d.id AS did_id, coalesce(d.bytes, 0) AS bytes FROM dids d WHERE d.id = ANY (${ids}::bigint[])`;
  // As if each file had one copy more to get.
  const wish = { id: rule.id, copies: rule.copies + 1 };
  const ranked = await rankFiles(tx, wish, files, weighted(targets));
  const { copies } = fillCopies(
    ranked.map((file) => {
      const staying = file.taken?.filter((rseId) => rseId !== origins.get(file.didId)) ?? [];
      return { ...file, wanted: 1, taken: staying };
    }),
    targets,
    constraints,
  );
  return copies.flatMap(({ didId, rseId: target }) => {
    const origin = origins.get(didId);
    return origin === undefined ? [] : [{ didId, origin, target }];
  });
}

interface TiredUnit {
  readonly unit: DidId;
  readonly origin: RseId;
}

/** The units of tired locks: the rule's DID or, where datasets stay together each by itself, these. */
async function unitsOf(tx: Tx, rule: Rule, tired: readonly TiredLock[]): Promise<TiredUnit[]> {
  if (!byDataset(rule)) {
    const origins = new Set(tired.map(({ rseId }) => rseId));
    return [...origins].map((origin) => ({ unit: rule.didId, origin }));
  }
  return await rows<TiredUnit>(
    tx,
    sql`SELECT DISTINCT ct.parent_id AS unit, t.rse_id AS origin
          FROM unnest(${tired.map(({ didId }) => didId)}::bigint[],
                      ${tired.map(({ rseId }) => rseId)}::int[]) t(did_id, rse_id)
          JOIN contents ct ON ct.child_id = t.did_id
         WHERE ct.parent_id IN (SELECT b.id FROM (${datasetsBelow(rule.didId)}) b)
         ORDER BY 1, 2`,
  );
}

/** A slice of a unit, what has arrived first: while tired locks are left, the next slice will come. */
async function movesOfUnit(
  tx: Tx,
  rule: Rule,
  { unit, origin, limit }: TiredUnit & { readonly limit: number },
  { targets, constraints }: Targets,
): Promise<Move[]> {
  const here = sql`${locksOfUnit(rule, unit)} AND l.rse_id = ${origin}::int`;
  const arrived = await one<{ most: boolean | null }>(
    tx,
    sql`SELECT 2 * count(*) FILTER (WHERE l.state = ${lit(LockState.OK)}) > count(*) AS most FROM ${here}`,
  );
  if (arrived?.most !== false) return [];
  const files = sql`SELECT l.did_id FROM ${here}`;
  const taken = await rsesOf(
    tx,
    sql`locks l WHERE ${isOfRule(sql`l`, sql`${rule.id}::bigint`)} AND l.did_id IN (${files})`,
  );
  const free = targets.filter(({ rseId }) => !taken.includes(rseId));
  const begun = (await rsesOf(tx, locksOfUnit(rule, unit))).filter(
    (rseId) => !taken.includes(rseId),
  );
  const { bytes, candidates } = await unitOf(tx, files, free);
  const staying = taken.filter((rseId) => rseId !== origin);
  const wish = { id: unit, copies: 1, bytes, keep: begun, taken: staying };
  const [target] = placeCopies(wish, candidates, constraints).chosen;
  if (target === undefined) return [];
  const found = await rows<{ didId: DidId }>(
    tx,
    sql`SELECT l.did_id AS "didId" FROM ${here}
         ORDER BY l.state <> ${lit(LockState.OK)}, l.did_id LIMIT ${lit(limit)}`,
  );
  return found.map(({ didId }) => ({ didId, origin, target }));
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
  const held = { id: rule.id, accountId: rule.accountId, purge: rule.purgeReplicas };
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
