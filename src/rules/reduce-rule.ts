import { type Tx } from '../db/index.js';
import { RuleReplaceFailed, SluiceError, UnsupportedOperation } from '../errors/index.js';
import { RuleState } from '../vocabulary/index.js';
import { type AdditionTerms } from './begin-rules.js';
import { waitsForChild } from './child-rule.js';
import { demandUnlocked } from './delete-rule.js';
import { type AddedRule } from './new-rule.sql.js';
import {
  copiesOf,
  type PlacementConstraints,
  printConstraints,
  unionOf,
} from './placement-constraints.js';
import { replaceRule, wishAgain, withPhases } from './replace-rule.js';
import { type Rule } from './rule.js';
import { findRule } from './rule.sql.js';

/** What is left of a rule. */
export interface RuleReduction {
  readonly copies: number;
  readonly exclude: string | null;
  /** How the copies that are left stand to each other; null: as before, if that is clear. */
  readonly constraints?: PlacementConstraints | null;
}

/**
 * Takes copies away: a new rule of fewer copies takes the place of one that is OK, on the RSEs that
 * `exclude` leaves. It must be OK at once, so only copies that are there count.
 * Throws UnsupportedOperation (it is locked), RuleReplaceFailed.
 */
export async function reduceRule(
  tx: Tx,
  rule: Rule,
  reduction: RuleReduction,
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
  demandUnlocked(rule);
  if (await waitsForChild(tx, rule)) {
    throw new RuleReplaceFailed('The rule must not have a child rule', { rule: rule.uid });
  }
  const constraints = reducedConstraints(rule, reduction);
  const rseExpression = constraints
    ? unionOf(constraints)
    : excluding(rule.rseExpression, reduction.exclude);
  const { copies } = reduction;
  const wish = { ...wishAgain(rule, terms.now), copies, rseExpression, constraints };
  const spec = withPhases(rule, wish, terms.now);
  const added = await replaceRule(tx, rule, spec, terms).catch((error: unknown) => {
    if (!(error instanceof SluiceError) || error instanceof UnsupportedOperation) throw error;
    throw new RuleReplaceFailed(`The replacement of the rule failed: ${error.message}`, {
      rule: rule.uid,
      cause: error.name,
    });
  });
  const made = await findRule(tx, added.uid);
  if (made.state === RuleState.OK) return added;
  throw new RuleReplaceFailed('The replacement of the rule failed: it would have to copy data', {
    rule: rule.uid,
  });
}

const excluding = (expression: string, exclude: string | null): string =>
  exclude === null ? expression : `(${expression})\\(${exclude})`;

/** Which copies go is the owner's to say, unless all are of one part. Throws RuleReplaceFailed. */
function reducedConstraints(
  rule: Rule,
  { copies, exclude, constraints }: RuleReduction,
): PlacementConstraints | null {
  const left = constraints ?? rule.constraints;
  if (!left) return null;
  const [only, ...more] = left.parts;
  if (only && more.length === 0) {
    const rseExpression = excluding(only.rseExpression, exclude);
    return { ...left, parts: [{ ...only, copies, rseExpression }] };
  }
  if (copiesOf(left) !== copies) {
    throw new RuleReplaceFailed(
      `The rule has the placement '${printConstraints(left)}': say which ${copies} copies are left, as placement`,
      { rule: rule.uid },
    );
  }
  const parts = left.parts.map((part) => ({
    ...part,
    rseExpression: excluding(part.rseExpression, exclude),
  }));
  return { ...left, parts };
}
