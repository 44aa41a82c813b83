import {
  ancestorsOf,
  claimEvaluation,
  type DueEvaluation,
  endEvaluation,
  evaluateChildren,
  narrowEvaluation,
} from '../dids/index.js';
import { execute, lit, ring, sql, type Sql, type Tx } from '../db/index.js';
import { SluiceError } from '../errors/index.js';
import { isOfRule, releaseTheseLocks } from '../locks/index.js';
import { Channel, DidType, Evaluation, RuleGrouping } from '../vocabulary/index.js';
import { locksOutside } from './complete-rule.js';
import { demandCopies } from './copy-placement.js';
import { existingPlacement } from './existing-placement.js';

import { release } from './remove-rules.js';
import { type JudgeTerms, type Rule } from './rule.js';
import { failInjection, storePlacement } from './injection.sql.js';
import { followsContent, mayFollow, selectRules } from './rule.sql.js';
import { findSites, type Sites, withKept } from './sites.js';
import { spreadCopies } from './spread-copies.js';
import { filesOf, sameCopies, unitOf } from './slice-files.sql.js';
import { placeSlice, type SliceTally } from './slice.sql.js';

/** What one evaluation, or a slice of it, changed. */
export interface EvaluationTally {
  readonly added: number;
  readonly released: number;
  readonly failedRules: number;
}

/**
 * Draws the consequences of the oldest change of content that nobody works on: new files get locks
 * from the rules on the collection and everything above it, files that a rule no longer reaches lose
 * theirs. At most about `sliceLocks` locks; what is left stays in the queue. Undefined if nothing was
 * due.
 */
export async function evaluateNext(
  tx: Tx,
  terms: JudgeTerms,
): Promise<EvaluationTally | undefined> {
  const due = await claimEvaluation(tx);
  if (!due) return undefined;
  const rules = await concernedRules(tx, due);
  if (due.action === Evaluation.DETACH) return await evaluateDetach(tx, due, rules, terms);
  if (due.didType === DidType.CONTAINER) {
    if (rules.length > 0) await evaluateChildren(tx, due);
    await endEvaluation(tx, due.id);
    return { added: 0, released: 0, failedRules: 0 };
  }
  return await evaluateAttach(tx, due, rules, terms);
}

/**
 * The rules on a collection and above it, held. The collections are locked first: a rule that is
 * being added has its DID locked by the foreign key, so we wait for it and then see it. The injector
 * is waited for too: of a rule whose first slice it has not committed we know no more than that it is
 * new, and the slice does not see the change. What it has passed over meanwhile it is told of.
 */
async function concernedRules(tx: Tx, due: DueEvaluation): Promise<Rule[]> {
  const here = sql`SELECT ${due.didId}::bigint AS id UNION (${ancestorsOf(sql`SELECT ${due.didId}::bigint`)})`;
  await execute(tx, sql`SELECT id FROM dids WHERE id IN (${here}) ORDER BY id FOR UPDATE`);
  const rules = await selectRules(tx, {
    where: sql`r.did_id IN (${here}) AND ${mayFollow}`,
    hold: 'wait',
  });
  const concerned = rules.filter(followsContent);
  if (concerned.length < rules.length) await ring(tx, Channel.INJECTION);
  return concerned;
}

async function evaluateAttach(
  tx: Tx,
  due: DueEvaluation,
  rules: readonly Rule[],
  terms: JudgeTerms,
): Promise<EvaluationTally> {
  const copies = rules.reduce((sum, rule) => sum + rule.copies, 0);
  const limit = Math.max(1, Math.floor(terms.sliceLocks / Math.max(1, copies)));
  const files = filesOf(due.didId, { after: due.childFrom - 1n, to: due.childTo, limit });
  let [added, queued, seen] = [0, 0, 0];
  let last: bigint | null = null;
  const failed: { rule: Rule; error: SluiceError }[] = [];
  for (const rule of rules) {
    try {
      const tally = await placeNewFiles(tx, rule, due, files, terms);
      added += tally.locks;
      queued += tally.queued;
      seen = tally.files;
      last = tally.last;
    } catch (error) {
      // What is thrown as a fact was decided before anything was written for this rule.
      if (!(error instanceof SluiceError)) throw error;
      failed.push({ rule, error });
    }
  }
  for (const { rule, error } of failed) {
    await failInjection(tx, [rule.id], { error: error.message, ...retryOf(terms) });
  }
  // Rules that failed begin anew as a whole, so the evaluation need not come back for them.
  if (seen < limit || last === null) await endEvaluation(tx, due.id);
  else await narrowEvaluation(tx, due.id, last + 1n);
  if (queued > 0) await ring(tx, Channel.REQUESTS);
  return { added, released: 0, failedRules: failed.length };
}

/** When a rule whose placement failed is to be placed again. */
export const retryOf = (terms: JudgeTerms): { now: Date; retryAt: Date } => ({
  now: terms.now,
  retryAt: new Date(terms.now.getTime() + terms.lockRetrySeconds * 1000),
});

async function placeNewFiles(
  tx: Tx,
  rule: Rule,
  due: DueEvaluation,
  files: Sql,
  terms: JudgeTerms,
): Promise<SliceTally> {
  const sites = await findSites(tx, rule);
  if (rule.grouping === RuleGrouping.NONE) {
    const { copies } = await spreadCopies(tx, rule, files, sites);
    return await placeSlice(tx, { rule, sites, files, copies }, terms);
  }
  const rses = await rsesForNewFiles(tx, rule, sites, due, files);
  const shared = rule.grouping === RuleGrouping.DATASET && rule.didType === DidType.CONTAINER;
  const copies = sameCopies(rule.id, rses, shared ? null : rule.copies);
  return await placeSlice(tx, { rule, sites, files, copies }, terms);
}

/** Where the unit is already, even if it cannot be written just now; else as at the beginning. */
async function rsesForNewFiles(
  tx: Tx,
  rule: Rule,
  sites: Sites,
  due: DueEvaluation,
  files: Sql,
): Promise<readonly number[]> {
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
  return rses;
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
    released += await release(
      tx,
      { id: rule.id, accountId: rule.accountId, purge: rule.purgeReplicas },
      gone,
      { ...terms, guard: 'detach' },
    );
  }
  if (released < terms.sliceLocks) await endEvaluation(tx, due.id);
  return { added: 0, released, failedRules: 0 };
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
