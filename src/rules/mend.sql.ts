import { addAccountUsage } from '../accounts/index.js';
import { execute, lit, only, ring, sql, type Sql, type Tx } from '../db/index.js';
import { SluiceError } from '../errors/index.js';
import { type DroppedLock } from '../locks/index.js';
import { type AccountId, Channel, LockState, type RuleId } from '../vocabulary/index.js';
import { releaseSurplus } from './complete-rule.js';
import { recountRules } from './counter.sql.js';
import { placeAnew } from './injection.sql.js';
import { type JudgeTerms, type Rule } from './rule.js';
import { selectRules } from './rule.sql.js';
import { type SiteConstraints } from './site-constraints.js';
import { findSites } from './sites.js';
import { newsOf, tellRules } from './told.sql.js';

// What the doctor does to rules. Their rows must be held, by a statement before.

/** Holds rules in the order of their ids until the transaction ends. */
export const holdRules = async (tx: Tx, ruleIds: readonly RuleId[]): Promise<void> => {
  await selectRules(tx, { where: sql`r.id = ANY (${[...ruleIds]}::bigint[])`, hold: 'wait' });
};

/** Counts the locks of rules again; their states follow. */
export async function countLocksAnew(tx: Tx, ruleIds: readonly RuleId[], now: Date): Promise<void> {
  const of = (state: LockState) => sql`count(*) FILTER (WHERE l.state = ${lit(state)})`;
  const { news } = await only<{ news: RuleId[] | null }>(
    tx,
    sql`WITH recounted AS (${recountRules(
      sql`SELECT u.id AS rule_id, c.ok - u.locks_ok AS ok, c.replicating - u.locks_replicating AS replicating,
                 c.stuck - u.locks_stuck AS stuck, NULL::text AS error
            FROM rules u
           CROSS JOIN LATERAL (
             SELECT ${of(LockState.OK)} AS ok, ${of(LockState.REPLICATING)} AS replicating,
                    ${of(LockState.STUCK)} AS stuck
               FROM locks l WHERE l.rule_id = u.id) c
           WHERE u.id = ANY (${[...ruleIds]}::bigint[])`,
      now,
    )})
    SELECT ${newsOf(sql`recounted`)} AS news`,
  );
  await tellRules(tx, news);
}

/** Rules lose what is not below their DIDs, guarded, and the injector places what they lack. */
export async function placeRulesAnew(
  tx: Tx,
  ruleIds: readonly RuleId[],
  terms: JudgeTerms,
): Promise<void> {
  const rules = await selectRules(tx, {
    where: sql`r.id = ANY (${[...ruleIds]}::bigint[])`,
    hold: 'wait',
  });
  for (const rule of rules) {
    await releaseSurplus(tx, rule, await constraintsNow(tx, rule), terms);
    await placeAnew(tx, rule.id, terms.now);
  }
  if (rules.length > 0) await ring(tx, Channel.INJECTION);
}

/** A rule's constraints on the RSEs that there are; none where these cannot be told now. */
async function constraintsNow(tx: Tx, rule: Rule): Promise<SiteConstraints | null> {
  if (!rule.constraints) return null;
  try {
    return (await findSites(tx, rule)).constraints;
  } catch (error) {
    if (error instanceof SluiceError) return null;
    throw error;
  }
}

/** Accounts are charged so much more for these locks of their rules; less where `bytes` and `files` say so. */
export const chargeLocks = (
  tx: Tx,
  locks: readonly DroppedLock[],
  each: { readonly files: number; readonly sign: 1 | -1 },
): Promise<number> =>
  execute(
    tx,
    addAccountUsage(sql`
      SELECT u.account_id, k.rse_id, sum(${each.files}::int) AS files, ${lit(each.sign)} * sum(k.bytes)::bigint AS bytes
        FROM unnest(${locks.map(({ ruleId }) => ruleId)}::bigint[], ${locks.map(({ rseId }) => rseId)}::int[],
                    ${locks.map(({ bytes }) => bytes)}::bigint[]) AS k(rule_id, rse_id, bytes)
        JOIN rules u ON u.id = k.rule_id
       GROUP BY u.account_id, k.rse_id`),
  );

/**
 * CTE body: what accounts' charges lack of their locks. `within` is a condition on account_id. Gives
 * (account_id, rse_id, files, bytes).
 */
export const missingFromAccounts = (within: (account: Sql) => Sql): Sql => sql`
  SELECT x.account_id, x.rse_id, -sum(x.files)::bigint AS files, -sum(x.bytes)::bigint AS bytes FROM (
    SELECT account_id, rse_id, files, bytes FROM account_usage WHERE ${within(sql`account_id`)}
    UNION ALL SELECT account_id, rse_id, files, bytes FROM account_usage_deltas WHERE ${within(sql`account_id`)}
    UNION ALL SELECT u.account_id, l.rse_id, -count(*), -sum(l.bytes) FROM rules u JOIN locks l ON l.rule_id = u.id
               WHERE ${within(sql`u.account_id`)} GROUP BY u.account_id, l.rse_id) x
   GROUP BY x.account_id, x.rse_id HAVING sum(x.files) <> 0 OR sum(x.bytes) <> 0`;

/** Notes what accounts' charges lack. */
export const chargeAnew = (tx: Tx, accountIds: readonly AccountId[]): Promise<number> =>
  execute(
    tx,
    addAccountUsage(
      missingFromAccounts((account) => sql`${account} = ANY (${[...accountIds]}::int[])`),
    ),
  );
