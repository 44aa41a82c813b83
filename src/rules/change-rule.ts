import { addAccountUsage } from '../accounts/index.js';
import {
  execute,
  lit,
  lits,
  only,
  ring,
  sql,
  type Sql,
  type Tx,
  violatedConstraint,
} from '../db/index.js';
import { DuplicateRule, InputValidationError, UnsupportedOperation } from '../errors/index.js';
import { hurryStuckLocks, stickLocks, stickLocksOfRule } from '../locks/index.js';
import { failCopies } from '../replicas/index.js';
import { cancelRequests, keepCancelled, reprioritiseRequests } from '../requests/index.js';
import { Cause, Channel, ReplicaState, RuleState } from '../vocabulary/index.js';
import { expiry } from './check-wish.js';
import { rewritePhases } from './change-phases.js';
import { type JudgeTerms, type Rule } from './rule.js';
import { type GivenPhase } from './parse-phases.js';
import { formerPhases, writeFormer } from './phase.sql.js';
import { type RepairPolicy } from './repair-policy.js';
import { findRule, jsonOf, writeRule } from './rule.sql.js';
import { stickFrom } from './settle-copies.js';
import { findSources } from './sites.js';

/** What the owner of a rule may change. A missing key stays as it is. */
export interface RuleChange {
  readonly comment?: string | null;
  readonly locked?: boolean;
  /** Seconds from now; null is for ever; 0 and less is now. */
  readonly lifetime?: number | null;
  readonly accountId?: number;
  readonly state?: typeof RuleState.STUCK | typeof RuleState.SUSPENDED;
  readonly cancelRequests?: boolean;
  readonly activity?: number;
  readonly priority?: number;
  readonly sourceReplicaExpression?: string | null;
  /** A wire id; null detaches the child and clears the expiry. */
  readonly child?: string | null;
  readonly eolAt?: Date | null;
  readonly meta?: string | null;
  readonly purgeReplicas?: boolean;
  readonly boost?: boolean;
  /** Null: as the settings say. */
  readonly repairPolicy?: RepairPolicy | null;
  /** All of them, those that have begun too; null takes away those that have not. */
  readonly phases?: readonly GivenPhase[] | null;
}

/**
 * Changes a rule whose row is held. Throws InvalidSourceReplicaExpression, DuplicateRule (the other
 * account has the same rule, or one with the same phases is there), RuleNotFound and
 * InputValidationError (child), and what `rewritePhases` throws.
 */
export async function changeRule(
  tx: Tx,
  rule: Rule,
  change: RuleChange,
  terms: JudgeTerms,
): Promise<void> {
  await findSources(tx, change.sourceReplicaExpression ?? null);
  await writeRule(tx, rule.id, await assignmentsOf(tx, rule, change, terms), terms.now);
  if (change.accountId !== undefined) await giveWithFormer(tx, rule, change.accountId, terms.now);
  const { priority, activity, accountId } = change;
  if (priority !== undefined || activity !== undefined || accountId !== undefined) {
    await reprioritiseRequests(tx, [rule.id], {
      ...(priority !== undefined && { priority }),
      ...(activity !== undefined && { activity }),
      ...(accountId !== undefined && { accountId }),
    });
    await ring(tx, Channel.REQUESTS);
  }
  if (change.state !== undefined && change.cancelRequests) await cancelTransfers(tx, rule, terms);
  if (change.state === RuleState.STUCK) {
    await stickFrom(tx, stickLocksOfRule(rule.id, Cause.CANCELLED), terms);
  }
  if (change.state !== undefined)
    await writeRule(tx, rule.id, stateOf(change.state, terms), terms.now);
  // Other sources may be what stuck locks wait for.
  if (change.boost || change.sourceReplicaExpression !== undefined) await hurry(tx, rule, terms);
  if (change.purgeReplicas !== undefined && rule.phase) {
    await writeFormer(tx, rule.uid, [sql`purge_replicas = ${change.purgeReplicas}`]);
  }
  const { lifetime } = change;
  if (lifetime !== undefined) await ring(tx, Channel.INJECTION);
  if (lifetime !== null && lifetime !== undefined && lifetime <= 0) await ring(tx, Channel.RULES);
}

