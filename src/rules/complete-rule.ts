import { lit, ring, rows, sql, type Sql, type Tx } from '../db/index.js';
import { datasetsBelow, depthOf, filesBelow } from '../dids/index.js';
import { isMoving, isOfRule, releaseTheseLocks } from '../locks/index.js';
import {
  Channel,
  type DidId,
  DidType,
  LockState,
  RuleGrouping,
  type RseId,
} from '../vocabulary/index.js';
import { fillCopies } from './fill-copies.js';
import { release } from './release-locks.js';
import { type JudgeTerms, type Rule } from './rule.js';
import { placeAnew } from './injection.sql.js';
import { byDataset } from './rule-units.js';
import { type SiteConstraints } from './site-constraints.js';
import { type Sites } from './sites.js';
import { chooseCopies } from './solve-placement.js';
import { placeSlice } from './slice.sql.js';
import { charged, tooFew, weighted } from './spread-copies.js';
import { rankFiles, theseCopies } from './spread.sql.js';

/** Whether the rule's locks are those that it should have, or the injector is to make them so. */
export type Completion = 'complete' | 'injecting';

/**
 * Compares a rule's locks with its content. Locks on files that are not below its DID any more and
 * those beyond its copies are released; files without all their locks get them: at once where each
 * is placed by itself, else by the injector, which begins anew and passes over what is there.
 * A rule of more than a slice whose count of locks is right is not looked at file by file.
 * Throws InsufficientTargetRSEs, InsufficientAccountLimit, RSEOverQuota.
 */
export async function completeRule(
  tx: Tx,
  rule: Rule,
  sites: Sites,
  terms: JudgeTerms,
): Promise<Completion> {
  if (await countsRight(tx, rule, terms)) return 'complete';
  await releaseSurplus(tx, rule, sites.constraints, terms);
  // What could not be placed has a time of its own to be tried again.
  if (rule.injectAt !== null) return 'complete';
  const missing = await filesShort(tx, rule, terms.sliceLocks);
  if (missing.length === 0) return 'complete';
  if (rule.grouping === RuleGrouping.NONE) {
    await placeMissing(tx, rule, sites, missing, terms);
    return 'complete';
  }
  await placeAnew(tx, rule.id, terms.now);
  await ring(tx, Channel.INJECTION);
  return 'injecting';
}

async function countsRight(tx: Tx, rule: Rule, { sliceLocks }: JudgeTerms): Promise<boolean> {
  const locks = rule.locksOk + rule.locksReplicating + rule.locksStuck;
  if (locks <= BigInt(sliceLocks)) return false;
  const files = rule.didType === DidType.FILE ? 1n : (await depthOf(tx, rule.didId)).length;
  return locks === files * BigInt(rule.copies);
}

/** Takes off locks on files that are not below the DID any more, and those beyond the copies. */
export async function releaseSurplus(
  tx: Tx,
  rule: Rule,
  constraints: SiteConstraints | null,
  terms: JudgeTerms,
): Promise<void> {
  const held = { accountId: rule.accountId, purge: rule.purgeReplicas };
  for (const surplus of [
    locksOutside(rule, terms.sliceLocks),
    constraints && !byDataset(rule)
      ? await locksUnneeded(tx, rule, constraints, terms.sliceLocks)
      : locksBeyond(rule, terms.sliceLocks),
  ]) {
    await release(tx, held, releaseTheseLocks(surplus), { ...terms, guard: 'repair' });
  }
}

/** Locks of a rule on files that are not below its DID any more: all of them are looked at. */
export const locksOutside = (rule: Rule, limit: number): Sql => sql`
  SELECT l.did_id, l.rse_id, l.rule_id FROM locks l
   WHERE l.rule_id = ${rule.id}
     AND l.did_id NOT IN (SELECT b.did_id FROM (${filesBelow(rule.didId)}) b)
   LIMIT ${lit(limit)}`;

/** The order in which lock `l` is kept. */
const bestLock = sql`l.state = ${lit(LockState.OK)} DESC, l.state = ${lit(LockState.REPLICATING)} DESC,
                            l.rse_id`;

