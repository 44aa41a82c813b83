import { lit, ring, rows, sql, type Sql, type Tx } from '../db/index.js';
import { releaseLocks, releaseLocksOfEach } from '../locks/index.js';
import { type ReleaseTerms } from '../replicas/index.js';
import { Channel, type RuleId, RuleState } from '../vocabulary/index.js';
import { archiveRules } from './archive-rules.sql.js';
import { type GuardedTerms, releaseSlice, releaseToEnd } from './release-locks.js';
import { hasLocks, writeRule } from './rule.sql.js';

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
 * Ends rules: as many together as have at most `locksMax` locks in all, by as many statements as for
 * one; or else a slice of one. Their locks are released: copies that lose their last one get a tombstone,
 * their pending requests are cancelled, the accounts are given back what they were charged. A rule
 * without a lock goes into history, as it stood when this transaction began. What is locked by now stays.
 * Repeat while `more`.
 */
export async function removeRules(
  tx: Tx,
  ruleIds: readonly RuleId[],
  terms: RemovalTerms,
): Promise<Removal> {
  const held = inTurn(await holdRules(tx, ruleIds), ruleIds);
  const [first] = held;
  if (!first) return { rules: 0, locks: 0, more: false };
  const ending = endingTogether(held, terms.locksMax);
  if (ending.length === 0) return await shorten(tx, first, terms);
  const locks = await endRules(tx, ending, terms);
  return { rules: ending.length, locks, more: ending.length < held.length };
}

/** A rule that is to end. */
interface HeldRule {
  readonly id: RuleId;
  readonly accountId: number;
  readonly purge: boolean;
  readonly state: RuleState;
  readonly locks: bigint;
  readonly childRuleId: RuleId | null;
}

/** One that is held, among others. */
interface EndingRule extends HeldRule {
  /** By its child. */
  readonly replaced: boolean;
  /** By one of the others, whose child it is. */
  readonly awaited: boolean;
}

const locksOf = sql`(r.locks_ok + r.locks_replicating + r.locks_stuck)`;

const holdRules = (tx: Tx, ruleIds: readonly RuleId[]): Promise<HeldRule[]> =>
  rows<HeldRule>(
    tx,
    sql`SELECT r.id, r.account_id AS "accountId", r.purge_replicas AS purge, r.state, ${locksOf} AS locks,
               r.child_rule_id AS "childRuleId"
          FROM rules r WHERE r.id = ANY (${[...ruleIds]}::bigint[]) AND NOT r.locked
         ORDER BY r.id FOR UPDATE`,
  );

/**
 * As they were given, because of several rules on one copy the last one says whether it goes at once;
 * but a child after what it replaces, which would forget that it was replaced.
 */
function inTurn(held: readonly HeldRule[], given: readonly RuleId[]): EndingRule[] {
  const turns = new Map(given.map((id, turn) => [id, turn]));
  const turnOf = ({ id }: HeldRule) => turns.get(id) ?? 0;
  const children = new Set(held.map(({ childRuleId }) => childRuleId));
  return held
    .map((rule) => ({
      ...rule,
      replaced: rule.childRuleId !== null,
      awaited: children.has(rule.id),
    }))
    .sort((a, b) => Number(a.awaited) - Number(b.awaited) || turnOf(a) - turnOf(b));
}

/**
 * The first of them that have so few locks in all; either all were replaced or none was, because one
 * guard is for all.
 */
function endingTogether(held: readonly EndingRule[], locksMax: number): EndingRule[] {
  const fitting = held.filter(({ locks, awaited }) => locks <= locksMax && !awaited);
  let left = BigInt(locksMax);
  return fitting.filter(({ locks, replaced }) => {
    if (replaced !== fitting[0]?.replaced || locks > left) return false;
    left -= locks;
    return true;
  });
}