/** A stuck rule is repaired now, whatever the spacing of its locks. */
async function hurry(tx: Tx, rule: Rule, { now }: JudgeTerms): Promise<void> {
  await hurryStuckLocks(tx, rule.id, now);
  const due = sql`CASE WHEN state = ${lit(RuleState.STUCK)} THEN ${now}::timestamptz END`;
  await writeRule(tx, rule.id, [sql`repair_at = ${due}`], now);
}

const stateOf = (state: RuleState, { now }: JudgeTerms): Sql[] => [
  sql`state = ${lit(state)}`,
  sql`stuck_at = ${now}::timestamptz`,
  sql`repair_attempts = 0`,
  sql`repair_at = coalesce(repair_at, ${now}::timestamptz)`,
];

async function assignmentsOf(
  tx: Tx,
  rule: Rule,
  change: RuleChange,
  terms: JudgeTerms,
): Promise<Sql[]> {
  const set: Sql[] = [];
  if (change.comment !== undefined) set.push(sql`comments = ${change.comment}`);
  if (change.locked !== undefined) set.push(sql`locked = ${change.locked}`);
  if (change.lifetime !== undefined) {
    const expiresAt = expiry(change.lifetime, terms.now);
    set.push(sql`expires_at = ${expiresAt}::timestamptz`);
    if (isTakenBack(rule, expiresAt, terms.now)) set.push(anew);
  }
  if (change.activity !== undefined) set.push(sql`activity = ${change.activity}`);
  if (change.priority !== undefined) set.push(sql`priority = ${change.priority}`);
  if (change.sourceReplicaExpression !== undefined) {
    set.push(sql`source_replica_expression = ${change.sourceReplicaExpression}`);
  }
  if (change.eolAt !== undefined) set.push(sql`eol_at = ${change.eolAt}::timestamptz`);
  if (change.meta !== undefined) set.push(sql`meta = ${change.meta}`);
  if (change.purgeReplicas !== undefined) set.push(sql`purge_replicas = ${change.purgeReplicas}`);
  if (change.repairPolicy !== undefined) {
    set.push(sql`repair_policy = ${jsonOf(change.repairPolicy)}::jsonb`);
  }
  if (change.phases !== undefined) {
    set.push(...(await rewritePhases(tx, rule, change.phases, terms.now)));
  }
  if (change.child === null) {
    set.push(sql`child_rule_id = NULL`);
    if (change.lifetime === undefined) set.push(sql`expires_at = NULL`);
  }
  if (change.child) {
    const child = await findRule(tx, change.child);
    demandChild(rule, child);
    // A child that is OK has nothing to wait for.
    if (child.state !== RuleState.OK) set.push(sql`child_rule_id = ${child.id}`);
  }
  return set;
}

const PLACED = [RuleState.OK, RuleState.REPLICATING, RuleState.STUCK] as const;

/** It was about to end, and the cleaner has taken some of its locks. */
const isTakenBack = (rule: Rule, expiresAt: Date | null, now: Date): boolean =>
  rule.expiresAt !== null &&
  rule.expiresAt <= now &&
  (expiresAt === null || expiresAt > now) &&
  rule.injectAt !== null;

/** The injector places what is missing, and passes over the rest. */
const anew = sql`state = CASE WHEN state IN (${lits(PLACED)}) THEN ${lit(RuleState.INJECT)}::"char" ELSE state END`;

