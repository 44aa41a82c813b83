import {
  claimEvaluations,
  type DueEvaluation,
  endEvaluations,
  evaluateChildren,
  narrowEvaluation,
} from '../dids/index.js';
import { lit, ring, sql, type Sql, type Tx } from '../db/index.js';
import { SluiceError } from '../errors/index.js';
import { isOfRule, releaseTheseLocks } from '../locks/index.js';
import { Channel, DidType, Evaluation, RuleGrouping, type RseId } from '../vocabulary/index.js';
import { locksOutside } from './complete-rule.js';
import { type ConcernedRules, concernedTogether } from './concerned-rules.js';
import { demandCopies } from './copy-placement.js';
import { existingPlacement } from './existing-placement.js';
import { release } from './release-locks.js';
import { type JudgeTerms, type Rule } from './rule.js';
import { failInjection, storePlacement } from './injection.sql.js';
import { SharedSites } from './shared-sites.js';
import { type Sites, withKept } from './sites.js';
import { spreadCopies } from './spread-copies.js';
import { filesOf, sameCopies, unitOf } from './slice-files.sql.js';
import { placeSlice, type SliceTally } from './slice.sql.js';

/** What evaluations, or a slice of one, changed. */
export interface EvaluationTally {
  readonly evaluations: number;
  readonly added: number;
  readonly released: number;
  readonly failedRules: number;
}

/** Evaluations in one transaction: enough that a small one costs little, and few to be held. */
const TOGETHER = 20;

/**
 * Draws the consequences of the oldest change of content that nobody works on, and of at most `most`
 * in all that are like it: new files get locks from the rules on the collection and everything above
 * it, files that a rule no longer reaches lose theirs. At most about `sliceLocks` locks; what is left
 * stays in the queue. Undefined if nothing was due.
 */
export async function evaluateNext(
  tx: Tx,
  terms: JudgeTerms,
  most = TOGETHER,
): Promise<EvaluationTally | undefined> {
  const claimed = await claimEvaluations(tx, Math.min(most, TOGETHER));
  const together = await concernedTogether(tx, claimed);
  const [first] = together;
  if (!first) return undefined;
  const { due, rules } = first;
  if (due.action === Evaluation.DETACH) return await evaluateDetach(tx, due, rules, terms);
  if (due.didType === DidType.CONTAINER) {
    if (rules.length > 0) await evaluateChildren(tx, due);
    await endEvaluations(tx, [due.id]);
    return { evaluations: 1, added: 0, released: 0, failedRules: 0 };
  }
  return await evaluateAttached(tx, together, terms);
}

/** Several of the same transaction; where one fills the slice the others have their turn later. */
async function evaluateAttached(
  tx: Tx,
  together: readonly ConcernedRules[],
  terms: JudgeTerms,
): Promise<EvaluationTally> {
  const work = new Attached(tx, terms);
  for (const one of together) {
    if (work.evaluations > 0 && work.added >= terms.sliceLocks) break;
    await work.evaluate(one);
  }
  await work.end();
  const { evaluations, added, failed } = work;
  return { evaluations, added, released: 0, failedRules: failed.length };
}

/** One transaction's evaluations of new content. */
class Attached {
  evaluations = 0;
  added = 0;
  readonly failed: { readonly rule: Rule; readonly error: SluiceError }[] = [];
  private queued = 0;
  private readonly ended: bigint[] = [];
  private readonly sites: SharedSites;

  constructor(
    private readonly tx: Tx,
    private readonly terms: JudgeTerms,
  ) {
    this.sites = new SharedSites(tx);
  }

  async evaluate({ due, rules }: ConcernedRules): Promise<void> {
    const copies = rules.reduce((sum, rule) => sum + rule.copies, 0);
    const left = this.terms.sliceLocks - this.added;
    const limit = Math.max(1, Math.floor(left / Math.max(1, copies)));
    const files = filesOf(due.didId, { after: due.childFrom - 1n, to: due.childTo, limit });
    let seen = 0;
    let last: bigint | null = null;
    for (const rule of rules) {
      try {
        const tally = await this.place(rule, due, files);
        seen = tally.files;
        last = tally.last;
      } catch (error) {
        // What is thrown as a fact was decided before anything was written for this rule.
        if (!(error instanceof SluiceError)) throw error;
        this.failed.push({ rule, error });
      }
    }
    this.evaluations++;
    // Rules that failed begin anew as a whole, so the evaluation need not come back for them.
    if (seen < limit || last === null) this.ended.push(due.id);
    else await narrowEvaluation(this.tx, due.id, last + 1n);
  }

