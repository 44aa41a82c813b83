import { rows, sql, type Sql, type Tx } from '../db/index.js';
import { type DidId, DidType, RuleGrouping, type RseId } from '../vocabulary/index.js';
import { type Rule } from './rule.js';

// What stays together: each file by itself, each dataset, or all files of a rule.

/** Whether each file of the rule goes its own way. */
export const alone = ({ grouping, didType }: Rule): boolean =>
  grouping === RuleGrouping.NONE || didType === DidType.FILE;

/** Whether datasets of the rule stay together each by itself. */
export const byDataset = ({ grouping, didType }: Rule): boolean =>
  grouping === RuleGrouping.DATASET && didType === DidType.CONTAINER;

/** The locks of a rule on a unit: l. */
export const locksOfUnit = (rule: Rule, unit: DidId): Sql =>
  byDataset(rule)
    ? sql`locks l JOIN contents ct ON ct.child_id = l.did_id AND ct.parent_id = ${unit}::bigint
          WHERE l.rule_id = ${rule.id}::bigint`
    : sql`locks l WHERE l.rule_id = ${rule.id}::bigint`;

/** The RSEs of locks `l`, those with most of them first. */
export const rsesOf = async (tx: Tx, locks: Sql): Promise<RseId[]> =>
  (
    await rows<{ rseId: RseId }>(
      tx,
      sql`SELECT l.rse_id AS "rseId" FROM ${locks} GROUP BY l.rse_id ORDER BY count(*) DESC, l.rse_id`,
    )
  ).map(({ rseId }) => rseId);