function demandChild(rule: Rule, child: Rule): void {
  if (child.id === rule.id) {
    throw new InputValidationError('A rule cannot be its own child', { rule: rule.uid });
  }
  if (child.didId !== rule.didId) {
    throw new InputValidationError('Parent and child rule must be set on the same dataset', {
      rule: rule.uid,
      child: child.uid,
    });
  }
}

/** What a rule's former phases hold goes with it. */
async function giveWithFormer(tx: Tx, rule: Rule, accountId: number, now: Date): Promise<void> {
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

/**
 * Takes the requests of a rule's copies out of the queue: the copies are UNAVAILABLE, and every lock
 * on them is STUCK, whichever rule holds it. Statement by statement, as the finisher goes.
 */
async function cancelTransfers(tx: Tx, rule: Rule, terms: JudgeTerms): Promise<void> {
  const copying = sql`
    SELECT r.did_id, r.rse_id FROM locks l JOIN replicas r ON r.did_id = l.did_id AND r.rse_id = l.rse_id
     WHERE l.rule_id = ${rule.id} AND r.state = ${lit(ReplicaState.COPYING)}`;
  const { didIds, rseIds } = await only<{ didIds: bigint[]; rseIds: number[] }>(
    tx,
    sql`WITH cancelled AS (${cancelRequests(copying)}),
      kept AS (${keepCancelled(sql`SELECT * FROM cancelled`, terms.now)}),
      failed AS (${failCopies(sql`SELECT did_id, rse_id FROM cancelled`)})
      SELECT coalesce(array_agg(did_id), '{}') AS "didIds", coalesce(array_agg(rse_id), '{}') AS "rseIds"
        FROM failed`,
  );
  const failures = sql`
    SELECT c.did_id, c.rse_id, ${lit(Cause.CANCELLED)} AS cause, NULL::int AS source_rse_id,
           NULL::text AS error, NULL::text AS expected, NULL::text AS found
      FROM unnest(${didIds}::bigint[], ${rseIds}::int[]) c(did_id, rse_id)`;
  await stickFrom(tx, stickLocks(failures), terms);
}

export interface Expiry {
  readonly now: Date;
  readonly deleteGraceSeconds: number;
  readonly purge?: boolean;
}

/**
 * A rule is deleted by letting it expire, after a time of grace in which that can be taken back; an
 * earlier expiry stays. A former phase of it goes too. Throws UnsupportedOperation (locked, or a child rule is not OK yet).
 */
export async function deleteRule(tx: Tx, rule: Rule, terms: Expiry): Promise<void> {
  if (rule.locked) {
    throw new UnsupportedOperation('The replication rule is locked and has to be unlocked first', {
      rule: rule.uid,
    });
  }
  await demandNoChild(tx, rule);
  const expiresAt = new Date(terms.now.getTime() + terms.deleteGraceSeconds * 1000);
  await writeRule(
    tx,
    rule.id,
    [
      sql`expires_at = least(expires_at, ${expiresAt}::timestamptz)`,
      ...(terms.purge === undefined ? [] : [sql`purge_replicas = ${terms.purge}`]),
    ],
    terms.now,
  );
  if (terms.purge !== undefined && rule.phase) {
    await writeFormer(tx, rule.uid, [sql`purge_replicas = ${terms.purge}`]);
  }
  if (terms.deleteGraceSeconds <= 0) await ring(tx, Channel.RULES);
}

/** Throws UnsupportedOperation while a child rule is not OK. */
export async function demandNoChild(tx: Tx, rule: Rule): Promise<void> {
  if (!(await waitsForChild(tx, rule))) return;
  throw new UnsupportedOperation('The replication rule has a child rule that is not OK yet', {
    rule: rule.uid,
    child: rule.childRuleUid,
  });
}

/** Whether another rule is to take the place of this one, and is not OK yet. */
export async function waitsForChild(tx: Tx, rule: Rule): Promise<boolean> {
  if (rule.childRuleUid === null) return false;
  return (await findRule(tx, rule.childRuleUid)).state !== RuleState.OK;
}
