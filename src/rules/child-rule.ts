import { type Tx } from '../db/index.js';
import { InputValidationError } from '../errors/index.js';
import { RuleState } from '../vocabulary/index.js';
import { type Rule } from './rule.js';
import { findRule } from './rule.sql.js';

/** Whether `child` may take the place of a rule one day. Throws InputValidationError. */
export function demandChild(rule: Rule, child: Rule): void {
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

/** Whether another rule is to take the place of this one, and is not OK yet. */
export async function waitsForChild(tx: Tx, rule: Rule): Promise<boolean> {
  if (rule.childRuleUid === null) return false;
  return (await findRule(tx, rule.childRuleUid)).state !== RuleState.OK;
}
