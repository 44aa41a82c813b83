import { execute, lit, ring, rows, sql, type Sql, type Tx } from '../db/index.js';
import { datasetsBelow } from '../dids/index.js';
import { InsufficientTargetRSEs, type SluiceError } from '../errors/index.js';
import { addMoves, isMoving, isOfRule, type MoveReason } from '../locks/index.js';
import { Channel, type DidId, DidType, RuleGrouping, type RseId } from '../vocabulary/index.js';
import { type Candidate, placeCopies, shortage } from './copy-placement.js';
import { fillCopies } from './fill-copies.js';
import { storePlacement } from './injection.sql.js';
import { type JudgeTerms, type Rule } from './rule.js';
import { type SiteConstraints } from './site-constraints.js';
import { findSites, type Sites } from './sites.js';
import { unitOf } from './slice-files.sql.js';
import { placeSlice } from './slice.sql.js';
import { charged, fitsShares, tooFew, weighted } from './spread-copies.js';
import { chargesOf, rankSuccessors, successors } from './successors.sql.js';

/** Locks that another RSE is to take over. */
export interface HandOver extends Omit<MoveReason, 'now'> {
  /** Where they are. */
  readonly origin: RseId;
  /** Rows (did_id, rule_id): files with a lock of the rule there, a file once. At most a slice. */
  readonly files: Sql;
  /** Only to these RSEs. */
  readonly targets?: readonly RseId[];
}

/** What a hand-over came to. */
export interface HandedOver {
  /** Locks that are on their way. */
  readonly moved: number;
  /** Files (rows (did_id)) whose locks stay where they are, and why. */
  readonly refused: readonly { readonly files: Sql; readonly error: SluiceError }[];
}

/**
 * Gives locks at one RSE successors at others, by their rule's own expression and limits: the new
 * locks, copies and requests are made now; a lock is let go when its successor is OK (`letGoNext`). What
 * stays together moves together. The rules' rows are held; they are one rule, or rules each on a file
 * of its own that differ in nothing else.
 *
 * Throws, before anything is written, what keeps all of them where they are: RSEWriteBlocked,
 * InsufficientTargetRSEs, InvalidRSEExpression, InvalidSourceReplicaExpression, InvalidRuleWeight.
 */
export async function handOverLocks(
  tx: Tx,
  rules: readonly Rule[],
  wish: HandOver,
  terms: JudgeTerms,
): Promise<HandedOver> {
  const [rule] = rules;
  if (!rule) return { moved: 0, refused: [] };
  const sites = await findSites(tx, rule);
  const targets = targetsOf(rule, sites, wish);
  const reason = { cause: wish.cause, purge: wish.purge, now: terms.now };
  const { constraints } = sites;
  const move = new Move(tx, rule, wish, reason, targets, constraints);
  const refused = alone(rule) ? await move.files() : await move.units();
  const slice = { origin: wish.origin, didIds: move.didIds };
  return { moved: await placeSuccessors(tx, rules, sites, slice, terms), refused };
}

const alone = ({ grouping, didType }: Rule): boolean =>
  grouping === RuleGrouping.NONE || didType === DidType.FILE;

const byDataset = (rule: Rule): boolean =>
  rule.grouping === RuleGrouping.DATASET && rule.didType === DidType.CONTAINER;

/** Where a rule's locks may go from an RSE. Throws InsufficientTargetRSEs where that is nowhere. */
function targetsOf(rule: Rule, sites: Sites, wish: HandOver): readonly Candidate[] {
  const targets = sites.candidates.filter(
    ({ rseId, weight }) =>
      weight !== null &&
      rseId !== wish.origin &&
      !sites.unwritable.includes(rseId) &&
      (wish.targets?.includes(rseId) ?? true),
  );
  if (targets.length > 0) return targets;
  throw new InsufficientTargetRSEs(
    `The expression '${rule.rseExpression}' names no other RSE that can be written now`,
    { rule: rule.uid, expression: rule.rseExpression },
  );
}

/** Where a unit goes, or why it stays. Rows (did_id, rule_id), and bytes of the whole unit. */
type Decision = { readonly files: Sql; readonly bytes: bigint } & (
  | { readonly target: RseId; readonly error?: undefined }
  | { readonly target: undefined; readonly error: SluiceError }
);