/** All of their locks go, and then themselves. Gives the number of locks. */
async function endRules(
  tx: Tx,
  ending: readonly EndingRule[],
  terms: RemovalTerms,
): Promise<number> {
  const ids = ending.map(({ id }) => id);
  const purging = ending.map(({ purge }) => terms.purge ?? purge);
  const last = sql`max(array_position(${ids}::bigint[], g.rule_id))`;
  const purge =
    new Set(purging).size > 1 ? sql`(${purging}::boolean[])[${last}]` : sql`${purging[0]}::boolean`;
  const counted = Number(ending.reduce((sum, rule) => sum + rule.locks, 0n));
  const gone = releaseLocksOfEach(ids, terms.locksMax);
  let locks = 0;
  // One that changes meanwhile may be left, and counters may be wrong: then until none is found.
  for (let some = -1; some !== 0 && locks !== counted;) {
    some = await releaseToEnd(tx, gone, purge, guarding(ending, terms));
    locks += some;
  }
  await archiveRules(tx, ids, terms.now);
  return locks;
}

/** Nobody asked for the end of what a moved or reduced rule protected. */
const guarding = (ending: readonly EndingRule[], terms: ReleaseTerms): GuardedTerms =>
  ending.some(({ replaced }) => replaced) ? { ...terms, guard: 'move' } : terms;

/** A slice of its locks goes; and itself, if it has none, whatever its counters say. */
async function shorten(tx: Tx, rule: EndingRule, terms: RemovalTerms): Promise<Removal> {
  const held = { ...rule, purge: terms.purge ?? rule.purge };
  const gone = releaseLocks(rule.id, terms.locksMax);
  const locks = await releaseSlice(tx, held, gone, guarding([rule], terms));
  // Without these locks it would be OK, and its parent would go too. Nor is it placed as a whole any
  // more: whoever takes the end back has to place it anew.
  const left = [sql`state = ${lit(rule.state)}`, sql`inject_at = ${terms.now}::timestamptz`];
  await writeRule(tx, rule.id, left, terms.now);
  if (locks > 0 || (await hasLocks(tx, rule.id))) return { rules: 0, locks, more: true };
  await archiveRules(tx, [rule.id], terms.now);
  return { rules: 1, locks, more: true };
}

export interface ExpiryTerms extends RemovalTerms {
  /** So many rules of few locks may end in this transaction. Default: one. */
  readonly rulesMax?: number;
}

/**
 * Ends the rule that has expired the longest and that nobody works on, or a slice of its locks; one of
 * few locks with others of few: each may have its part of `locksMax`. A rule with a child waits until the
 * child is OK. Undefined if none is due.
 */
export async function expireNext(tx: Tx, terms: ExpiryTerms): Promise<Removal | undefined> {
  const { now, locksMax, rulesMax = 1 } = terms;
  const [first] = await claimExpired(tx, now, { limit: 1, which: sql`true` });
  if (!first) return undefined;
  const part = BigInt(Math.floor(locksMax / rulesMax));
  const alike = sql`r.id <> ${first.id} AND ${locksOf} <= ${part}::bigint
    AND (r.child_rule_id IS NOT NULL) = ${first.replaced}::boolean`;
  const others =
    rulesMax > 1 && first.locks <= part
      ? await claimExpired(tx, now, { limit: rulesMax - 1, which: alike })
      : [];
  const ids = [first, ...others].map(({ id }) => id);
  const removal = await removeRules(tx, ids, terms);
  if (removal.locks > 0) await ring(tx, Channel.DELETION);
  return removal;
}

/** Due rules `r`, held: those that have expired the longest. */
const claimExpired = (
  tx: Tx,
  now: Date,
  { limit, which }: { readonly limit: number; readonly which: Sql },
): Promise<{ id: RuleId; locks: bigint; replaced: boolean }[]> =>
  rows(
    tx,
    sql`SELECT r.id, ${locksOf} AS locks, r.child_rule_id IS NOT NULL AS replaced FROM rules r
         WHERE r.expires_at <= ${now}::timestamptz AND NOT r.locked AND ${which}
           AND NOT EXISTS (SELECT FROM rules c WHERE c.id = r.child_rule_id AND c.state <> ${lit(RuleState.OK)})
         ORDER BY r.expires_at, r.id LIMIT ${lit(limit)} FOR UPDATE OF r SKIP LOCKED`,
  );
