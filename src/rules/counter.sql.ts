import { lit, sql, type Sql } from '../db/index.js';
import { RuleState } from '../vocabulary/index.js';
import { isNews } from './told.sql.js';

/** Characters of a rule's error that are shown, before three dots. */
export const ERROR_LENGTH = 245;

/** States that no count of locks ends: somebody decides, or the injector does. */
const decided = sql`r.state IN (${lit(RuleState.SUSPENDED)}, ${lit(RuleState.WAITING_APPROVAL)}, ${lit(RuleState.INJECT)})`;

/**
 * CTE body: counters and state of rules follow their locks. `from` gives (rule_id, ok, replicating,
 * stuck, error), as many rows a rule as there are. A rule with a stuck lock, or one whose placement
 * is not finished (inject_at), is STUCK; one without a replicating lock is OK.
 * Rules are locked in the order of their ids. Gives (id, state, news): see tellRules.
 */
export const recountRules = (from: Sql, now: Date): Sql => sql`
  UPDATE rules r
     SET locks_ok = r.locks_ok + w.ok,
         locks_replicating = r.locks_replicating + w.replicating,
         locks_stuck = r.locks_stuck + w.stuck,
         updated_at = ${now}::timestamptz,
         ${stateByCounts(now, sql`w.replicating`, sql`w.stuck`, sql`w.error`)}
    FROM (SELECT x.id, x.state AS was, x.locks_replicating AS was_replicating, s.*
            FROM (SELECT f.rule_id, sum(f.ok)::bigint AS ok, sum(f.replicating)::bigint AS replicating,
                         sum(f.stuck)::bigint AS stuck, max(f.error) AS error
                    FROM (${from}) f GROUP BY f.rule_id) s
            JOIN rules x ON x.id = s.rule_id
           ORDER BY x.id FOR NO KEY UPDATE OF x) w
   WHERE r.id = w.id
  RETURNING r.id, r.state, ${isNews} AS news`;

/**
 * CTE body: one rule after a slice of its locks. `from` gives (ok, replicating, stuck, error); with
 * `cursor` the injection has come to the file that `child` gives. Gives (id, state, news).
 */
export const advanceRule = (
  ruleId: bigint,
  from: Sql,
  step: { readonly now: Date; readonly cursor?: { readonly dataset: bigint; readonly child: Sql } },
): Sql => sql`
  UPDATE rules r
     SET locks_ok = r.locks_ok + w.ok,
         locks_replicating = r.locks_replicating + w.replicating,
         locks_stuck = r.locks_stuck + w.stuck,
         updated_at = ${step.now}::timestamptz,
         ${
           step.cursor
             ? sql`cursor_dataset = ${step.cursor.dataset}::bigint,
                   cursor_child = coalesce((${step.cursor.child}),
                     CASE WHEN r.cursor_dataset = ${step.cursor.dataset}::bigint THEN r.cursor_child END),`
             : sql``
         }
         ${stateByCounts(step.now, sql`w.replicating`, sql`w.stuck`, sql`w.error`)}
    FROM (SELECT coalesce(sum(f.ok), 0)::bigint AS ok, coalesce(sum(f.replicating), 0)::bigint AS replicating,
                 coalesce(sum(f.stuck), 0)::bigint AS stuck, max(f.error) AS error,
                 (SELECT x.state FROM rules x WHERE x.id = ${ruleId}::bigint) AS was,
                 (SELECT x.locks_replicating FROM rules x WHERE x.id = ${ruleId}::bigint) AS was_replicating
            FROM (${from}) f) w
   WHERE r.id = ${ruleId}::bigint
  RETURNING r.id, r.state, ${isNews} AS news`;

/**
 * Assignments of state, error, stuck_at, repair_attempts and repair_at of rule `r` whose counters change
 * by so much. A rule that is tried again stays stuck since when it was; only OK ends that. One that wants
 * its copies elsewhere is repaired at once.
 */
export function stateByCounts(now: Date, replicating: Sql, stuck: Sql, error: Sql): Sql {
  const isStuck = sql`(r.locks_stuck + ${stuck} > 0 OR r.inject_at IS NOT NULL)`;
  return sql`
    state = CASE WHEN ${decided} THEN r.state
                 WHEN ${isStuck} THEN ${lit(RuleState.STUCK)}
                 WHEN r.locks_replicating + ${replicating} > 0 THEN ${lit(RuleState.REPLICATING)}
                 ELSE ${lit(RuleState.OK)} END,
    error = CASE WHEN ${decided} THEN r.error WHEN ${isStuck} THEN coalesce(${shortened(error)}, r.error) END,
    stuck_at = CASE WHEN ${decided} OR NOT ${isStuck} AND r.locks_replicating + ${replicating} > 0 THEN r.stuck_at
                    WHEN ${isStuck} THEN coalesce(r.stuck_at, ${now}::timestamptz) END,
    repair_attempts = CASE WHEN ${decided} OR ${isStuck} OR r.locks_replicating + ${replicating} > 0
                           THEN r.repair_attempts ELSE 0 END,
    repair_at = CASE WHEN ${decided} THEN r.repair_at
                     WHEN ${isStuck} AND ${stuck} > 0 AND ${goesElsewhere} THEN ${now}::timestamptz
                     WHEN ${isStuck} THEN coalesce(r.repair_at, ${now}::timestamptz) END`;
}

const goesElsewhere: Sql = sql`r.repair_policy ->> 'onStuck' IS NOT DISTINCT FROM 'elsewhere'`;

/** What a storage said, cut as `errorText` cuts what we say ourselves. */
const shortened = (error: Sql): Sql =>
  sql`CASE WHEN length(${error}) > ${lit(ERROR_LENGTH)} THEN left(${error}, ${lit(ERROR_LENGTH)}) || '...' ELSE ${error} END`;
