import { type Tx } from '../../db/index.js';
import { type AdditionTerms } from '../begin-rules.js';
import { draftRules, type PlannedSpec } from './draft-rules.js';
import { type RulePlan } from './plan.js';
import { openPlan, planDraft } from './plan-draft.js';
import { planPhases } from './plan-phases.js';

/**
 * What wishes would come to, each after those before it: where copies would go and why not elsewhere,
 * what would be moved, quota and space afterwards, an estimate of the time, and warnings. The
 * decisions are those of creation; nothing is written and nothing is held. Give it a snapshot. What can
 * be looked up for all of them together is; what a wish finds is what those before it leave, and costs
 * statements of its own, a handful. Throws what cannot be meant (see `draftRules`); what cannot be done is told by each plan's errors.
 */
export async function planRules(
  tx: Tx,
  specs: readonly PlannedSpec[],
  terms: AdditionTerms,
): Promise<RulePlan[]> {
  if (specs.length === 0) return [];
  const ground = await openPlan(tx, terms);
  const plans: RulePlan[] = [];
  for (const draft of await draftRules(tx, specs, terms)) {
    const { spec } = draft;
    const first = await planDraft(tx, draft, ground);
    if (spec.phases)
      plans.push(...(await planPhases(tx, { ...spec, phases: spec.phases }, ground, first)));
    else plans.push(first.plan);
  }
  return plans;
}
