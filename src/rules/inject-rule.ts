import { datasetsBelow, filesBelow } from '../dids/index.js';
import { lit, rows, sql, type Sql, type Tx } from '../db/index.js';
import { isOfRule } from '../locks/index.js';
import { type DidId, DidType, RuleGrouping, type RseId } from '../vocabulary/index.js';
import { type Candidate, demandCopies } from './copy-placement.js';
import { existingPlacement } from './existing-placement.js';
import { type JudgeTerms, type Rule, type StoredPlacement } from './rule.js';
import { finishInjection, storePlacement } from './injection.sql.js';
import { scheduleRepair } from './rule.sql.js';
import { findSites, type Sites } from './sites.js';
import { charged, spreadCopies } from './spread-copies.js';
import { filesOf, sameCopies, theFile, unitOf } from './slice-files.sql.js';
import { placeSlice, type SliceTally } from './slice.sql.js';

export interface Injection {
  readonly locks: number;
  readonly queued: number;
  /** Files are left: come again, in a new transaction. */
  readonly more: boolean;
}

/**
 * Places what a rule in INJECT has not placed yet, from its cursor on, and ends the injection when
 * nothing is left. At most about `sliceLocks` locks; the cursor and the locks commit together, so a
 * crash between two slices costs nothing. The rule's row must be held.
 * Throws what placing may: InsufficientTargetRSEs, InsufficientAccountLimit, RSEOverQuota,
 * InvalidRSEExpression, RSEWriteBlocked, InvalidRuleWeight, InvalidSourceReplicaExpression.
 */
export async function injectRule(tx: Tx, rule: Rule, terms: JudgeTerms): Promise<Injection> {
  const work = new Placing(tx, rule, await findSites(tx, rule), terms);
  const more = rule.didType === DidType.FILE ? await work.file() : await work.datasets();
  if (!more) {
    await finishInjection(tx, [rule.id], terms.now);
    await scheduleRepair(tx, [rule.id]);
  }
  return { locks: work.locks, queued: work.queued, more };
}

/** Datasets that are looked up at once. */
const DATASETS = 1000;

/** One transaction's share of an injection. */
class Placing {
  locks = 0;
  queued = 0;
  private placement: StoredPlacement;
  private candidates: readonly Candidate[];
  /** Datasets that come next, and whether these are all. */
  private readonly ahead: DidId[] = [];
  private ended = false;

  constructor(
    private readonly tx: Tx,
    private readonly rule: Rule,
    private readonly sites: Sites,
    private readonly terms: JudgeTerms,
  ) {
    this.placement = rule.placement ?? {};
    this.candidates = sites.candidates;
  }

  async file(): Promise<boolean> {
    const { didId, id, copies } = this.rule;
    const keep = await existingPlacement(this.tx, this.rule, didId);
    const rses = await this.choose(didId, sql`SELECT ${didId}::bigint AS did_id`, keep);
    await this.place(theFile(didId), sameCopies(id, rses, copies));
    return false;
  }

  /** Dataset after dataset in the order of their ids. Gives whether files are left. */
  async datasets(): Promise<boolean> {
    let budget = this.terms.sliceLocks;
    let after = this.rule.cursorDataset === null ? -1n : this.rule.cursorDataset - 1n;
    let child = this.rule.cursorChild ?? -1n;
    for (;;) {
      const dataset = await this.nextDataset(after);
      if (dataset === undefined) return false;
      if (dataset !== this.rule.cursorDataset) child = -1n;
      if (budget <= 0) return true;
      const limit = Math.max(1, Math.floor(budget / this.rule.copies));
      const tally = await this.sliceOf(dataset, child, limit);
      // To find that the dataset at the cursor is done costs nothing, or a small budget ends there.
      const done = tally.files === 0 && dataset === this.rule.cursorDataset;
      budget -= done ? 0 : Math.max(1, tally.files * this.rule.copies);
      // A full slice may have left files behind; the next one begins after its last.
      if (tally.files === limit) return true;
      after = dataset;
      child = -1n;
    }
  }

