import { ring, sql, type Tx } from '../db/index.js';
import { RuleReplaceFailed, SluiceError, UnsupportedOperation } from '../errors/index.js';
import { Channel, RuleState } from '../vocabulary/index.js';
import { type AddedRule, addRules } from './add-rules.js';
import { type AdditionTerms } from './begin-rules.js';
import { waitsForChild } from './change-rule.js';
import { type Rule } from './rule.js';
import { type RuleSpec } from './rule-spec.js';
import { findRule, writeRule } from './rule.sql.js';

/** What a moved rule may have otherwise than the rule it replaces. */
export type RuleOverride = Partial<
  Pick<
    RuleSpec,
    | 'accountId'
    | 'copies'
    | 'weight'
    | 'lifetime'
    | 'grouping'
    | 'locked'
    | 'sourceReplicaExpression'
    | 'activity'
    | 'notification'
    | 'purgeReplicas'
    | 'ignoreAvailability'
    | 'ignoreAccountLimit'
    | 'comment'
    | 'asynchronous'
    | 'delayInjection'
    | 'eolAt'
  >
>;

/** The wish behind a rule, as `addRules` takes it; priority and meta begin anew, as in Rucio. */
const wishAgain = (rule: Rule, now: Date): Omit<RuleSpec, 'rseExpression'> => ({
  dids: [rule],
  accountId: rule.accountId,
  copies: rule.copies,
  weight: rule.weight,
  lifetime:
    rule.expiresAt === null
      ? null
      : Math.max(0, Math.round((rule.expiresAt.getTime() - now.getTime()) / 1000)),
  grouping: rule.grouping,
  locked: rule.locked,
  sourceReplicaExpression: rule.sourceReplicaExpression,
  activity: rule.activity,
  notification: rule.notification,
  purgeReplicas: rule.purgeReplicas,
  ignoreAvailability: rule.ignoreAvailability,
  ignoreAccountLimit: rule.ignoreAccountLimit,
  comment: rule.comments,
  eolAt: rule.eolAt,
  subscriptionUid: rule.subscriptionUid,
  repairPolicy: rule.repairPolicy,
});

/**
 * Moves a rule: a new one with another expression takes its place, and the old one goes when the new
 * one is OK. Throws UnsupportedOperation (it has a child already), RuleReplaceFailed, and what
 * `addRules` throws.
 */
export async function moveRule(
  tx: Tx,
  rule: Rule,
  move: { readonly rseExpression: string; readonly override: RuleOverride },
  terms: AdditionTerms,
): Promise<AddedRule> {
  if (await waitsForChild(tx, rule)) {
    throw new RuleReplaceFailed('The rule must not have a child rule', { rule: rule.uid });
  }
  if (move.rseExpression === rule.rseExpression && Object.keys(move.override).length === 0) {
    throw new RuleReplaceFailed('The rule is moved to where it is', { rule: rule.uid });
  }
  const spec = {
    ...wishAgain(rule, terms.now),
    ...move.override,
    rseExpression: move.rseExpression,
  };
  return await replaceRule(tx, rule, spec, terms);
}

/**
 * Takes copies away: a new rule of fewer copies takes the place of one that is OK, on the RSEs that
 * `exclude` leaves. It must be OK at once, so only copies that are there count.
 * Throws RuleReplaceFailed, and what `addRules` throws.
 */
export async function reduceRule(
  tx: Tx,
  rule: Rule,
  reduction: { readonly copies: number; readonly exclude: string | null },
  terms: AdditionTerms,
): Promise<AddedRule> {
  if (rule.copies <= reduction.copies) {
    throw new RuleReplaceFailed(
      `Copies of the new rule must be smaller than those of the old one, ${rule.copies}`,
      { rule: rule.uid },
    );
  }
  if (rule.state !== RuleState.OK) {
    throw new RuleReplaceFailed('The source rule must be in state OK', { rule: rule.uid });
  }
  if (await waitsForChild(tx, rule)) {
    throw new RuleReplaceFailed('The rule must not have a child rule', { rule: rule.uid });
  }
  const rseExpression =
    reduction.exclude === null
      ? rule.rseExpression
      : `(${rule.rseExpression})\\(${reduction.exclude})`;
  const spec = { ...wishAgain(rule, terms.now), copies: reduction.copies, rseExpression };
  const added = await replaceRule(tx, rule, spec, terms);
  const made = await findRule(tx, added.uid);
  if (made.state === RuleState.OK) return added;
  throw new RuleReplaceFailed('The replacement of the rule failed: it would have to copy data', {
    rule: rule.uid,
  });
}

async function replaceRule(
  tx: Tx,
  rule: Rule,
  spec: RuleSpec,
  terms: AdditionTerms,
): Promise<AddedRule> {
  const [added] = await addRules(tx, spec, terms).catch((error: unknown) => {
    if (!(error instanceof SluiceError) || error instanceof UnsupportedOperation) throw error;
    throw new RuleReplaceFailed(`The replacement of the rule failed: ${error.message}`, {
      rule: rule.uid,
      cause: error.name,
    });
  });
  if (!added) throw new RuleReplaceFailed('No rule was made', { rule: rule.uid });
  await writeRule(
    tx,
    rule.id,
    [
      sql`child_rule_id = ${added.id}`,
      sql`expires_at = ${terms.now}::timestamptz`,
      sql`locked = false`,
    ],
    terms.now,
  );
  await ring(tx, Channel.RULES);
  return added;
}
