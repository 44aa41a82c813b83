import { lit, lits, ring, sql, type Sql, type Tx } from '../db/index.js';
import { UnsupportedOperation } from '../errors/index.js';
import { hurryStuckLocks, stickLocksOfRule } from '../locks/index.js';
import { reprioritiseRequests } from '../requests/index.js';
import { Cause, Channel, RuleState, wireId } from '../vocabulary/index.js';
import { cancelTransfers } from './cancel-transfers.js';
import { rewritePhases } from './change-phases.js';
import { expiry } from './check-wish.js';
import { demandChild } from './child-rule.js';
import { giveWithFormer } from './give-rule.js';
import { type GivenPhase } from './parse-phases.js';
import { writeFormer } from './phase.sql.js';
import { type RepairPolicy } from './repair-policy.js';
import { type JudgeTerms, type Rule } from './rule.js';
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
 * Changes a rule whose row is held. Throws UnsupportedOperation (what is left of a former phase is not
 * changed: the rule that goes on is), InvalidSourceReplicaExpression, DuplicateRule (the other
 * account has the same rule, or one with the same phases is there), RuleNotFound and
 * InputValidationError (child), and what `rewritePhases` throws.
 */
export async function changeRule(
  tx: Tx,
  rule: Rule,
  change: RuleChange,
  terms: JudgeTerms,
): Promise<void> {
  demandOnGoing(rule);
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

/** It ends when the next phase holds, and must neither end before nor stay. */
function demandOnGoing({ uid, phaseOf }: Rule): void {
  if (phaseOf === null) return;
  throw new UnsupportedOperation(
    `Rule ${wireId(uid)} is what is left of a phase; change rule ${wireId(phaseOf)}`,
    { rule: wireId(uid) },
  );
}

/** A stuck rule is repaired now, or placed now, whatever the spacing of its locks. */
async function hurry(tx: Tx, rule: Rule, { now }: JudgeTerms): Promise<void> {
  await hurryStuckLocks(tx, rule.id, now);
  const stuck = sql`state = ${lit(RuleState.STUCK)}`;
  await writeRule(
    tx,
    rule.id,
    [
      sql`repair_at = CASE WHEN ${stuck} THEN ${now}::timestamptz END`,
      // Of a rule that could not be placed; one that rests is placed when it is resumed.
      sql`inject_at = CASE WHEN ${stuck} AND inject_at > ${now}::timestamptz
                           THEN ${now}::timestamptz ELSE inject_at END`,
    ],
    now,
  );
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
  // Without a child its expiry is nobody's but the rule's own.
  if (change.child === null && rule.childRuleId !== null) {
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