  async end(): Promise<void> {
    for (const { rule, error } of this.failed) {
      await failInjection(this.tx, [rule.id], { error: error.message, ...retryOf(this.terms) });
    }
    if (this.ended.length > 0) await endEvaluations(this.tx, this.ended);
    if (this.queued > 0) await ring(this.tx, Channel.REQUESTS);
  }

  private async place(rule: Rule, due: DueEvaluation, files: Sql): Promise<SliceTally> {
    const sites = await this.sites.of(rule);
    const { copies, charge } = await copiesOfNewFiles(this.tx, rule, sites, due, files);
    const tally = await placeSlice(this.tx, { rule, sites, files, copies }, this.terms);
    this.sites.charge(charge);
    this.added += tally.locks;
    this.queued += tally.queued;
    return tally;
  }
}

/** When a rule whose placement failed is to be placed again. */
export const retryOf = (terms: JudgeTerms): { now: Date; retryAt: Date } => ({
  now: terms.now,
  retryAt: new Date(terms.now.getTime() + terms.lockRetrySeconds * 1000),
});

/** Where new files go, and what that is charged at each RSE, in bytes. */
interface NewCopies {
  readonly copies: Sql;
  readonly charge: ReadonlyMap<RseId, bigint>;
}

/** Where the unit is already, even if it cannot be written just now; else as at the beginning. */
async function copiesOfNewFiles(
  tx: Tx,
  rule: Rule,
  sites: Sites,
  due: DueEvaluation,
  files: Sql,
): Promise<NewCopies> {
  if (rule.grouping === RuleGrouping.NONE) return await spreadCopies(tx, rule, files, sites);
  const keep = await existingPlacement(tx, rule, due.didId);
  const unit = await unitOf(
    tx,
    sql`SELECT f.did_id FROM (${files}) f
         WHERE NOT EXISTS (SELECT FROM locks l WHERE l.did_id = f.did_id AND ${isOfRule(sql`l`, sql`${rule.id}::bigint`)})`,
    withKept(sites, sites.candidates, keep),
  );
  const all = rule.grouping === RuleGrouping.ALL;
  const id = all ? rule.didId : due.didId;
  const wish = { id, copies: rule.copies, bytes: unit.bytes, keep };
  const rses = demandCopies(wish, unit.candidates, sites.constraints);
  if (all && !rule.placement?.rses) await storePlacement(tx, rule.id, { rses });
  const shared = rule.grouping === RuleGrouping.DATASET && rule.didType === DidType.CONTAINER;
  return {
    copies: sameCopies(rule.id, rses, shared ? null : rule.copies),
    charge: new Map(rses.map((rseId) => [rseId, unit.bytes])),
  };
}

async function evaluateDetach(
  tx: Tx,
  due: DueEvaluation,
  rules: readonly Rule[],
  terms: JudgeTerms,
): Promise<EvaluationTally> {
  let released = 0;
  for (const rule of rules) {
    const left = terms.sliceLocks - released;
    if (left <= 0) break;
    const gone = releaseTheseLocks(
      due.didType === DidType.CONTAINER
        ? locksOutside(rule, left)
        : locksOfDetached(rule, due, left),
    );
    released += await release(tx, { accountId: rule.accountId, purge: rule.purgeReplicas }, gone, {
      ...terms,
      guard: 'detach',
    });
  }
  if (released < terms.sliceLocks) await endEvaluations(tx, [due.id]);
  return { evaluations: 1, added: 0, released, failedRules: 0 };
}

/** Locks of a rule on files that left a dataset and are not below the rule's DID by another way. */
const locksOfDetached = (rule: Rule, due: DueEvaluation, limit: number): Sql => sql`
  WITH RECURSIVE left_ones AS MATERIALIZED (
    SELECT DISTINCT h.child_id AS id FROM contents_history h
     WHERE h.parent_id = ${due.didId} AND h.child_id BETWEEN ${due.childFrom} AND ${due.childTo}),
  up(id, node) AS (
    SELECT ct.child_id, ct.parent_id FROM contents ct WHERE ct.child_id IN (SELECT id FROM left_ones)
    UNION
    SELECT up.id, ct.parent_id FROM up JOIN contents ct ON ct.child_id = up.node)
  SELECT l.did_id, l.rse_id, l.rule_id FROM locks l
   WHERE l.did_id IN (SELECT id FROM left_ones) AND ${isOfRule(sql`l`, sql`${rule.id}::bigint`)}
     AND l.did_id NOT IN (SELECT id FROM up WHERE node = ${rule.didId})
   LIMIT ${lit(limit)}`;