  /** A page at a time: walking a container of many small datasets once for each would never end. */
  private async nextDataset(after: bigint): Promise<DidId | undefined> {
    if (this.ahead.length === 0 && !this.ended) {
      const page = await rows<{ id: DidId }>(
        this.tx,
        sql`SELECT t.id FROM (${datasetsBelow(this.rule.didId)}) t
             WHERE t.id > ${after}::bigint ORDER BY t.id LIMIT ${lit(DATASETS)}`,
      );
      this.ahead.push(...page.map(({ id }) => id));
      this.ended = page.length < DATASETS;
    }
    return this.ahead.shift();
  }

  private async sliceOf(dataset: DidId, child: bigint, limit: number): Promise<SliceTally> {
    const { id, didType, grouping, copies } = this.rule;
    const files = filesOf(dataset, { after: child, limit });
    if (grouping === RuleGrouping.NONE) {
      return await this.place(files, await this.spread(files), dataset);
    }
    const rses = await this.rsesOf(dataset);
    // Two datasets may share a file, and each is to be whole on its own RSEs.
    const shared = grouping === RuleGrouping.DATASET && didType === DidType.CONTAINER;
    return await this.place(files, sameCopies(id, rses, shared ? null : copies), dataset);
  }

  /** The RSEs of a unit: decided when its first slice is placed, remembered for the others. */
  private async rsesOf(dataset: DidId): Promise<readonly RseId[]> {
    if (this.rule.grouping === RuleGrouping.ALL) {
      const known = this.placement.rses;
      if (known) return known;
      const keep = await existingPlacement(this.tx, this.rule, dataset);
      const rses = await this.choose(this.rule.didId, filesBelow(this.rule.didId), keep);
      return await this.remember(rses, { rses });
    }
    const known = this.placement.datasets?.[String(dataset)];
    if (known) return known;
    const files = sql`SELECT child_id AS did_id FROM contents WHERE parent_id = ${dataset}::bigint`;
    const keep = await existingPlacement(this.tx, this.rule, dataset);
    const rses = await this.choose(dataset, files, keep);
    // Only the dataset at the cursor: locks tell where the others are.
    return await this.remember(rses, { datasets: { [String(dataset)]: rses } });
  }

  private async remember(
    rses: readonly RseId[],
    placement: StoredPlacement,
  ): Promise<readonly RseId[]> {
    this.placement = placement;
    await storePlacement(this.tx, this.rule.id, placement);
    return rses;
  }

  /** Files that have their locks already (an injection that begins anew) take no more room. */
  private async choose(
    id: bigint,
    files: Sql,
    keep: readonly RseId[] = [],
  ): Promise<readonly RseId[]> {
    const { rule, tx } = this;
    const candidates = withKept(this.sites, this.candidates, keep);
    const left =
      keep.length === 0
        ? files
        : sql`SELECT f.did_id FROM (${files}) f
               WHERE NOT EXISTS (SELECT FROM locks l WHERE l.did_id = f.did_id AND ${isOfRule(sql`l`, sql`${rule.id}::bigint`)})`;
    const unit = await unitOf(tx, left, candidates);
    const wish = { id, bytes: unit.bytes, copies: rule.copies, keep };
    const rses = demandCopies(wish, unit.candidates);
    this.charge(new Map(rses.map((rseId) => [rseId, unit.bytes])));
    return rses;
  }

  /** Grouping NONE: SQL chooses for each file, among the RSEs that have room for their share. */
  private async spread(files: Sql): Promise<Sql> {
    const pick = await spreadCopies(this.tx, this.rule, files, this.candidates);
    this.charge(pick.charge);
    return pick.copies;
  }

  private charge(bytes: ReadonlyMap<RseId, bigint>): void {
    this.candidates = charged(this.candidates, bytes);
  }

  private async place(files: Sql, copies: Sql, dataset?: DidId): Promise<SliceTally> {
    const { rule, sites, terms } = this;
    const tally = await placeSlice(
      this.tx,
      { rule, sites, files, copies, ...(dataset !== undefined && { dataset }) },
      terms,
    );
    this.locks += tally.locks;
    this.queued += tally.queued;
    return tally;
  }
}

/** With RSEs that hold the unit but cannot be written just now: its files stay together. */
export const withKept = (
  sites: Sites,
  candidates: readonly Candidate[],
  keep: readonly RseId[],
): readonly Candidate[] => [
  ...candidates,
  ...sites.blocked.filter((candidate) => keep.includes(candidate.rseId)),
];