/**
 * Locks beyond a rule's copies where it has constraints: what is left of each file keeps them, as far
 * as can be, and else has those that hold most.
 */
async function locksUnneeded(
  tx: Tx,
  rule: Rule,
  constraints: SiteConstraints,
  limit: number,
): Promise<Sql> {
  const files = await rows<{ didId: DidId; rses: RseId[] }>(
    tx,
    sql`SELECT l.did_id AS "didId", array_agg(l.rse_id ORDER BY ${bestLock}) AS rses
          FROM locks l WHERE l.rule_id = ${rule.id} AND NOT ${isMoving(sql`l`)} GROUP BY l.did_id
        HAVING count(*) > ${rule.copies}::int ORDER BY l.did_id LIMIT ${lit(limit)}`,
  );
  const gone = files.flatMap(({ didId, rses }) => {
    const choice = chooseCopies(rses, constraints);
    const kept = typeof choice === 'string' ? rses.slice(0, rule.copies) : choice.chosen;
    return rses.filter((rseId) => !kept.includes(rseId)).map((rseId) => ({ didId, rseId }));
  });
  return sql`SELECT g.did_id, g.rse_id, ${rule.id}::bigint AS rule_id
               FROM unnest(${gone.map(({ didId }) => didId)}::bigint[],
                           ${gone.map(({ rseId }) => rseId)}::int[]) g(did_id, rse_id)`;
}

/**
 * Locks of a rule beyond its copies, those that hold least first. What moves away it has beside them
 * until the new ones are OK.
 */
const locksBeyond = (rule: Rule, limit: number): Sql => sql`
  SELECT n.did_id, n.rse_id, n.rule_id
    FROM (SELECT l.did_id, l.rse_id, l.rule_id,
                 row_number() OVER (PARTITION BY l.did_id
                   ORDER BY ${bestLock}) AS place
            FROM locks l WHERE l.rule_id = ${rule.id} AND NOT ${isMoving(sql`l`)}) n
   WHERE n.place > ${placesOf(rule)}
   LIMIT ${lit(limit)}`;

/** Locks that file `n` may have: where datasets stay together each by itself, so many for each. */
const placesOf = (rule: Rule): Sql =>
  byDataset(rule)
    ? sql`${rule.copies}::int * (
        SELECT count(*) FROM contents ct WHERE ct.child_id = n.did_id
           AND ct.parent_id IN (SELECT b.id FROM (${datasetsBelow(rule.didId)}) b))`
    : sql`${rule.copies}::int`;

/** Files below a rule's DID that have fewer locks than copies, without those that move away. */
async function filesShort(tx: Tx, rule: Rule, limit: number): Promise<DidId[]> {
  const found = await rows<{ didId: DidId }>(
    tx,
    sql`SELECT b.did_id AS "didId" FROM (${filesBelow(rule.didId)}) b
         WHERE (SELECT count(*) FROM locks l WHERE l.did_id = b.did_id AND ${isOfRule(sql`l`, sql`${rule.id}::bigint`)}
                   AND NOT ${isMoving(sql`l`)}) < ${rule.copies}::int
         ORDER BY b.did_id LIMIT ${lit(limit)}`,
  );
  return found.map(({ didId }) => didId);
}

/** All of them or none: a rule that lacks locks must not look as if it had them. */
async function placeMissing(
  tx: Tx,
  rule: Rule,
  sites: Sites,
  missing: readonly DidId[],
  terms: JudgeTerms,
): Promise<void> {
  const files = sql`SELECT d.id AS did_id, coalesce(d.bytes, 0) AS bytes FROM dids d
                     WHERE d.id = ANY (${missing}::bigint[])`;
  const ranked = await rankFiles(tx, rule, files, weighted(sites.candidates));
  const { constraints } = sites;
  const { copies, charge, short } = fillCopies(ranked, sites.candidates, constraints);
  if (short[0]) {
    throw tooFew(rule, { constraints, candidates: charged(sites.candidates, charge) }, short[0]);
  }
  const tally = await placeSlice(tx, { rule, sites, files, copies: theseCopies(copies) }, terms);
  if (tally.queued > 0) await ring(tx, Channel.REQUESTS);
}