/** Locks that could move: rows (did_id, rule_id, target), and the bytes that come to each RSE. */
export interface PlannedMove {
  readonly files: Sql;
  readonly charge: ReadonlyMap<RseId, bigint>;
}

/** What a plan may use: so many bytes leave at most, and come to each RSE. */
export interface MoveRoom {
  readonly bytesMax: bigint;
  readonly room: ReadonlyMap<RseId, bigint>;
}

/**
 * Where a rule's locks at one RSE could go, by the same decisions as `handOverLocks`. Writes nothing.
 * Throws as that does.
 */
export async function planHandOver(
  tx: Tx,
  rule: Rule,
  wish: HandOver,
  { bytesMax, room }: MoveRoom,
  now: Date,
): Promise<PlannedMove[]> {
  const sites = await findSites(tx, rule);
  const targets = targetsOf(rule, sites, wish).map((candidate) => {
    const left = room.get(candidate.rseId);
    const least = left !== undefined && (candidate.spaceLeft ?? left) >= left;
    return least ? { ...candidate, spaceLeft: left } : candidate;
  });
  const reason = { cause: wish.cause, purge: wish.purge, now };
  const { constraints } = sites;
  return await new Move(tx, rule, wish, reason, targets, constraints).plan(bytesMax);
}

/** Decides where the locks of one slice go, and writes that down. */
class Move {
  /** Files whose locks are to move now. */
  readonly didIds: DidId[] = [];
  private readonly refused: { files: Sql; error: SluiceError }[] = [];

  constructor(
    private readonly tx: Tx,
    private readonly rule: Rule,
    private readonly wish: HandOver,
    private readonly reason: MoveReason,
    private targets: readonly Candidate[],
    private readonly constraints: SiteConstraints | null,
  ) {}

  /** Each file by itself: SQL chooses, or we do file by file where limits would not let all of them in. */
  async files(): Promise<HandedOver['refused']> {
    const { tx, wish, targets, constraints } = this;
    const open = targets.filter(({ quotaLeft }) => quotaLeft === null || quotaLeft > 0n);
    const chosen = successors(wish.files, weighted(open));
    if (!constraints && fitsShares(open, await chargesOf(tx, chosen))) {
      await this.add(sql`SELECT c.did_id, c.rule_id, c.rse_id AS target FROM (${chosen}) c`);
      await this.refuseRest(targets);
      return this.refused;
    }
    const ranked = await rankSuccessors(tx, wish, weighted(open));
    const { copies, charge, short } = fillCopies(ranked, open, constraints);
    await this.add(sql`
      SELECT c.did_id, f.rule_id, c.target
        FROM unnest(${copies.map(({ didId }) => didId)}::bigint[],
                    ${copies.map(({ rseId }) => rseId)}::int[]) AS c(did_id, target)
        JOIN (${wish.files}) f ON f.did_id = c.did_id`);
    const [first] = short;
    if (first) await this.refuseRest(charged(targets, charge), first);
    return this.refused;
  }

  /** A dataset, or all files of the rule, after the other. */
  async units(): Promise<HandedOver['refused']> {
    for (const unit of await this.unitsOfSlice()) {
      const { files, target, error } = await this.decide(unit);
      if (target === undefined)
        this.refused.push({ files: sql`SELECT f.did_id FROM (${files}) f`, error });
      else {
        await this.add(sql`SELECT f.did_id, f.rule_id, ${target}::int AS target FROM (${files}) f`);
        await this.remember(target);
      }
    }
    return this.refused;
  }

  /** What the locks would do, up to so many bytes: a unit that is larger than what is left stays. */
  async plan(bytesMax: bigint): Promise<PlannedMove[]> {
    if (alone(this.rule)) return await this.planFiles();
    const planned: PlannedMove[] = [];
    let left = bytesMax;
    for (const unit of await this.unitsOfSlice()) {
      const before = this.targets;
      const { files, target, bytes } = await this.decide(unit);
      if (target === undefined || bytes === 0n) continue;
      if (bytes > left) this.targets = before;
      else {
        left -= bytes;
        planned.push({
          files: sql`SELECT f.did_id, f.rule_id, ${target}::int AS target FROM (${files}) f`,
          charge: new Map([[target, bytes]]),
        });
      }
    }
    return planned;
  }

