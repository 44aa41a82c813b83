import { execute, join, lit, lits, one, rows, sql, type Sql, type Tx } from '../db/index.js';
import { RuleNotFound } from '../errors/index.js';
import { isOfRule } from '../locks/index.js';
import { DidType, LockState, parseWireId, type RuleId, RuleState } from '../vocabulary/index.js';
import { ERROR_LENGTH } from './counter.sql.js';
import { type PlacementConstraints } from './placement-constraints.js';
import { type Rule } from './rule.js';
import { isTold, type MovedRule, tellRules, toldOf } from './told.sql.js';

const columns = sql`r.id, r.uid, r.subscription_uid AS "subscriptionUid", r.account_id AS "accountId",
  a.name AS account, r.did_id AS "didId", d.scope, d.name, d.type AS "didType", r.state, r.error,
  r.rse_expression AS "rseExpression", r.copies, r.expires_at AS "expiresAt", r.weight, r.locked,
  r.locks_ok AS "locksOk", r.locks_replicating AS "locksReplicating", r.locks_stuck AS "locksStuck",
  r.source_replica_expression AS "sourceReplicaExpression", r.activity, r.did_grouping AS grouping,
  r.notification, r.stuck_at AS "stuckAt", r.inject_at AS "injectAt", r.repair_at AS "repairAt",
  r.repair_attempts AS "repairAttempts", r.repair_policy AS "repairPolicy", r.alerted_at AS "alertedAt",
  r.purge_replicas AS "purgeReplicas", r.ignore_availability AS "ignoreAvailability",
  r.ignore_account_limit AS "ignoreAccountLimit", r.priority, r.comments,
  r.child_rule_id AS "childRuleId", k.uid AS "childRuleUid", r.eol_at AS "eolAt",
  r.split_container AS "splitContainer", r.meta, r.cursor_dataset AS "cursorDataset",
  r.cursor_child AS "cursorChild", r.placement, r.constraints, r.phases, r.phases_key AS "phasesKey", r.phase,
  r.phase_look_at AS "phaseLookAt", r.phase_of AS "phaseOf", r.created_at AS "createdAt", r.updated_at AS "updatedAt"`;

const tables = sql`rules r JOIN dids d ON d.id = r.did_id JOIN accounts a ON a.id = r.account_id
  LEFT JOIN rules k ON k.id = r.child_rule_id`;

export interface RuleSelection {
  /** Over the aliases r (rules), d (its DID), a (its account), k (its child rule). */
  readonly where: Sql;
  readonly limit?: number;
  /** Locks the rules' rows: `wait` for whoever holds them, or `skip` them. */
  readonly hold?: 'wait' | 'skip';
}

/** Rules in the order of their ids. */
export async function selectRules(tx: Tx, selection: RuleSelection): Promise<Rule[]> {
  const { where, limit, hold } = selection;
  return await rows<Rule>(
    tx,
    sql`SELECT ${columns} FROM ${tables} WHERE ${where} ORDER BY r.id
      ${limit === undefined ? sql`` : sql`LIMIT ${lit(limit)}`}
      ${hold ? sql`FOR NO KEY UPDATE OF r` : sql``} ${hold === 'skip' ? sql`SKIP LOCKED` : sql``}`,
  );
}

/** The rule of a wire id. Throws RuleNotFound, also for what is no id at all. */
export async function findRule(tx: Tx, id: string, hold?: 'wait'): Promise<Rule> {
  const uid = parseWireId(id);
  const ask = () => selectRules(tx, { where: sql`r.uid = ${uid}::uuid`, ...(hold && { hold }) });
  let [rule] = uid ? await ask() : [];
  // While we waited another row may have taken over the id: the rule's next phase.
  if (uid && hold && !rule) [rule] = await ask();
  if (!rule) throw new RuleNotFound(`No rule with the id ${id} found`, { rule: id });
  return rule;
}

/** An object as a parameter of type jsonb. */
export const jsonOf = (value: object | null): string | null =>
  value === null ? null : JSON.stringify(value);

/** Condition on rule `r`: it has these constraints, or none either. */
export const hasConstraints = (constraints: PlacementConstraints | null): Sql =>
  sql`r.constraints IS NOT DISTINCT FROM ${jsonOf(constraints)}::jsonb`;

/** What makes two rules of an account on a DID the same. */
export interface RuleIdentity {
  readonly rseExpression: string;
  readonly copies: number;
  readonly constraints: PlacementConstraints | null;
  /** Of its phases; null where it has none. */
  readonly phasesKey: string | null;
}

/** Condition on rule `r` of the account on the DID: it is the same rule, whichever phase holds. */
export const isSameRule = (rule: RuleIdentity): Sql =>
  rule.phasesKey === null
    ? sql`(r.rse_expression = ${rule.rseExpression} AND r.copies = ${rule.copies} AND r.phases_key IS NULL
           AND ${hasConstraints(rule.constraints)})`
    : sql`(r.phases_key = ${rule.phasesKey}::uuid AND r.phase_of IS NULL)`;

