import { UnsupportedOperation } from '../errors/index.js';
import { RuleGroupingCodec, wireId } from '../vocabulary/index.js';
import { type GivenPhase, readPhase, spanOf } from './parse-phases.js';
import { type Phase, wantsTheSame } from './phase.js';
import { type Rule } from './rule.js';

/** What of a rule its new phases go by. */
type PhasedRule = Pick<
  Rule,
  'uid' | 'phases' | 'phase' | 'copies' | 'rseExpression' | 'weight' | 'grouping' | 'constraints'
>;

/**
 * The phases of a rule as somebody wants them from now on: all of them, those that have begun too, which
 * may be left empty. Only the end of the one that holds can be another; a rule without phases is in the
 * first one from now on. Pure. Throws UnsupportedOperation, InvalidReplicationRule.
 */
export function changedPhases(rule: PhasedRule, given: readonly GivenPhase[], now: Date): Phase[] {
  const begun = rule.phases?.slice(0, (rule.phase ?? 0) + 1) ?? [firstOf(rule, now)];
  if (given.length < begun.length) {
    throw refusal(rule, `${begun.length} have begun: the list begins with them, as {} each`);
  }
  const { weight, grouping } = rule;
  return given.map((phase, at) => {
    const stored = begun[at];
    if (!stored)
      return readPhase(phase, at, { copies: null, rseExpression: null, weight, grouping });
    demandSame(rule, stored, phase, at);
    if (at < begun.length - 1) return stored;
    return { ...stored, ...endOf(stored, phase, at === given.length - 1) };
  });
}

const firstOf = (rule: PhasedRule, now: Date): Phase => ({
  forSeconds: null,
  untilIdleSeconds: null,
  copies: rule.copies,
  rseExpression: rule.rseExpression,
  weight: rule.weight,
  grouping: rule.grouping,
  constraints: rule.constraints,
  locked: false,
  since: now.toISOString(),
});

const refusal = (rule: PhasedRule, why: string): UnsupportedOperation => {
  const id = wireId(rule.uid);
  return new UnsupportedOperation(`The phases of rule ${id} cannot be changed so: ${why}`, {
    rule: id,
  });
};

/** What is not said of the phase that holds stays; as the last one it has no end. */
function endOf(
  stored: Phase,
  { forSeconds, untilIdleSeconds }: GivenPhase,
  isLast: boolean,
): Pick<Phase, 'forSeconds' | 'untilIdleSeconds'> {
  const isSaid = forSeconds !== null || untilIdleSeconds !== null;
  return isSaid || isLast
    ? { forSeconds, untilIdleSeconds }
    : { forSeconds: stored.forSeconds, untilIdleSeconds: stored.untilIdleSeconds };
}

/** What has begun is what it is, as far as anything is said of it. */
function demandSame(rule: PhasedRule, stored: Phase, given: GivenPhase, at: number): void {
  const isOver = at < (rule.phase ?? 0);
  const otherwise = [...otherTargets(stored, given), ...(isOver ? otherEnds(stored, given) : [])];
  if (otherwise.length === 0) return;
  const why = isOver ? 'is over' : 'holds now: move the rule to have its copies elsewhere';
  throw refusal(rule, `its phase ${at + 1} ${why}; it stays ${otherwise.join(', ')}`);
}

/** What of a phase is said otherwise than it is, as it is. */
function otherTargets(stored: Phase, given: GivenPhase): string[] {
  const { copies, rseExpression, weight, grouping } = stored;
  const { placement } = given;
  const isSilent = given.copies === null && given.rseExpression === null && placement === null;
  // Beside copies alone the placement is meant as it is.
  const kept = placement ?? (given.rseExpression === null ? stored.constraints : null);
  const same =
    isSilent || wantsTheSame(readPhase({ ...given, placement: kept }, 0, stored), stored);
  return [
    ...(same ? [] : [`${copies} on '${rseExpression}'`]),
    ...(isOther(given.weight, weight) ? [`by weight ${weight}`] : []),
    ...(isOther(given.grouping, grouping) ? [`grouped ${RuleGroupingCodec.name(grouping)}`] : []),
  ];
}

const otherEnds = ({ forSeconds, untilIdleSeconds }: Phase, given: GivenPhase): string[] => [
  ...(isOther(given.forSeconds, forSeconds) ? [`for ${spanOf(forSeconds)}`] : []),
  ...(isOther(given.untilIdleSeconds, untilIdleSeconds)
    ? [`idle ${spanOf(untilIdleSeconds)}`]
    : []),
];

const isOther = <Value>(said: Value | null, stored: Value | null): boolean =>
  said !== null && said !== stored;