  private async planFiles(): Promise<PlannedMove[]> {
    const { tx, wish, targets, constraints } = this;
    if (constraints) return await this.planWithin(constraints);
    const chosen = successors(wish.files, weighted(targets));
    const charge = await chargesOf(tx, chosen);
    if (charge.size === 0 || !fitsShares(targets, charge)) return [];
    const files = sql`SELECT c.did_id, c.rule_id, c.rse_id AS target FROM (${chosen}) c`;
    return [{ files, charge }];
  }

  /** All of the slice or none, as without constraints. */
  private async planWithin(constraints: SiteConstraints): Promise<PlannedMove[]> {
    const { tx, wish, targets } = this;
    const ranked = await rankSuccessors(tx, wish, weighted(targets));
    const { copies, charge, short } = fillCopies(ranked, targets, constraints);
    if (copies.length === 0 || short.length > 0) return [];
    const files = sql`SELECT c.did_id, f.rule_id, c.target
        FROM unnest(${copies.map(({ didId }) => didId)}::bigint[],
                    ${copies.map(({ rseId }) => rseId)}::int[]) AS c(did_id, target)
        JOIN (${wish.files}) f ON f.did_id = c.did_id`;
    return [{ files, charge }];
  }

  private async unitsOfSlice(): Promise<DidId[]> {
    const { rule, wish } = this;
    if (!byDataset(rule)) return [rule.didId];
    const found = await rows<{ id: DidId }>(
      this.tx,
      sql`SELECT DISTINCT ct.parent_id AS id FROM (${wish.files}) f
            JOIN contents ct ON ct.child_id = f.did_id
           WHERE ct.parent_id IN (SELECT b.id FROM (${datasetsBelow(rule.didId)}) b) ORDER BY 1`,
    );
    return found.map(({ id }) => id);
  }

  /** Where a part of the unit has gone already, or else where the whole of it fits best. */
  private async decide(unit: DidId): Promise<Decision> {
    const { tx, rule, wish, constraints } = this;
    const files = sql`SELECT f.did_id, f.rule_id FROM (${wish.files}) f ${this.inUnit(sql`f.did_id`, unit)}`;
    const taken = await this.rsesOf(sql`(${files}) f JOIN locks l ON l.did_id = f.did_id
      AND ${isOfRule(sql`l`, sql`${rule.id}::bigint`)} AND l.rse_id <> ${wish.origin}::int`);
    const begun = await this.rsesOf(sql`(
      SELECT m.did_id, m.target_rse_id AS rse_id FROM lock_moves m
       WHERE m.rule_id = ${rule.id}::bigint AND m.rse_id = ${wish.origin}::int) l
      ${this.inUnit(sql`l.did_id`, unit)}`);
    const free = this.targets.filter(({ rseId }) => !taken.includes(rseId));
    const left =
      begun.length > 0
        ? sql`SELECT f.did_id FROM (${files}) f`
        : sql`SELECT l.did_id FROM locks l ${this.inUnit(sql`l.did_id`, unit)}
              ${byDataset(rule) ? sql`AND` : sql`WHERE`} l.rule_id = ${rule.id}::bigint AND l.rse_id = ${wish.origin}::int`;
    const { bytes, candidates } = await unitOf(tx, left, free);
    const asked = { id: unit, copies: 1, bytes, keep: begun, taken };
    const placement = placeCopies(asked, candidates, constraints);
    const [target] = placement.chosen;
    if (target === undefined) {
      const error =
        free.length === 0 ? this.tooFewLeft() : shortage(asked, candidates, placement, constraints);
      return { files, target, bytes, error };
    }
    this.targets = charged(this.targets, new Map([[target, bytes]]));
    return { files, target, bytes };
  }

  private readonly inUnit = (didId: Sql, unit: DidId): Sql =>
    byDataset(this.rule)
      ? sql`JOIN contents ct ON ct.child_id = ${didId} WHERE ct.parent_id = ${unit}::bigint`
      : sql``;

  /** The RSEs of rows `l`, those with most of them first. */
  private async rsesOf(locks: Sql): Promise<RseId[]> {
    const found = await rows<{ rseId: RseId }>(
      this.tx,
      sql`SELECT l.rse_id AS "rseId" FROM ${locks} GROUP BY l.rse_id ORDER BY count(*) DESC, l.rse_id`,
    );
    return found.map(({ rseId }) => rseId);
  }

