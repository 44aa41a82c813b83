import { lit, one, only, ring, rows, sql, type Sql, type Tx } from '../db/index.js';
import { addAccountUsage } from '../accounts/index.js';
import { forgetStuckLocks, releaseLocks } from '../locks/index.js';
import {
  addGuards,
  copiesLeft,
  dropGuards,
  releaseCopies,
  type ReleaseTerms,
} from '../replicas/index.js';
import { cancelRequests, keepCancelled } from '../requests/index.js';
import { Channel, LockState, type RuleId, RuleState } from '../vocabulary/index.js';
import { recountRules } from './counter.sql.js';
import { archiveRules, hasLocks, writeRule } from './rule.sql.js';
import { newsOf, tellRules } from './told.sql.js';

export interface RemovalTerms extends ReleaseTerms {
  /** At most so many locks in this transaction. */
  readonly locksMax: number;
  /** Overrides the rules' own `purge_replicas`. */
  readonly purge?: boolean;
}

export interface Removal {
  readonly rules: number;
  readonly locks: number;
  /** Locks are left, and with them their rules: come again, in a new transaction. */
  readonly more: boolean;
}

/**
 * Releases the locks of rules, at most `locksMax` of them, and moves each rule without a lock into
 * history. Copies that lose their last lock get a tombstone, their pending requests are cancelled,
 * the account is given back what it was charged. Repeat while `more`.
 */
export async function removeRules(
  tx: Tx,
  ruleIds: readonly bigint[],
  terms: RemovalTerms,
): Promise<Removal> {
  const held = await rows<HeldRule & { replaced: boolean; state: RuleState }>(
    tx,
    sql`SELECT id, account_id AS "accountId", purge_replicas AS purge, state,
               child_rule_id IS NOT NULL AS replaced FROM rules
         WHERE id = ANY (${[...ruleIds]}::bigint[]) ORDER BY id FOR UPDATE`,
  );
  let left = terms.locksMax;
  let removed = 0;
  for (const rule of held) {
    if (left <= 0) break;
    const purge = terms.purge ?? rule.purge;
    // Nobody asked for the end of what a moved or reduced rule protected.
    const guarded = rule.replaced ? { ...terms, guard: 'move' } : terms;
    left -= await release(tx, { ...rule, purge, ends: true }, releaseLocks(rule.id, left), guarded);
    // Without its locks it would be OK, and its parent would go too.
    const state = sql`state = ${lit(rule.state)}`;
    if (await hasLocks(tx, rule.id)) {
      // Not placed as a whole any more: whoever takes the end back has to place it anew.
      await writeRule(tx, rule.id, [state, sql`inject_at = ${terms.now}::timestamptz`], terms.now);
      break;
    }
    await writeRule(tx, rule.id, [state], terms.now);
    await archiveRules(tx, [rule.id], terms.now);
    removed++;
  }
  return { rules: removed, locks: terms.locksMax - left, more: removed < held.length };
}

/**
 * Releases one slice of the rule that has expired the longest and that nobody works on, or ends it.
 * A rule with a child waits until the child is OK. Undefined if none is due.
 */
export async function expireNext(tx: Tx, terms: RemovalTerms): Promise<Removal | undefined> {
  const due = await one<{ id: bigint }>(
    tx,
    sql`SELECT r.id FROM rules r
         WHERE r.expires_at <= ${terms.now}::timestamptz AND NOT r.locked
           AND NOT EXISTS (SELECT FROM rules c WHERE c.id = r.child_rule_id AND c.state <> ${lit(RuleState.OK)})
         ORDER BY r.expires_at, r.id LIMIT 1 FOR UPDATE OF r SKIP LOCKED`,
  );
  if (!due) return undefined;
  const removal = await removeRules(tx, [due.id], terms);
  if (removal.locks > 0) await ring(tx, Channel.DELETION);
  return removal;
}

interface HeldRule {
  readonly id: bigint;
  readonly accountId: number;
  readonly purge: boolean;
  /** All of its locks are to go, and then itself. */
  readonly ends?: boolean;
}

/**
 * Takes the locks that `gone` deletes (did_id, rse_id, rule_id, bytes, state) off one rule, in one
 * statement through all owners. With `guard`, copies whose protection ends here are remembered: they
 * may not be the last ones to go. Gives the number of locks.
 */
export async function release(
  tx: Tx,
  rule: HeldRule,
  gone: Sql,
  terms: ReleaseTerms & { readonly guard?: string },
): Promise<number> {
  const { count, news } = await releaseGone(
    tx,
    gone,
    {
      copies: sql`SELECT did_id, rse_id, 1 AS released, ${rule.purge}::boolean AS purge FROM gone`,
      charges: sql`SELECT ${rule.accountId}::int AS account_id, rse_id, -count(*) AS files, -sum(bytes) AS bytes
                     FROM gone GROUP BY rse_id`,
    },
    terms,
  );
  // A rule that is on its way out has not come to be OK.
  if (!rule.ends) await tellRules(tx, news);
  return count;
}

/**
 * The same for locks of any rules, of which `gone` may have several on one copy. `purges` tells of a row
 * `g` of them whether the copy is to go at once. Gives the number of locks.
 */
export async function releaseOfMany(
  tx: Tx,
  gone: Sql,
  purges: Sql,
  terms: ReleaseTerms & { readonly guard: string },
): Promise<number> {
  const { count, news } = await releaseGone(
    tx,
    gone,
    {
      copies: sql`SELECT g.did_id, g.rse_id, count(*)::int AS released, bool_and(${purges}) AS purge
                    FROM gone g GROUP BY g.did_id, g.rse_id`,
      charges: sql`SELECT r.account_id, g.rse_id, -count(*) AS files, -sum(g.bytes) AS bytes
                     FROM gone g JOIN rules r ON r.id = g.rule_id GROUP BY r.account_id, g.rse_id`,
    },
    terms,
  );
  await tellRules(tx, news);
  return count;
}

/** What the locks that go mean to others, from the CTE `gone`. */
interface Consequences {
  /** (did_id, rse_id, released, purge), a copy once. */
  readonly copies: Sql;
  /** (account_id, rse_id, files, bytes), negative. */
  readonly charges: Sql;
}

/** One statement through all owners: `gone` deletes locks (did_id, rse_id, rule_id, bytes, state). */
export async function releaseGone(
  tx: Tx,
  gone: Sql,
  { copies, charges }: Consequences,
  terms: ReleaseTerms & { readonly guard?: string },
): Promise<{ count: number; news: RuleId[] | null }> {
  const letter = (state: LockState) => sql`-(state = ${lit(state)})::int`;
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
      recounted AS (${recountRules(
        sql`SELECT rule_id, ${letter(LockState.OK)} AS ok, ${letter(LockState.REPLICATING)} AS replicating,
                   ${letter(LockState.STUCK)} AS stuck, NULL::text AS error FROM gone`,
        terms.now,
      )})
      SELECT count(*)::int AS count, ${newsOf(sql`recounted`)} AS news FROM gone`,
  );
}
