import { type Tx } from '../../db/index.js';
import { type AdditionTerms } from '../begin-rules.js';
import { type RuleSpec } from '../rule-spec.js';
import { draftRule } from './draft-rule.js';
import { type RulePlan } from './plan.js';
import { openPlan, planDraft } from './plan-draft.js';
import { planPhases } from './plan-phases.js';

/**
 * What wishes would come to, each after those before it: where copies would go and why not elsewhere,
 * what would be moved, quota and space afterwards, an estimate of the time, and warnings. The
 * decisions are those of creation; nothing is written and nothing is held. Give it a snapshot.
 * Throws what cannot be meant (see `draftRule`); what cannot be done is told by each plan's errors.
 */
export async function planRules(
  tx: Tx,
  specs: readonly RuleSpec[],
  terms: AdditionTerms,
): Promise<RulePlan[]> {
  const ground = await openPlan(tx, terms);
  const plans: RulePlan[] = [];
  for (const spec of specs) {
    const first = await planDraft(tx, await draftRule(tx, spec, terms), ground);
    if (spec.phases)
      plans.push(...(await planPhases(tx, { ...spec, phases: spec.phases }, ground, first)));
    else plans.push(first.plan);
  }
  return plans;
}
