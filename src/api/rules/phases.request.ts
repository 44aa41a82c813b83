import { InputValidationError, InvalidReplicationRule } from '../../errors/index.js';
import {
  type GivenPhase,
  keyOfPhases,
  parsePhases,
  type Phase,
  readPhases,
  type Rule,
} from '../../rules/index.js';
import { type RuleGrouping, wireId } from '../../vocabulary/index.js';

/** What a request says of phases, and of the rule around them. */
export interface AskedPhases {
  /** From the body, as it came. */
  readonly phases: unknown;
  /** From `meta.sluice`. */
  readonly inMeta: readonly GivenPhase[] | undefined;
  readonly placed: boolean;
  readonly copies: number | null;
  readonly rseExpression: string | null;
  readonly weight: string | null;
  readonly grouping: RuleGrouping;
}

/**
 * The phases that a request asks for; null where it asks for none. Throws InvalidReplicationRule,
 * InvalidObject, InvalidRSEExpression.
 */
export function readRulePhases({ phases, inMeta, placed, ...rule }: AskedPhases): Phase[] | null {
  const inBody = phases === null || phases === undefined ? undefined : parsePhases(phases);
  const given = inBody ?? inMeta;
  if (!given) return null;
  if (inBody && inMeta && JSON.stringify(inBody) !== JSON.stringify(inMeta)) {
    throw new InvalidReplicationRule(
      'The phases are given twice, and differently: in phases and in meta.sluice.phases; give them once',
    );
  }
  if (placed) {
    throw new InvalidReplicationRule(
      'A rule with phases has its placement in its phases: write it in phases[0].placement',
    );
  }
  return readPhases(given, rule);
}

/** New meta that speaks of phases must say what is so. Throws InputValidationError. */
export function demandSamePhases(rule: Rule, inMeta: readonly GivenPhase[] | undefined): void {
  if (!inMeta) return;
  const [first] = rule.phases ?? [];
  const { weight, grouping } = rule;
  const defaults = {
    copies: inMeta[0]?.copies ?? first?.copies ?? null,
    rseExpression: inMeta[0]?.rseExpression ?? first?.rseExpression ?? null,
    weight,
    grouping,
  };
  const same = rule.phases && keyOfPhases(readPhases(inMeta, defaults)) === rule.phasesKey;
  if (same) return;
  throw new InputValidationError(
    `meta.sluice.phases is not what rule ${wireId(rule.uid)} has as phases: they are given when a rule is made`,
    { rule: wireId(rule.uid) },
  );
}
