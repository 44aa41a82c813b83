import { ident, lit, lits, only, rows, sql, type Tx } from '../db/index.js';
import { type DidId, JobItemState, type RuleId, RuleState } from '../vocabulary/index.js';
import { pending, type PendingItem, type Touched } from './job-item.sql.js';

const { PENDING, DONE } = JobItemState;

/**
 * DIDs of a job have got these rules, as far as each is one's own: DONE, with the rule that was made.
 * One without has the very rule already, or it is on its archive.
 */
export const endWithRules = (
  tx: Tx,
  jobId: bigint,
  didIds: readonly DidId[],
  ruleIds: readonly RuleId[],
): Promise<Touched> =>
  only<Touched>(
    tx,
    sql`WITH made AS MATERIALIZED (
        SELECT d.id AS did_id, r.id AS rule_id
          FROM unnest(${[...didIds]}::bigint[]) AS d(id)
          LEFT JOIN LATERAL (SELECT x.id FROM rules x
            WHERE x.did_id = d.id AND (x.id + 0) = ANY (${[...ruleIds]}::bigint[]) LIMIT 1) r ON true),
      settled AS (
        UPDATE job_items i
           SET state = ${lit(DONE)}, rule_id = coalesce(m.rule_id, 0),
               error = CASE WHEN m.rule_id IS NULL THEN 'it has this rule already, or its archive has' END
          FROM made m
         WHERE i.job_id = ${jobId}::bigint AND i.state = ${lit(PENDING)} AND i.did_id = m.did_id
           AND i.rse_id = 0 AND i.rule_id = 0
        RETURNING i.bytes)
      SELECT count(*) AS count, coalesce(sum(bytes), 0)::bigint AS bytes FROM settled`,
  );

/** DIDs of a job that one rule serves: DONE. */
export const endUnderRule = (
  tx: Tx,
  jobId: bigint,
  didIds: readonly DidId[],
  ruleId: RuleId,
): Promise<Touched> =>
  only<Touched>(
    tx,
    sql`WITH settled AS (
        UPDATE job_items i SET state = ${lit(DONE)}, rule_id = ${ruleId}::bigint
         WHERE i.job_id = ${jobId}::bigint AND i.state = ${lit(PENDING)}
           AND i.did_id = ANY (${[...didIds]}::bigint[]) AND i.rse_id = 0 AND i.rule_id = 0
        RETURNING i.bytes)
      SELECT count(*) AS count, coalesce(sum(bytes), 0)::bigint AS bytes FROM settled`,
  );

const PLACED = [RuleState.OK, RuleState.REPLICATING, RuleState.STUCK] as const;

/**
 * The rules of pending items from the first one on, at most `limit`, that are each on a file of its own
 * and want the same as the first item's rule in everything: they can be placed together.
 */
export async function rulesLike(
  tx: Tx,
  jobId: bigint,
  first: PendingItem,
  limit: number,
): Promise<RuleId[]> {
  const wish = (rule: 'r' | 'f') => {
    const of = ident(rule);
    return sql`(${of}.account_id, ${of}.rse_expression, ${of}.copies, ${of}.weight, ${of}.did_grouping,
      ${of}.source_replica_expression, ${of}.activity, ${of}.priority, ${of}.purge_replicas,
      ${of}.ignore_availability, ${of}.ignore_account_limit, ${of}.constraints)`;
  };
  const found = await rows<{ id: RuleId }>(
    tx,
    sql`SELECT DISTINCT ON (r.did_id) r.id FROM (
          SELECT i.* FROM ${pending(jobId)} AND i.rule_id >= ${first.ruleId}::bigint
           ORDER BY i.rule_id, i.did_id, i.rse_id LIMIT ${lit(limit)}) i
          JOIN rules r ON r.id = i.rule_id
          JOIN rules f ON f.id = ${first.ruleId}
         WHERE r.did_id = i.did_id AND i.rse_id = ${first.rseId}::int
           AND i.target_rse_id IS NOT DISTINCT FROM ${first.targetRseId}::int
           AND r.state IN (${lits(PLACED)}) AND ${wish('r')} IS NOT DISTINCT FROM ${wish('f')}
         ORDER BY r.did_id, r.id`,
  );
  return found.map(({ id }) => id);
}