  /** `from` gives (did_id, rule_id, target). */
  private async add(from: Sql): Promise<void> {
    const moves = sql`SELECT t.did_id, ${this.wish.origin}::int AS rse_id, t.rule_id, t.target AS target_rse_id
                        FROM (${from}) t`;
    const added = await rows<{ did_id: DidId }>(this.tx, addMoves(moves, this.reason));
    this.didIds.push(...added.map(({ did_id: didId }) => didId));
  }

  /** Files of the slice for which there was no place. */
  private async refuseRest(
    candidates: readonly Candidate[],
    file?: Parameters<typeof tooFew>[2],
  ): Promise<void> {
    const files = sql`SELECT l.did_id FROM (
        SELECT f.did_id, f.rule_id, ${this.wish.origin}::int AS rse_id FROM (${this.wish.files}) f) l
      WHERE NOT ${isMoving(sql`l`)}`;
    if ((await execute(this.tx, sql`${files} LIMIT 1`)) === 0) return;
    const isFull = candidates.every(({ quotaLeft }) => quotaLeft !== null && quotaLeft <= 0n);
    const error =
      file || isFull
        ? tooFew({ ...this.rule, copies: 1 }, { candidates, constraints: this.constraints }, file)
        : this.tooFewLeft();
    this.refused.push({ files, error });
  }

  private tooFewLeft(): SluiceError {
    const { rseExpression, uid, copies } = this.rule;
    return new InsufficientTargetRSEs(
      `The expression '${rseExpression}' names no RSE that can be written now and has none of the ${copies} copies yet`,
      { rule: uid, expression: rseExpression },
    );
  }

  /** New files of a rule that keeps all of them together go where these go. */
  private async remember(target: RseId): Promise<void> {
    const { rule, wish } = this;
    const rses = rule.placement?.rses;
    if (rule.grouping !== RuleGrouping.ALL || !rses?.includes(wish.origin)) return;
    const next = rses.map((rseId) => (rseId === wish.origin ? target : rseId));
    await storePlacement(this.tx, rule.id, { rses: next });
  }
}

/** The new locks of a slice whose moves are written down. Gives how many locks move. */
async function placeSuccessors(
  tx: Tx,
  rules: readonly Rule[],
  sites: Sites,
  { didIds, origin }: { readonly didIds: readonly DidId[]; readonly origin: RseId },
  terms: JudgeTerms,
): Promise<number> {
  const [rule] = rules;
  if (!rule || didIds.length === 0) return 0;
  const ruleIds = rules.map(({ id }) => id);
  const ofRules = sql`(m.rule_id + 0) = ANY (${ruleIds}::bigint[])`;
  const moving = sql`SELECT d.id AS did_id, coalesce(d.bytes, 0) AS bytes FROM dids d
    WHERE d.id = ANY (${[...didIds]}::bigint[])`;
  // OFFSET 0: a probe a file.
  const copies = sql`
    SELECT s.did_id, m.target_rse_id AS rse_id, s.bytes FROM slice s
     CROSS JOIN LATERAL (SELECT m.target_rse_id, m.rule_id FROM lock_moves m
       WHERE m.did_id = s.did_id AND m.rse_id = ${origin}::int AND ${ofRules} OFFSET 0) m
     WHERE NOT EXISTS (SELECT FROM locks l WHERE l.did_id = s.did_id AND l.rse_id = m.target_rse_id
                          AND ${isOfRule(sql`l`, sql`m.rule_id`)} OFFSET 0)`;
  const tally = await placeSlice(
    tx,
    { rule, ...(rule.didType === DidType.FILE && { ruleIds }), sites, files: moving, copies },
    terms,
  );
  if (tally.queued > 0) await ring(tx, Channel.REQUESTS);
  return tally.files;
}

/** Rows (did_id, rule_id, bytes): locks at an RSE of one rule that do not move yet, at most so many. */
export const locksAt = (rule: Rule, origin: RseId, limit: number): Sql => sql`
  SELECT l.did_id, l.rule_id, l.bytes FROM locks l
   WHERE l.rule_id = ${rule.id}::bigint AND l.rse_id = ${origin}::int AND NOT ${isMoving(sql`l`)}
   ORDER BY l.did_id LIMIT ${lit(limit)}`;
