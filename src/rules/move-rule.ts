import { type Tx } from '../db/index.js';
import { DuplicateRule, RuleReplaceFailed } from '../errors/index.js';
import { type AdditionTerms } from './begin-rules.js';
import { waitsForChild } from './child-rule.js';
import { type AddedRule } from './new-rule.sql.js';
import { copiesOf, type PlacementConstraints, printConstraints } from './placement-constraints.js';
import { replaceRule, wishAgain, withPhases } from './replace-rule.js';
import { type Rule } from './rule.js';
import { type RuleSpec } from './rule-spec.js';

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

/** Where a rule moves to. */
export interface RuleMove {
  readonly rseExpression: string;
  /** Null: as the rule has them, if the expression is the rule's own; else none. */
  readonly constraints?: PlacementConstraints | null;
  readonly override: RuleOverride;
}

/**
 * Moves a rule: a new one with another expression takes its place, and the old one goes when the new
 * one is OK. Throws RuleReplaceFailed (it has a child already), and what `addRules` throws.
 */
export async function moveRule(
  tx: Tx,
  rule: Rule,
  move: RuleMove,
  terms: AdditionTerms,
): Promise<AddedRule> {
  if (await waitsForChild(tx, rule)) {
    throw new RuleReplaceFailed('The rule must not have a child rule', { rule: rule.uid });
  }
  const stays = move.rseExpression === rule.rseExpression;
  const constraints = move.constraints ?? (stays ? rule.constraints : null);
  if (stays && Object.keys(move.override).length === 0) {
    throw new DuplicateRule('The rule is moved to where it is', { rule: rule.uid });
  }
  const wish = {
    ...wishAgain(rule, terms.now),
    ...move.override,
    rseExpression: move.rseExpression,
    constraints,
  };
  const spec = withPhases(rule, wish, terms.now);
  if (constraints && copiesOf(constraints) !== spec.copies) {
    throw new RuleReplaceFailed(
      `The placement of the rule, '${printConstraints(constraints)}', makes ${copiesOf(constraints)} copies, not ${spec.copies}: give the new one whole, as placement`,
      { rule: rule.uid },
    );
  }
  return await replaceRule(tx, rule, spec, terms);
}