/** At most 248 characters, as Rucio shows them. */
export const errorText = (text: string): string =>
  text.length > ERROR_LENGTH ? `${text.slice(0, ERROR_LENGTH)}...` : text;

/** Assignments by column, for `writeRule`. */
export async function writeRule(
  tx: Tx,
  ruleId: RuleId,
  assignments: readonly Sql[],
  now: Date,
): Promise<void> {
  await execute(
    tx,
    sql`UPDATE rules SET ${join([...assignments, sql`updated_at = ${now}::timestamptz`], ', ')} WHERE id = ${ruleId}`,
  );
}

/**
 * Between its locks leaving one RSE and coming to another a rule may have had none that is stuck: it
 * is stuck since when it was, and was repaired so often.
 */
export const keepStuck = (
  tx: Tx,
  ruleId: RuleId,
  { stuckAt, repairAttempts }: Pick<Rule, 'stuckAt' | 'repairAttempts'>,
): Promise<number> =>
  execute(
    tx,
    sql`UPDATE rules SET stuck_at = ${stuckAt}::timestamptz, repair_attempts = ${repairAttempts}::int
         WHERE id = ${ruleId} AND state <> ${lit(RuleState.OK)}`,
  );

/**
 * After a repair: a STUCK rule is looked at again when its next stuck lock, or its placement, is due;
 * one without either (somebody set it stuck) is what its locks are. Rows are held, as above.
 */
export async function scheduleRepair(tx: Tx, ruleIds: readonly RuleId[]): Promise<void> {
  const stuck = sql`(r.locks_stuck > 0 OR r.inject_at IS NOT NULL)`;
  const scheduled = await rows<MovedRule>(
    tx,
    sql`UPDATE rules r
           SET repair_at = least(r.inject_at,
                 (SELECT min(s.next_try_at) FROM stuck_locks s
                    JOIN locks l ON l.did_id = s.did_id AND l.rse_id = s.rse_id AND ${isOfRule(sql`l`, sql`s.rule_id`)}
                   WHERE s.rule_id = r.id AND l.state = ${lit(LockState.STUCK)})),
               state = CASE WHEN ${stuck} THEN r.state
                            WHEN r.locks_replicating > 0 THEN ${lit(RuleState.REPLICATING)}
                            ELSE ${lit(RuleState.OK)} END,
               error = CASE WHEN ${stuck} THEN r.error END,
               stuck_at = CASE WHEN ${stuck} OR r.locks_replicating > 0 THEN r.stuck_at END,
               repair_attempts = CASE WHEN ${stuck} OR r.locks_replicating > 0 THEN r.repair_attempts ELSE 0 END
         WHERE r.id = ANY (${[...ruleIds]}::bigint[]) AND r.state = ${lit(RuleState.STUCK)}
        RETURNING r.id, ${isTold(sql`r`)} AS told`,
  );
  await tellRules(tx, toldOf(scheduled));
}

/**
 * Parents whose child is OK wait no more; those that are due now keep the link to their end, which
 * tells that they were replaced. Gives how many were released.
 */
export const releaseParents = (tx: Tx, now: Date): Promise<number> =>
  execute(
    tx,
    sql`UPDATE rules r SET child_rule_id = NULL, updated_at = ${now}::timestamptz
          FROM (SELECT p.id FROM rules p JOIN rules c ON c.id = p.child_rule_id
                 WHERE p.child_rule_id IS NOT NULL AND c.state = ${lit(RuleState.OK)}
                   AND (p.locked OR p.expires_at IS NULL OR p.expires_at > ${now}::timestamptz)
                 ORDER BY p.id FOR NO KEY UPDATE OF p SKIP LOCKED) w
         WHERE r.id = w.id`,
  );

/** The states in which the judge leaves a rule's locks as they are. */
export const RESTING = [RuleState.SUSPENDED, RuleState.WAITING_APPROVAL] as const;

/** Whether a rule has a lock. */
export async function hasLocks(tx: Tx, ruleId: RuleId): Promise<boolean> {
  const row = await one(tx, sql`SELECT 1 AS one FROM locks WHERE rule_id = ${ruleId} LIMIT 1`);
  return row !== undefined;
}

/** Rule `r` may be one that changes of content concern; see `followsContent`. */
export const mayFollow: Sql = sql`r.state NOT IN (${lits(RESTING)})`;

/**
 * Whether changes of content concern a rule that is held: what the injector has not begun to place it
 * will see by itself, and one that is to be split, whatever somebody makes of its state, never has locks.
 */
export const followsContent = (rule: Rule): boolean =>
  !(rule.splitContainer && rule.didType === DidType.CONTAINER) &&
  (rule.state !== RuleState.INJECT || rule.cursorDataset !== null);
