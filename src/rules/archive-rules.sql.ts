import { execute, lit, sql, type Tx } from '../db/index.js';
import { type RuleId, RuleState } from '../vocabulary/index.js';

/**
 * Moves rules into history. Their locks must be gone, and none of them waits for another. A rule that
 * waited for one to take its place waits for the one that took this place instead; where there is none,
 * and this one never was OK, it waited in vain and stays: it does not expire any more. A former phase of
 * it goes too.
 */
export async function archiveRules(tx: Tx, ruleIds: readonly RuleId[], now: Date): Promise<void> {
  const these = sql`ANY (${[...ruleIds]}::bigint[])`;
  await execute(
    tx,
    sql`UPDATE rules p
           SET child_rule_id = c.child_rule_id, updated_at = ${now}::timestamptz,
               expires_at = CASE WHEN c.state = ${lit(RuleState.OK)} OR c.child_rule_id IS NOT NULL
                                   OR p.phase_of = c.uid THEN p.expires_at END
          FROM rules c WHERE c.id = ${these} AND p.child_rule_id = c.id`,
  );
  await execute(
    tx,
    // By the names of the columns: those that came later stand in another order. In FROM, where it is
    // called once a rule: (f(…)).* would call it for each of the columns.
    sql`WITH gone AS (DELETE FROM rules WHERE id = ${these} RETURNING *)
      INSERT INTO rules_history
      SELECT h.* FROM gone g JOIN dids d ON d.id = g.did_id
       CROSS JOIN LATERAL jsonb_populate_record(NULL::rules_history, to_jsonb(g) || jsonb_build_object(
               'scope', d.scope, 'name', d.name, 'did_type', d.type,
               'updated_at', ${now}::timestamptz, 'deleted_at', ${now}::timestamptz)) h`,
  );
}
