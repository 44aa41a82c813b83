import { lit, only, ring, sql, type Tx } from '../db/index.js';
import { SluiceError } from '../errors/index.js';
import { followCopies, forgetStuckLocks, recordStuckLocks } from '../locks/index.js';
import { restartCopies } from '../replicas/index.js';
import { queueCopies, tellQueued } from '../requests/index.js';
import { Channel, ReplicaState, type RuleId, RuleState } from '../vocabulary/index.js';
import { completeRule } from './complete-rule.js';
import { recountRules } from './counter.sql.js';
import { alertOwner } from './alert-owner.js';
import { moveTiredLocks } from './move-locks.js';
import { decideRepair, type StuckRule } from './repair-policy.js';
import { type Rule } from './rule.js';
import { placeAnew } from './injection.sql.js';
import { errorText, keepStuck, scheduleRepair, selectRules, writeRule } from './rule.sql.js';
import { findSites, type Sites } from './sites.js';
import { isLostFile, startable, wantedRequests, whyStuck } from './startable.sql.js';
import { isDue, type MoveTerms } from './tired-locks.js';
import { newsOf, tellRules } from './told.sql.js';

export interface RepairTerms extends MoveTerms {
  /** A rule stuck for so long is SUSPENDED, unless its policy says otherwise. */
  readonly suspendAfterSeconds: number;
}

export interface Repair {
  readonly retried: number;
  readonly moved: number;
}

/**
 * Repairs the oldest STUCK rule that is due and that nobody works on. Its expressions are resolved
 * again; locks that are missing are made, those it should not have released; locks whose time has
 * come move to another RSE (`moveTiredLocks`) or are tried again where they are. A rule whose
 * placement failed goes to the injector again. Its `stuck_at` stays until it is OK, and so does the
 * count of its repairs: by both its policy says when it is suspended, its owner told, or its locks
 * moved at once (`decideRepair`).
 * At most about `sliceLocks` locks. Undefined if no rule is due.
 */
export async function repairNext(tx: Tx, terms: RepairTerms): Promise<Repair | undefined> {
  const [rule] = await selectRules(tx, {
    where: sql`r.state = ${lit(RuleState.STUCK)} AND r.repair_at <= ${terms.now}::timestamptz`,
    limit: 1,
    hold: 'skip',
  });
  if (!rule) return undefined;
  const none = { retried: 0, moved: 0 };
  const decision = decideRepair(rule.repairPolicy, stuckRule(rule, terms.now), terms);
  if (decision.alert) await alertOwner(tx, rule, terms.now);
  if (decision.suspend) {
    await writeRule(tx, rule.id, [sql`state = ${lit(RuleState.SUSPENDED)}`], terms.now);
    return none;
  }
  try {
    return await repairLocks(tx, rule, await findSites(tx, rule), { ...terms, ...decision });
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    const next = new Date(terms.now.getTime() + terms.lockRetrySeconds * 1000);
    const assignments = [
      sql`error = ${errorText(error.message)}`,
      sql`repair_at = ${next}::timestamptz`,
      sql`repair_attempts = repair_attempts + 1`,
    ];
    await writeRule(tx, rule.id, assignments, terms.now);
    return none;
  }
}

const stuckRule = ({ repairAttempts, stuckAt }: Rule, now: Date): StuckRule => ({
  attempts: repairAttempts,
  stuckSeconds: stuckAt === null ? 0 : (now.getTime() - stuckAt.getTime()) / 1000,
});

async function repairLocks(tx: Tx, rule: Rule, sites: Sites, terms: RepairTerms): Promise<Repair> {
  const completion = await completeRule(tx, rule, sites, terms);
  const moved = await moveTiredLocks(tx, rule, sites, terms);
  // A full slice leaves some behind, which are to follow and not to be tried again where they are.
  const retried = moved < terms.sliceLocks ? await retryLocks(tx, rule, sites, terms) : 0;
  const tried = moved + retried > 0 || completion === 'injecting' ? 1 : 0;
  const repairAttempts = rule.repairAttempts + tried;
  await keepStuck(tx, rule.id, { stuckAt: rule.stuckAt, repairAttempts });
  if (completion === 'complete') await scheduleNext(tx, rule, terms);
  return { retried, moved };
}

/** What came of a look at a rule's stuck locks. */
interface Retrial {
  readonly retried: number;
  readonly queued: number;
  readonly news: RuleId[] | null;
}

/**
 * Tries stuck locks again where they are, in one statement: copies that can be made now are COPYING
 * with a request; copies that others have brought back meanwhile count as they are; what still
 * cannot be made counts an attempt and waits.
 */
async function retryLocks(tx: Tx, rule: Rule, sites: Sites, terms: RepairTerms): Promise<number> {
  const { retried, queued, news } = await only<Retrial>(
    tx,
    sql`WITH due AS MATERIALIZED (
        SELECT s.did_id, s.rse_id FROM stuck_locks s, locks l
         WHERE ${isDue(rule, terms.now)} ORDER BY s.did_id, s.rse_id LIMIT ${lit(terms.sliceLocks)}),
      copies AS (${restartCopies(sql`SELECT p.did_id, p.rse_id, ${startable(sites)} AS startable FROM due p`)}),
      followed AS (${followCopies(
        sql`SELECT did_id, rse_id, state FROM copies c WHERE NOT ${badAndLost}`,
        rule.id,
      )}),
      queued AS (${queueCopies(wantedRequests(rule, sites, sql`copies`))}),
      told AS (${tellQueued(sql`SELECT * FROM queued`, terms.now)}),
      waiting AS (${recordStuckLocks(
        sql`SELECT did_id, rse_id, ${rule.id}::bigint AS rule_id,
                   ${whyStuck(sites, sql`c`)} AS cause,
                   NULL::int AS source_rse_id, NULL::text AS error, NULL::text AS expected, NULL::text AS found
              FROM copies c WHERE state = ${lit(ReplicaState.UNAVAILABLE)} OR ${badAndLost}`,
        terms,
      )}),
      cleared AS (${forgetStuckLocks(sql`SELECT did_id, rse_id, rule_id FROM followed WHERE ok = 1`)}),
      recounted AS (${recountRules(
        sql`SELECT rule_id, ok, replicating, stuck, error FROM followed`,
        terms.now,
      )})
      SELECT (SELECT count(*)::int FROM followed) AS retried, (SELECT count(*)::int FROM queued) AS queued,
             ${newsOf(sql`recounted`)} AS news`,
  );
  await tellRules(tx, news);
  if (queued > 0) await ring(tx, Channel.REQUESTS);
  return retried;
}

/** Condition on copy `c`: it is bad, and no good one is left to make it from. */
const badAndLost = sql`(c.state = ${lit(ReplicaState.BAD)} AND ${isLostFile(sql`c`)})`;

/** When to look at the rule again; or, where its placement failed and its time has come, the injector. */
async function scheduleNext(tx: Tx, rule: Rule, terms: RepairTerms): Promise<void> {
  if (rule.injectAt !== null && rule.injectAt <= terms.now) {
    await placeAnew(tx, rule.id, terms.now);
    return await ring(tx, Channel.INJECTION);
  }
  await scheduleRepair(tx, [rule.id]);
}
