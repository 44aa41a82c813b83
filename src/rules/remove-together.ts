import { rows, sql, type Tx } from '../db/index.js';
import { releaseTheseLocks } from '../locks/index.js';
import { type RuleId, type RuleState } from '../vocabulary/index.js';
import { type Removal, releaseGone, type RemovalTerms, removeRules } from './remove-rules.js';
import { archiveRules, keepStates } from './rule.sql.js';

interface SmallRule {
  readonly id: RuleId;
  readonly state: RuleState;
}

/**
 * Removes rules as `removeRules` does, those with few locks together, by as many statements as for one.
 * Repeat while `more`.
 */
export async function removeTogether(
  tx: Tx,
  ruleIds: readonly RuleId[],
  terms: RemovalTerms,
): Promise<Removal> {
  const small = await holdSmall(tx, ruleIds, terms.locksMax);
  if (small.length === 0) return await removeRules(tx, ruleIds.slice(0, 1), terms);
  const ids = small.map(({ id }) => id);
  const these = sql`ANY (${ids}::bigint[])`;
  const gone = releaseTheseLocks(
    sql`SELECT did_id, rse_id, rule_id FROM locks WHERE rule_id = ${these}`,
  );
  const purge = sql`r.purge_replicas`;
  const { count } = await releaseGone(
    tx,
    gone,
    {
      copies: sql`SELECT g.did_id, g.rse_id, count(*)::int AS released,
                         bool_and(coalesce(${terms.purge ?? null}::boolean, ${purge})) AS purge
                    FROM gone g JOIN rules r ON r.id = g.rule_id GROUP BY g.did_id, g.rse_id`,
      charges: sql`SELECT r.account_id, g.rse_id, -count(*) AS files, -sum(g.bytes) AS bytes
                     FROM gone g JOIN rules r ON r.id = g.rule_id GROUP BY r.account_id, g.rse_id`,
    },
    terms,
  );
  // Without their locks they would be OK, and their parents would go too.
  await keepStates(tx, small);
  await archiveRules(tx, ids, terms.now);
  return { rules: ids.length, locks: count, more: ids.length < ruleIds.length };
}

/** Holds the first of these rules that have so few locks together, and that no other is to follow. */
const holdSmall = (tx: Tx, ruleIds: readonly RuleId[], locksMax: number): Promise<SmallRule[]> =>
  rows<SmallRule>(
    tx,
    sql`SELECT w.id, w.state FROM (
          SELECT h.id, h.state, sum(h.locks) OVER (ORDER BY h.id) AS upto FROM (
            SELECT r.id, r.state, r.locks_ok + r.locks_replicating + r.locks_stuck AS locks FROM rules r
             WHERE r.id = ANY (${[...ruleIds]}::bigint[]) AND r.child_rule_id IS NULL
             ORDER BY r.id FOR UPDATE) h) w
         WHERE w.upto <= ${locksMax} ORDER BY w.id`,
  );
