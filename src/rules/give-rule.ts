import { addAccountUsage } from '../accounts/index.js';
import { execute, sql, type Tx, violatedConstraint } from '../db/index.js';
import { DuplicateRule } from '../errors/index.js';
import { formerPhases } from './phase.sql.js';
import { type Rule } from './rule.js';
import { writeRule } from './rule.sql.js';

/**
 * Gives a rule to another account, and what its former phases hold with it. Throws DuplicateRule: that has
 * the same rule.
 */
export async function giveWithFormer(
  tx: Tx,
  rule: Rule,
  accountId: number,
  now: Date,
): Promise<void> {
  await giveRule(tx, rule, accountId, now);
  for (const former of rule.phase ? await formerPhases(tx, rule.uid) : []) {
    await giveRule(tx, { ...former, uid: rule.uid }, accountId, now);
  }
}

/** Gives a rule to another account, with what it is charged for. */
async function giveRule(
  tx: Tx,
  rule: Pick<Rule, 'id' | 'uid' | 'accountId'>,
  accountId: number,
  now: Date,
): Promise<void> {
  if (accountId === rule.accountId) return;
  try {
    await writeRule(tx, rule.id, [sql`account_id = ${accountId}`], now);
  } catch (error) {
    if (violatedConstraint(error) === undefined) throw error;
    throw new DuplicateRule('The other account has the same rule on this DID', { rule: rule.uid });
  }
  const held = sql`SELECT rse_id, count(*) AS files, sum(bytes) AS bytes FROM locks
                    WHERE rule_id = ${rule.id} GROUP BY rse_id`;
  await execute(
    tx,
    addAccountUsage(sql`
      WITH held AS MATERIALIZED (${held})
      SELECT ${accountId}::int AS account_id, rse_id, files, bytes FROM held
      UNION ALL SELECT ${rule.accountId}::int, rse_id, -files, -bytes FROM held`),
  );
}
