import { execute, lit, rows, sql, type Tx } from '../db/index.js';
import { type RseId, type RuleId, RuleState } from '../vocabulary/index.js';
import { type StoredPlacement } from './rule.js';
import { isTold, type MovedRule, tellRules, toldOf } from './told.sql.js';
import { errorText, writeRule } from './rule.sql.js';

/**
 * Everything is placed: the rules' state follows their locks from now on. Their rows must be held,
 * or be this transaction's own.
 */
export async function finishInjection(
  tx: Tx,
  ruleIds: readonly RuleId[],
  now: Date,
): Promise<void> {
  const { STUCK, REPLICATING, OK } = RuleState;
  const placed = await rows<MovedRule>(
    tx,
    sql`UPDATE rules
           SET inject_at = NULL, cursor_dataset = NULL, cursor_child = NULL, updated_at = ${now}::timestamptz,
               placement = placement - 'datasets',
               state = CASE WHEN locks_stuck > 0 THEN ${lit(STUCK)}
                            WHEN locks_replicating > 0 THEN ${lit(REPLICATING)} ELSE ${lit(OK)} END,
               error = CASE WHEN locks_stuck > 0 THEN coalesce(error, 'MissingSourceReplica') END,
               stuck_at = CASE WHEN locks_stuck > 0 THEN coalesce(stuck_at, ${now}::timestamptz)
                               WHEN locks_replicating > 0 THEN stuck_at END,
               repair_attempts = CASE WHEN locks_stuck > 0 OR locks_replicating > 0 THEN repair_attempts ELSE 0 END,
               repair_at = CASE WHEN locks_stuck > 0 THEN coalesce(repair_at, ${now}::timestamptz) END
         WHERE id = ANY (${[...ruleIds]}::bigint[]) AND state = ${lit(RuleState.INJECT)}
        RETURNING id, ${isTold(sql`rules`)} AS told`,
  );
  await tellRules(tx, toldOf(placed));
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
