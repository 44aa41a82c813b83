import { execute, join, lit, lits, ring, sql, type Sql, type Tx } from '../db/index.js';
import { reprioritiseRequests } from '../requests/index.js';
import { Channel, type RuleId, RuleState } from '../vocabulary/index.js';

/** What many rules are to have otherwise. A missing key stays as it is. */
export interface RulesChange {
  readonly activity?: number;
  readonly priority?: number;
  readonly comment?: string | null;
  /** Seconds from now; null is for ever. */
  readonly lifetime?: number | null;
  readonly purgeReplicas?: boolean;
}

/**
 * Changes rules as `changeRule` does, by as many statements as for one; their requests follow. A rule that
 * another is to take the place of, such as a former phase, keeps its end: it goes when that one is OK.
 * Gives how many there are.
 */
export async function changeRules(
  tx: Tx,
  ruleIds: readonly RuleId[],
  change: RulesChange,
  now: Date,
): Promise<number> {
  const changed = await execute(
    tx,
    sql`UPDATE rules r SET ${join([...assignments(change, now), sql`updated_at = ${now}::timestamptz`], ', ')}
          FROM (SELECT id FROM rules WHERE id = ANY (${[...ruleIds]}::bigint[])
                 ORDER BY id FOR NO KEY UPDATE) held
         WHERE r.id = held.id`,
  );
  const { activity, priority, lifetime } = change;
  if (activity !== undefined || priority !== undefined) {
    await reprioritiseRequests(tx, ruleIds, {
      ...(activity !== undefined && { activity }),
      ...(priority !== undefined && { priority }),
    });
    await ring(tx, Channel.REQUESTS);
  }
  if (lifetime !== undefined && lifetime !== null && lifetime <= 0) await ring(tx, Channel.RULES);
  return changed;
}

const PLACED = [RuleState.OK, RuleState.REPLICATING, RuleState.STUCK] as const;

/** A rule that was about to end, and has lost some of its locks so, is placed anew. */
function expiryOf(lifetime: number | null, now: Date): Sql[] {
  const expiresAt = lifetime === null ? null : new Date(now.getTime() + lifetime * 1000);
  const expires = sql`expires_at = CASE WHEN r.child_rule_id IS NULL THEN ${expiresAt}::timestamptz ELSE r.expires_at END`;
  if (expiresAt !== null && expiresAt <= now) return [expires];
  return [
    expires,
    sql`state = CASE WHEN expires_at <= ${now}::timestamptz AND inject_at IS NOT NULL
                       AND child_rule_id IS NULL AND state IN (${lits(PLACED)}) THEN ${lit(RuleState.INJECT)}::"char" ELSE state END`,
  ];
}

function assignments(change: RulesChange, now: Date): Sql[] {
  const { activity, priority, comment, lifetime, purgeReplicas } = change;
  const set: Sql[] = [];
  if (activity !== undefined) set.push(sql`activity = ${activity}::smallint`);
  if (priority !== undefined) set.push(sql`priority = ${priority}::smallint`);
  if (comment !== undefined) set.push(sql`comments = ${comment}`);
  if (purgeReplicas !== undefined) set.push(sql`purge_replicas = ${purgeReplicas}`);
  if (lifetime !== undefined) set.push(...expiryOf(lifetime, now));
  return set;
}
