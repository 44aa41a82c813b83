import { execute, lit, rows, sql, type Sql, type Tx } from '../db/index.js';
import { type RseId, type RuleId, RuleState } from '../vocabulary/index.js';
import { type StoredPlacement } from './rule.js';
import { isTold, tellRules } from './told.sql.js';
import { errorText, writeRule } from './rule.sql.js';

/**
 * CTE body: everything of these rules in INJECT is placed, and their state follows their locks from now
 * on. `from` gives (rule_id, ok, replicating, stuck) of locks that are not counted yet, as many
 * rows a rule as there are. The rules must be held, or be this transaction's own. Gives (id, news): see
 * tellRules.
 */
export function finishedRules(ruleIds: readonly RuleId[], from: Sql, now: Date): Sql {
  const stuck = sql`r.locks_stuck + w.stuck > 0`;
  const replicating = sql`r.locks_replicating + w.replicating > 0`;
  return sql`
    UPDATE rules r
       SET locks_ok = r.locks_ok + w.ok, locks_replicating = r.locks_replicating + w.replicating,
           locks_stuck = r.locks_stuck + w.stuck,
           inject_at = NULL, cursor_dataset = NULL, cursor_child = NULL, updated_at = ${now}::timestamptz,
           placement = r.placement - 'datasets',
           state = CASE WHEN ${stuck} THEN ${lit(RuleState.STUCK)}
                        WHEN ${replicating} THEN ${lit(RuleState.REPLICATING)} ELSE ${lit(RuleState.OK)} END,
           error = CASE WHEN ${stuck} THEN coalesce(r.error, 'MissingSourceReplica') END,
           stuck_at = CASE WHEN ${stuck} THEN coalesce(r.stuck_at, ${now}::timestamptz)
                           WHEN ${replicating} THEN r.stuck_at END,
           repair_attempts = CASE WHEN ${stuck} OR ${replicating} THEN r.repair_attempts ELSE 0 END,
           repair_at = CASE WHEN ${stuck} THEN coalesce(r.repair_at, ${now}::timestamptz) END
      FROM (SELECT x.id, coalesce(s.ok, 0) AS ok, coalesce(s.replicating, 0) AS replicating,
                   coalesce(s.stuck, 0) AS stuck
              FROM rules x LEFT JOIN (
                SELECT f.rule_id, sum(f.ok)::bigint AS ok, sum(f.replicating)::bigint AS replicating,
                       sum(f.stuck)::bigint AS stuck
                  FROM (${from}) f GROUP BY f.rule_id) s ON s.rule_id = x.id
             WHERE x.id = ANY (${[...ruleIds]}::bigint[])) w
     WHERE r.id = w.id AND r.state = ${lit(RuleState.INJECT)}
    RETURNING r.id, ${isTold(sql`r`)} AS news`;
}

const NONE = sql`SELECT NULL::bigint AS rule_id, 0 AS ok, 0 AS replicating, 0 AS stuck WHERE false`;

/** Everything of these rules is placed, and counted. */
export async function finishInjection(
  tx: Tx,
  ruleIds: readonly RuleId[],
  now: Date,
): Promise<void> {
  const placed = await rows<{ id: RuleId; news: boolean }>(tx, finishedRules(ruleIds, NONE, now));
  await tellRules(
    tx,
    placed.filter(({ news }) => news).map(({ id }) => id),
  );
}

/**
 * The injector begins anew, and passes over what has its locks. `repair_at` is forgotten, or a rule
 * that cannot be placed would be repaired and injected by turns without a pause.
 */
export const placeAnew = (tx: Tx, ruleId: RuleId, now: Date): Promise<void> =>
  writeRule(
    tx,
    ruleId,
    [
      sql`state = ${lit(RuleState.INJECT)}`,
      sql`inject_at = ${now}::timestamptz`,
      sql`repair_at = NULL`,
    ],
    now,
  );

/**
 * Placing failed: STUCK with the reason. At `retryAt` the repairer sends the rule to the injector,
 * which begins anew and passes over what has its locks.
 */
export async function failInjection(
  tx: Tx,
  ruleIds: readonly RuleId[],
  failure: { readonly error: string; readonly now: Date; readonly retryAt: Date },
): Promise<void> {
  await execute(
    tx,
    sql`UPDATE rules r
           SET state = ${lit(RuleState.STUCK)}, error = ${errorText(failure.error)},
               stuck_at = coalesce(r.stuck_at, ${failure.now}::timestamptz),
               inject_at = ${failure.retryAt}::timestamptz,
               repair_at = least(r.repair_at, ${failure.retryAt}::timestamptz),
               cursor_dataset = NULL, cursor_child = NULL, placement = r.placement - 'datasets',
               updated_at = ${failure.now}::timestamptz
          FROM (SELECT id FROM rules WHERE id = ANY (${[...ruleIds]}::bigint[])
                 ORDER BY id FOR NO KEY UPDATE) held
         WHERE r.id = held.id`,
  );
}

/** Remembers a decision of placement. */
export async function storePlacement(
  tx: Tx,
  ruleId: RuleId,
  placement: StoredPlacement,
): Promise<void> {
  await execute(
    tx,
    sql`UPDATE rules SET placement = ${JSON.stringify(placement)}::jsonb WHERE id = ${ruleId}`,
  );
}

/** Remembers decisions for whole rules. */
export async function storePlacements(
  tx: Tx,
  placements: readonly { readonly ruleId: RuleId; readonly rses: readonly RseId[] }[],
): Promise<void> {
  await execute(
    tx,
    sql`UPDATE rules r SET placement = i.placement
          FROM unnest(${placements.map(({ ruleId }) => ruleId)}::bigint[],
                      ${placements.map(({ rses }) => JSON.stringify({ rses }))}::jsonb[])
            AS i(id, placement)
         WHERE r.id = i.id`,
  );
}
