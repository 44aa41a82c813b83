import { datasetsBelow } from '../dids/index.js';
import { execute, ring, rows, sql, type Tx } from '../db/index.js';
import { Channel, type DidId, DidType, RuleGrouping, RuleState } from '../vocabulary/index.js';
import { archiveRules } from './archive-rules.sql.js';
import { type InjectionSlice, type JudgeTerms, type Rule } from './rule.js';
import { insertRules } from './new-rule.sql.js';
import { hasConstraints, writeRule } from './rule.sql.js';

/**
 * A rule on a container that is to be split becomes one rule for each dataset below it, placed by
 * the injector without asking for quota again; the rule itself goes into history. Datasets that have
 * the same rule already keep it. On anything but a container it is an ordinary rule.
 */
export async function splitRule(tx: Tx, rule: Rule, terms: JudgeTerms): Promise<InjectionSlice> {
  if (rule.didType !== DidType.CONTAINER) {
    await writeRule(tx, rule.id, [sql`split_container = false`], terms.now);
    return { ruleUid: rule.uid, locks: 0 };
  }
  // One that is erased now is waited for, and then is not below the container any more.
  await holdDatasets(tx, rule.didId);
  const datasets = await rows<{ id: bigint }>(
    tx,
    sql`SELECT b.id FROM (${datasetsBelow(rule.didId)}) b
         WHERE NOT EXISTS (SELECT FROM rules r
           WHERE r.did_id = b.id AND r.account_id = ${rule.accountId}
             AND r.rse_expression = ${rule.rseExpression} AND r.copies = ${rule.copies}
             AND ${hasConstraints(rule.constraints)})
         ORDER BY b.id`,
  );
  await insertRules(tx, [
    {
      ...rule,
      didIds: datasets.map(({ id }) => id),
      state: RuleState.INJECT,
      injectAt: terms.now,
      grouping: RuleGrouping.DATASET,
      ignoreAccountLimit: true,
      splitContainer: false,
      ignoreDuplicate: true,
      now: terms.now,
    },
  ]);
  await archiveRules(tx, [rule.id], terms.now);
  await ring(tx, Channel.INJECTION);
  return { ruleUid: rule.uid, locks: 0 };
}

const holdDatasets = (tx: Tx, container: DidId): Promise<number> =>
  execute(
    tx,
    sql`SELECT FROM dids d WHERE d.id IN (SELECT b.id FROM (${datasetsBelow(container)}) b)
         ORDER BY d.id FOR KEY SHARE`,
  );
