import { RuleStateCodec, wireId } from '../vocabulary/index.js';
import { type HoldingRule } from './copy-facts.sql.js';
import { clockTime, counted } from './words.js';

/** A rule in one line: who, what, where, how it stands, until when. */
export function ruleLine(rule: HoldingRule, now: Date): string {
  const { account, copies, rseExpression, locksOk, locks, state, expiresAt } = rule;
  const until = expiresAt === null ? '' : `, until ${clockTime(expiresAt, now)}`;
  return `Rule ${wireId(rule.uid)} of ${account} on ${rule.scope}:${rule.name}: ${counted(copies, 'copy', 'copies')} on ${rseExpression}, ${RuleStateCodec.name(state)} (${locksOk} of ${locks})${until}`;
}

/** The lines of rules, and how many more there are. */
export function ruleLines(rules: readonly HoldingRule[], now: Date): string[] {
  const lines = rules.map((rule) => ruleLine(rule, now));
  const more = (rules[0]?.rules ?? 0) - rules.length;
  return more > 0 ? [...lines, `${counted(more, 'rule')} more`] : lines;
}

/** The same for the facts. */
export const ruleFact = (rule: HoldingRule) => ({
  id: wireId(rule.uid),
  account: rule.account,
  did: `${rule.scope}:${rule.name}`,
  rse_expression: rule.rseExpression,
  copies: rule.copies,
  state: RuleStateCodec.name(rule.state),
  expires_at: rule.expiresAt,
});
