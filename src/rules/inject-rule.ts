import { filesBelow } from '../dids/index.js';
import { sql, type Sql, type Tx } from '../db/index.js';
import { isOfRule } from '../locks/index.js';
import { type DidId, DidType, RuleGrouping, type RseId } from '../vocabulary/index.js';
import { type Candidate, demandCopies } from './copy-placement.js';
import { chooseForEach, unitsOf } from './dataset-units.js';
import { DatasetsAhead, LOCKS_A_DECISION } from './datasets-ahead.js';
import { existingPlacement, existingPlacements } from './existing-placement.js';
import { type JudgeTerms, type Rule, type StoredPlacement } from './rule.js';
import { finishInjection, storePlacement } from './injection.sql.js';
import { scheduleRepair } from './rule.sql.js';
import { findSites, type Sites, withKept } from './sites.js';
import { charged, spreadCopies } from './spread-copies.js';
import {
  filesOf,
  filesOfAll,
  missingCopies,
  sameCopies,
  theFile,
  unitOf,
} from './slice-files.sql.js';
import { type PlacedDataset } from './slice-owner.sql.js';
import { placeSlice, type SliceTally } from './slice.sql.js';
import { chargeOf } from './spread.sql.js';

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

/** One transaction's share of an injection. */
class Placing {
  locks = 0;
  queued = 0;
  private placement: StoredPlacement;
  private candidates: readonly Candidate[];
  private readonly ahead: DatasetsAhead;

  constructor(
    private readonly tx: Tx,
    private readonly rule: Rule,
    private readonly sites: Sites,
    private readonly terms: JudgeTerms,
  ) {
    this.placement = rule.placement ?? {};
    this.candidates = sites.candidates;
    this.ahead = new DatasetsAhead(tx, rule);
  }

  async file(): Promise<boolean> {
    const { didId, id, copies } = this.rule;
    const keep = await existingPlacement(this.tx, this.rule, didId);
    const rses = await this.choose(didId, sql`SELECT ${didId}::bigint AS did_id`, keep);
    await this.place(theFile(didId), sameCopies(id, rses, copies));
    return false;
  }

  /** Dataset after dataset in the order of their ids, small ones together. Gives whether files are left. */
  async datasets(): Promise<boolean> {
    let budget = this.terms.sliceLocks;
    let after = this.rule.cursorDataset === null ? -1n : this.rule.cursorDataset - 1n;
    let child = this.rule.cursorChild ?? -1n;
    for (;;) {
      const run = await this.ahead.next(after, budget);
      const [dataset] = run;
      if (dataset === undefined) return false;
      if (budget <= 0) return true;
      if (run.length > 1) {
        const tally = await this.whole(run);
        budget -= run.length * LOCKS_A_DECISION + tally.files * this.rule.copies;
      } else {
        if (dataset !== this.rule.cursorDataset) child = -1n;
        const limit = Math.max(1, Math.floor(budget / this.rule.copies));
        const tally = await this.sliceOf(dataset, child, limit);
        // To find that the dataset at the cursor is done costs nothing, or a small budget ends there.
        const done = tally.files === 0 && dataset === this.rule.cursorDataset;
        budget -= done ? 0 : Math.max(1, tally.files * this.rule.copies);
        // A full slice may have left files behind; the next one begins after its last.
        if (tally.files === limit) return true;
      }
      after = run.at(-1) ?? dataset;
      child = -1n;
    }
  }

  /** Whole datasets by one slice, each where `sliceOf` would place it. */
  private async whole(datasets: readonly DidId[]): Promise<SliceTally> {
    const { id, grouping, copies } = this.rule;
    const files = filesOfAll(datasets);
    const last = datasets.at(-1) as DidId;
    if (grouping === RuleGrouping.NONE) {
      return await this.place(files, await this.spread(files), last);
    }
    if (grouping === RuleGrouping.ALL) {
      return await this.place(files, sameCopies(id, await this.rsesOf(last), copies), last);
    }
    const places = await this.chooseEach(datasets);
    return await this.place(files, missingCopies(id, places), last);
  }

  /** Each stays together on RSEs of its own, decided one after the other. */
  private async chooseEach(datasets: readonly DidId[]): Promise<PlacedDataset[]> {
    const { rule, sites, candidates, tx } = this;
    const keeps = await existingPlacements(tx, rule, datasets);
    const holder = keeps.size > 0 ? rule.id : undefined;
    const units = await unitsOf(tx, datasets, [...candidates, ...sites.blocked], holder);
    const wished = units.map((unit) => ({ ...unit, keep: keeps.get(unit.didId) ?? [] }));
    const chosen = await chooseForEach(wished, rule.copies, { ...sites, candidates });
    this.candidates = chosen.candidates;
    for (const { didId, rses } of chosen.places.slice(-1)) {
      await this.remember(rses, { datasets: { [String(didId)]: rses } });
    }
    return chosen.places.flatMap(({ didId, rses }) => rses.map((rseId) => ({ didId, rseId })));
  }

  private async sliceOf(dataset: DidId, child: bigint, limit: number): Promise<SliceTally> {
    const { id, didType, grouping, copies } = this.rule;
    const files = filesOf(dataset, { after: child, limit });
    if (grouping === RuleGrouping.NONE) {
      return await this.place(files, await this.spread(files), dataset);
    }
    const known = this.placement.datasets?.[String(dataset)];
    const rses = known ?? (await this.rsesOf(dataset));
    // Two datasets may share a file, and each is to be whole on its own RSEs.
    const shared = grouping === RuleGrouping.DATASET && didType === DidType.CONTAINER;
    const own = sameCopies(id, rses, shared ? null : copies);
    // Chosen by a transaction before: the limits, by which the datasets behind it are placed, do not have it yet.
    if (known) this.charge(await chargeOf(this.tx, files, own));
    return await this.place(files, own, dataset);
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
    const rses = demandCopies(wish, unit.candidates, this.sites.constraints);
    this.charge(new Map(rses.map((rseId) => [rseId, unit.bytes])));
    return rses;
  }

  /** Grouping NONE: SQL chooses for each file, among the RSEs that have room for their share. */
  private async spread(files: Sql): Promise<Sql> {
    const { candidates, sites } = this;
    const pick = await spreadCopies(this.tx, this.rule, files, { ...sites, candidates });
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
