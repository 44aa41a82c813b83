import { lit, ring, rows, sql, type Sql, type Tx } from '../db/index.js';
import { datasetsBelow } from '../dids/index.js';
import { SluiceError } from '../errors/index.js';
import { isOfRule, releaseTheseLocks } from '../locks/index.js';
import {
  Channel,
  type DidId,
  DidType,
  LockState,
  RuleGrouping,
  type RseId,
} from '../vocabulary/index.js';
import { placesOf } from './complete-rule.js';
import { demandCopies } from './copy-placement.js';
import { countDrift, driftsOf, isToReplace, postponeDrift } from './drift.sql.js';
import { fillCopies } from './fill-copies.js';
import { type DriftTerms } from './find-drift.js';
import { storePlacement } from './injection.sql.js';
import { byDataset, filesById, locksOfUnit, rsesOf } from './move-locks.js';
import { release } from './remove-rules.js';
import { type JudgeTerms, type Rule } from './rule.js';
import { selectRules } from './rule.sql.js';
import { findSites, type Sites } from './sites.js';
import { unitOf } from './slice-files.sql.js';
import { placeSlice } from './slice.sql.js';
import { charged, tooFew, weighted } from './spread-copies.js';
import { rankFiles, theseCopies } from './spread.sql.js';

/** What one pass over a rule's drifted copies came to. */
export interface Replacement {
  /** Locks made where the expression leads now. */
  readonly placed: number;
  /** Locks let go where it does not any more. */
  readonly released: number;
}

/** The rule that is worked on, and the RSEs that it has drifted from. */
interface Work {
  readonly rule: Rule;
  readonly drifted: readonly RseId[];
}

/**
 * Places the drifted copies of one rule anew, whose policy says so: first locks are made where the
 * expression leads now, and only where all of a file's new ones are OK its old ones are let go. So the
 * rule never has fewer good copies than it asks for. At most about `sliceLocks` locks made and as many
 * released. What stays together goes together. Undefined where nothing is due.
 */
export async function replaceDriftedNext(
  tx: Tx,
  terms: JudgeTerms & DriftTerms,
): Promise<Replacement | undefined> {
  const [rule] = await selectRules(tx, { where: isToReplace(terms.now), limit: 1, hold: 'skip' });
  if (!rule) return undefined;
  const drifts = await driftsOf(tx, [rule.id]);
  const work = { rule, drifted: drifts.map(({ rseId }) => rseId) };
  const { placed, error } = await placeElsewhere(tx, work, terms);
  const released = await letGo(tx, work, terms);
  const full = placed >= terms.sliceLocks || released >= terms.sliceLocks;
  const wait = error === null ? terms.driftCheckSeconds : terms.lockRetrySeconds;
  const next = full ? terms.now : new Date(terms.now.getTime() + wait * 1000);
  await countDrift(tx, drifts, { now: terms.now, next });
  await postponeDrift(tx, rule.id, { next, error });
  if (released > 0) await rememberPlaces(tx, work);
  return { placed, released };
}

/** A fact about placing is why the copies stay where they are, with all that was placed before it. */
async function placeElsewhere(
  tx: Tx,
  work: Work,
  terms: JudgeTerms,
): Promise<{ readonly placed: number; readonly error: string | null }> {
  let placed = 0;
  try {
    const sites = await findSites(tx, work.rule);
    const open = sites.candidates.filter(({ rseId }) => !sites.unwritable.includes(rseId));
    for (const unit of await unitsToPlace(tx, work, terms.sliceLocks)) {
      const copies = await copiesOfUnit(tx, work, unit, { ...sites, candidates: open });
      placed += await carryOut(tx, work.rule, sites, copies, terms);
    }
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return { placed, error: error.message };
  }
  return { placed, error: null };
}

/** Files that stay together and lack locks where the expression leads; null is each for itself. */
interface UnitToPlace {
  readonly unit: DidId | null;
  readonly files: readonly LackingFile[];
}

interface LackingFile {
  readonly didId: DidId;
  readonly missing: number;
}

/** Locks of the rule on file `n` that are where its expression leads. */
const locksInside = ({ rule, drifted }: Work): Sql => sql`
  locks o WHERE o.did_id = n.did_id AND ${isOfRule(sql`o`, sql`${rule.id}::bigint`)}
    AND o.rse_id <> ALL (${[...drifted]}::int[])`;

/** Locks of the rule at the RSEs that it has drifted from: n. */
const locksOutside = ({ rule, drifted }: Work): Sql => sql`
  (SELECT l.did_id, l.rse_id, l.rule_id FROM locks l
    WHERE l.rule_id = ${rule.id}::bigint AND l.rse_id = ANY (${[...drifted]}::int[])) n`;

