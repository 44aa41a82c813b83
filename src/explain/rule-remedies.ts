import { phasesOf } from '../rules/index.js';
import { RuleState } from '../vocabulary/index.js';
import { type Remedy } from './explanation.js';
import { remediesOfPlacing } from './placing-remedies.js';
import { forRule } from './remedies-of-rules.js';
import { type RuleFacts } from './rule-facts.js';

/**
 * What can be done about the rule as a whole. What is left of a phase that is over goes when the next
 * one holds, and is not changed. Pure.
 */
export function remediesOfRule(facts: RuleFacts): Remedy[] {
  const { id, rule } = facts;
  if (rule.phaseOf !== null) return [];
  const remedies: Remedy[] = [];
  if (rule.state === RuleState.SUSPENDED) remedies.push(forRule.resume(id));
  if (rule.state === RuleState.WAITING_APPROVAL)
    remedies.push(forRule.approve(id), forRule.deny(id));
  if (facts.room) {
    remedies.push(...remediesOfPlacing(rule, facts.named, facts.room), forRule.tryAgain(id));
  }
  if (isToBePlacedAnew(facts)) remedies.push(forRule.placeAnew(id, rule.repairPolicy));
  if (hasLaterPhase(facts)) remedies.push(forRule.stayInPhase(id));
  return [...remedies, ...remediesOfEnd(facts)];
}

/** It has no child: who moves already cannot move again; and it is not about to go. */
export const isMovable = ({ rule, now }: Pick<RuleFacts, 'rule' | 'now'>): boolean =>
  rule.childRuleUid === null && !(rule.expiresAt && rule.expiresAt <= now);

const isToBePlacedAnew = ({ rule, drifts, named, replaces }: RuleFacts): boolean =>
  drifts.length > 0 && !replaces && named.length >= rule.copies && rule.childRuleUid === null;

const hasLaterPhase = ({ rule }: RuleFacts): boolean =>
  rule.childRuleUid === null && phasesOf(rule).some(({ state }) => state === 'next');

/** What has to do with its end. */
function remediesOfEnd({ id, rule, now, child }: RuleFacts): Remedy[] {
  const remedies: Remedy[] = [];
  if (rule.locked && rule.expiresAt) remedies.push(forRule.unlock(id));
  if (rule.childRuleUid !== null) remedies.push(forRule.detachChild(id));
  else if (rule.expiresAt) remedies.push(forRule.keepForEver(id));
  const goes = rule.expiresAt !== null && rule.expiresAt <= now;
  const waits = child !== undefined && child.state !== RuleState.OK;
  if (rule.state !== RuleState.OK && !rule.locked && !goes && !waits) {
    remedies.push(forRule.end(id));
  }
  return remedies;
}
