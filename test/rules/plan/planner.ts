import { planRules, type RulePlan, type RuleSpec, rulesTerms } from '../../../src/rules/index.js';
import { RuleGrouping, RuleNotification } from '../../../src/vocabulary/index.js';
import { type Court } from '../../support/judge.js';

/** Plans of rules over what stands in a court. */
export function planner(a: Court) {
  const specOf = (name: string, spec: Partial<RuleSpec> = {}): RuleSpec => ({
    dids: [{ scope: a.scope, name }],
    accountId: a.accountId,
    copies: 1,
    rseExpression: '*',
    grouping: RuleGrouping.DATASET,
    activity: 0,
    notification: RuleNotification.NO,
    ...spec,
  });
  const plans = (...specs: RuleSpec[]): Promise<RulePlan[]> =>
    a.db.snapshot((tx) => planRules(tx, specs, rulesTerms(a.config, a.now)));
  const plan = async (name: string, spec: Partial<RuleSpec> = {}): Promise<RulePlan> => {
    const [made] = await plans(specOf(name, spec));
    return made as RulePlan;
  };
  return { specOf, plans, plan };
}

/** Where it goes: what is there, comes by itself and is to move, in files, and why. */
export const chosen = ({ parts }: RulePlan) =>
  parts[0]?.chosen.map(({ rse, there, coming, move, why }) => [
    rse,
    Number(there.files),
    Number(coming.files),
    Number(move.files),
    why.map(({ reason }) => reason).join(),
  ]);

export const ways = ({ moves }: RulePlan) =>
  moves.map(({ source, destination, files }) => [source, destination, Number(files)]);