async function unitsToPlace(tx: Tx, work: Work, limit: number): Promise<UnitToPlace[]> {
  const { rule } = work;
  const found = await rows<LackingFile & { unit: DidId | null }>(
    tx,
    sql`SELECT DISTINCT w.did_id AS "didId", w.missing::int AS missing, ${unitColumn(rule)} AS unit
          FROM (SELECT n.did_id, ${placesOf(rule)} - (SELECT count(*) FROM ${locksInside(work)}) AS missing
                  FROM (SELECT DISTINCT n.did_id FROM ${locksOutside(work)}) n) w
          ${byDataset(rule) ? sql`JOIN contents ct ON ct.child_id = w.did_id` : sql``}
         WHERE w.missing > 0
           ${byDataset(rule) ? sql`AND ct.parent_id IN (SELECT b.id FROM (${datasetsBelow(rule.didId)}) b)` : sql``}
         ORDER BY unit, "didId" LIMIT ${lit(limit)}`,
  );
  const units = new Map<DidId | null, LackingFile[]>();
  for (const { unit, ...file } of found) {
    const files = units.get(unit);
    if (files) files.push(file);
    else units.set(unit, [file]);
  }
  return [...units].map(([unit, files]) => ({ unit, files }));
}

const unitColumn = (rule: Rule): Sql => {
  if (byDataset(rule)) return sql`ct.parent_id`;
  const alone = rule.grouping === RuleGrouping.NONE || rule.didType === DidType.FILE;
  return alone ? sql`NULL::bigint` : sql`${rule.didId}::bigint`;
};

/** Where copies may go now. */
type Open = Pick<Sites, 'candidates' | 'constraints'>;

type Copies = readonly { readonly didId: DidId; readonly rseId: RseId }[];

/** Where the copies go. Throws InsufficientTargetRSEs, InsufficientAccountLimit, RSEOverQuota. */
async function copiesOfUnit(
  tx: Tx,
  work: Work,
  { unit, files }: UnitToPlace,
  { candidates: open, constraints }: Open,
): Promise<Copies> {
  const { rule } = work;
  const ids = files.map(({ didId }) => didId);
  if (unit === null) return await copiesOfEach(tx, rule, files, { candidates: open, constraints });
  const these = sql`SELECT f.did_id FROM unnest(${ids}::bigint[]) f(did_id)`;
  const taken = await rsesOf(
    tx,
    sql`locks l WHERE ${isOfRule(sql`l`, sql`${rule.id}::bigint`)} AND l.did_id IN (${these})`,
  );
  const free = open.filter(({ rseId }) => !taken.includes(rseId));
  const begun = (await rsesOf(tx, locksOfUnit(rule, unit))).filter((id) => !taken.includes(id));
  const { bytes, candidates } = await unitOf(tx, these, free);
  const wish = { id: unit, copies: 1, bytes, keep: begun, taken };
  const [target] = demandCopies(wish, candidates, constraints);
  return target === undefined ? [] : ids.map((didId) => ({ didId, rseId: target }));
}

/** Each file for itself, on the best RSEs that have room and no lock of the rule on it. */
async function copiesOfEach(
  tx: Tx,
  rule: Rule,
  files: readonly LackingFile[],
  { candidates: open, constraints }: Open,
): Promise<Copies> {
  const missing = new Map(files.map((file) => [file.didId, file.missing]));
  // As if each file had as many copies more to get as it could lack.
  const wish = { id: rule.id, copies: 2 * rule.copies };
  const ranked = await rankFiles(tx, wish, filesById([...missing.keys()]), weighted(open));
  const wanted = ranked.map((file) => ({ ...file, wanted: missing.get(file.didId) ?? 0 }));
  const { copies, charge, short } = fillCopies(wanted, open, constraints);
  if (copies.length === 0 && short[0]) {
    throw tooFew(rule, { candidates: charged(open, charge), constraints }, short[0]);
  }
  return copies;
}

async function carryOut(
  tx: Tx,
  rule: Rule,
  sites: Sites,
  copies: Copies,
  terms: JudgeTerms,
): Promise<number> {
  if (copies.length === 0) return 0;
  const files = filesById([...new Set(copies.map(({ didId }) => didId))]);
  const tally = await placeSlice(tx, { rule, sites, files, copies: theseCopies(copies) }, terms);
  if (tally.queued > 0) await ring(tx, Channel.REQUESTS);
  return tally.locks;
}

/** Old locks of files that have all their new ones, all OK. Nobody asked for the end of the copies. */
async function letGo(tx: Tx, work: Work, terms: JudgeTerms): Promise<number> {
  const { rule } = work;
  const settled = sql`
    SELECT n.did_id, n.rse_id, n.rule_id FROM ${locksOutside(work)}
     CROSS JOIN LATERAL (
       SELECT count(*) AS locks, bool_and(o.state = ${lit(LockState.OK)}) AS good FROM ${locksInside(work)}) inside
     WHERE inside.good AND inside.locks >= ${placesOf(rule)}
     LIMIT ${lit(terms.sliceLocks)}`;
  const held = { id: rule.id, accountId: rule.accountId, purge: rule.purgeReplicas };
  const gone = releaseTheseLocks(settled);
  const released = await release(tx, held, gone, { ...terms, guard: 'drift' });
  if (released > 0) await ring(tx, Channel.DELETION);
  return released;
}

/** New files of a rule that keeps all of them together follow the ones that were placed anew. */
async function rememberPlaces(tx: Tx, { rule, drifted }: Work): Promise<void> {
  const rses = rule.placement?.rses;
  if (rule.grouping !== RuleGrouping.ALL || !rses?.some((id) => drifted.includes(id))) return;
  const left = await rsesOf(tx, locksOfUnit(rule, rule.didId));
  if (left.some((id) => drifted.includes(id))) return;
  await storePlacement(tx, rule.id, { rses: left.slice(0, rule.copies) });
}
