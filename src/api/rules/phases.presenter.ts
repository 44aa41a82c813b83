import { type PhasedRule, phasesOf, spanOf } from '../../rules/index.js';
import { RuleGroupingCodec } from '../../vocabulary/index.js';
import { presentPlacement } from './placement.presenter.js';

/** The phases of a rule, each with its state: as they were given, and how it stands with them. */
export const presentPhases = (rule: PhasedRule) =>
  phasesOf(rule).map((phase) => ({
    number: phase.number,
    state: phase.state,
    since: phase.since,
    until: phase.until,
    for: spanOf(phase.forSeconds),
    until_idle: spanOf(phase.untilIdleSeconds),
    copies: phase.copies,
    rse_expression: phase.rseExpression,
    weight: phase.weight,
    grouping: RuleGroupingCodec.name(phase.grouping),
    placement: phase.constraints && presentPlacement(phase.constraints),
  }));
