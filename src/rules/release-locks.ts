import { addAccountUsage } from '../accounts/index.js';
import { lit, only, sql, type Sql, type Tx } from '../db/index.js';
import { forgetStuckLocks } from '../locks/index.js';
import {
  addGuards,
  copiesLeft,
  dropGuards,
  releaseCopies,
  type ReleaseTerms,
} from '../replicas/index.js';
import { cancelRequests, keepCancelled } from '../requests/index.js';
import { LockState, type RuleId } from '../vocabulary/index.js';
import { recountRules } from './counter.sql.js';
import { newsOf, tellRules } from './told.sql.js';

interface HeldRule {
  readonly accountId: number;
  readonly purge: boolean;
}

/** With `guard`, copies whose protection ends here are remembered: they may not be the last ones to go. */
export type GuardedTerms = ReleaseTerms & { readonly guard?: string };

/**
 * Takes the locks that `gone` deletes (did_id, rse_id, rule_id, bytes, state) off one rule, in one
 * statement through all owners. Gives the number of locks.
 */
export async function release(
  tx: Tx,
  rule: HeldRule,
  gone: Sql,
  terms: GuardedTerms,
): Promise<number> {
  const { count, news } = await releaseGone(tx, gone, ofOne(rule), recounted(terms), terms);
  await tellRules(tx, news);
  return count;
}

/** The same for a part of the locks of a rule that is on its way out: it has not come to be OK. */
export const releaseSlice = async (
  tx: Tx,
  rule: HeldRule,
  gone: Sql,
  terms: GuardedTerms,
): Promise<number> => (await releaseGone(tx, gone, ofOne(rule), recounted(terms), terms)).count;

/**
 * The same for locks of any rules, of which `gone` may have several on one copy. `purges` tells of a row
 * `g` of them whether the copy is to go at once; all must say so. Gives the number of locks.
 */
export async function releaseOfMany(
  tx: Tx,
  gone: Sql,
  purges: Sql,
  terms: GuardedTerms,
): Promise<number> {
  const consequences = ofMany(sql`bool_and(${purges})`);
  const { count, news } = await releaseGone(tx, gone, consequences, recounted(terms), terms);
  await tellRules(tx, news);
  return count;
}

/**
 * The same for all locks of rules that end with this transaction: these stay as they were. `purge` is an
 * aggregate over the rows `g` of a copy.
 */
export const releaseToEnd = async (
  tx: Tx,
  gone: Sql,
  purge: Sql,
  terms: GuardedTerms,
): Promise<number> => (await releaseGone(tx, gone, ofMany(purge), NOT_RECOUNTED, terms)).count;

/** What the locks that go mean to others, from the CTE `gone`. */
interface Consequences {
  /** (did_id, rse_id, released, purge), a copy once. */
  readonly copies: Sql;
  /** (account_id, rse_id, files, bytes), negative. */
  readonly charges: Sql;
}

const ofOne = ({ accountId, purge }: HeldRule): Consequences => ({
  copies: sql`SELECT did_id, rse_id, 1 AS released, ${purge}::boolean AS purge FROM gone`,
  charges: sql`SELECT ${accountId}::int AS account_id, rse_id, -count(*) AS files, -sum(bytes) AS bytes
                 FROM gone GROUP BY rse_id`,
});

const ofMany = (purge: Sql): Consequences => ({
  copies: sql`SELECT g.did_id, g.rse_id, count(*)::int AS released, ${purge} AS purge
                FROM gone g GROUP BY g.did_id, g.rse_id`,
  charges: sql`SELECT r.account_id, g.rse_id, -sum(g.files) AS files, -sum(g.bytes) AS bytes
                 FROM (SELECT rule_id, rse_id, count(*) AS files, sum(bytes) AS bytes
                         FROM gone GROUP BY rule_id, rse_id) g
                 JOIN rules r ON r.id = g.rule_id GROUP BY r.account_id, g.rse_id`,
});

const letter = (state: LockState) => sql`-(state = ${lit(state)})::int`;

/** What becomes of the rules: rows (id, news). */
const recounted = ({ now }: ReleaseTerms): Sql =>
  recountRules(
    sql`SELECT rule_id, ${letter(LockState.OK)} AS ok, ${letter(LockState.REPLICATING)} AS replicating,
               ${letter(LockState.STUCK)} AS stuck, NULL::text AS error FROM gone`,
    now,
  );
const NOT_RECOUNTED = sql`SELECT NULL::bigint AS id, false AS news WHERE false`;

/** One statement through all owners: `gone` deletes locks (did_id, rse_id, rule_id, bytes, state). */
async function releaseGone(
  tx: Tx,
  gone: Sql,
  { copies, charges }: Consequences,
  recounted: Sql,
  terms: GuardedTerms,
): Promise<{ count: number; news: RuleId[] | null }> {
  // A lock whose copy is not there protected what the copy is made from. What was guarded before is
  // free where the end is asked for.
  const unmade = sql`SELECT did_id FROM gone WHERE state <> ${lit(LockState.OK)}`;
  const guards = terms.guard
    ? addGuards(
        sql`SELECT did_id, rse_id FROM copies WHERE lock_cnt = 0 AND NOT cancel
            UNION SELECT * FROM (${copiesLeft(unmade)}) l`,
        terms.guard,
      )
    : dropGuards(sql`SELECT did_id, rse_id FROM copies WHERE lock_cnt = 0`);
  return await only<{ count: number; news: RuleId[] | null }>(
    tx,
    sql`WITH gone AS (${gone}),
      copies AS (${releaseCopies(copies, terms)}),
      guards AS (${guards}),
      cancelled AS (${cancelRequests(sql`SELECT did_id, rse_id FROM copies WHERE cancel`)}),
      kept AS (${keepCancelled(sql`SELECT * FROM cancelled`, terms.now)}),
      forgotten AS (${forgetStuckLocks(sql`SELECT did_id, rse_id, rule_id FROM gone WHERE state <> ${lit(LockState.OK)}`)}),
      refunded AS (${addAccountUsage(charges)}),
      recounted AS (${recounted})
      SELECT count(*)::int AS count, ${newsOf(sql`recounted`)} AS news FROM gone`,
  );
}
