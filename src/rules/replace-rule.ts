import { ring, sql, type Tx } from '../db/index.js';
import { RuleReplaceFailed } from '../errors/index.js';
import { Channel } from '../vocabulary/index.js';
import { addRules } from './add-rules.js';
import { type AdditionTerms } from './begin-rules.js';
import { type AddedRule } from './new-rule.sql.js';
import { wantsTheSame } from './phase.js';
import { type Rule } from './rule.js';
import { type RuleSpec } from './rule-spec.js';
import { writeRule } from './rule.sql.js';

/**
 * The wish behind a rule, as `addRules` takes it; priority and meta begin anew, as in Rucio. Phases go
 * on where they are.
 */
export const wishAgain = (rule: Rule, now: Date): Omit<RuleSpec, 'rseExpression'> => ({
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
 * The phase that holds becomes what is wished for in its place; the others are as they were. Where that
 * is what the next one wants, the next one begins, and the one that held is over.
 */
export function withPhases(rule: Rule, spec: RuleSpec, now: Date): RuleSpec {
  const { phases, phase: at } = rule;
  if (phases === null || at === null) return spec;
  const next = phases[at + 1];
  if (next && wantsTheSame(next, spec)) {
    const begun = { ...next, since: now.toISOString() };
    return {
      ...spec,
      weight: next.weight,
      grouping: next.grouping,
      locked: spec.locked || next.locked,
      phases: phases.map((phase) => (phase === next ? begun : phase)),
    };
  }
  const { copies, rseExpression, weight = null, grouping, constraints = null } = spec;
  const wished = { copies, rseExpression, weight, grouping, constraints };
  return {
    ...spec,
    phases: phases.map((phase, it) => (it === at ? { ...phase, ...wished } : phase)),
  };
}

/** A new rule takes the place of one, which goes when the new one is OK. Throws what `addRules` throws. */
export async function replaceRule(
  tx: Tx,
  rule: Rule,
  spec: RuleSpec,
  terms: AdditionTerms,
): Promise<AddedRule> {
  const [added] = await addRules(tx, { ...spec, replaces: rule.id }, terms);
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
