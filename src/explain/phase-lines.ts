import { type FormerPhase, phasesOf, type PhaseView, type Rule, spanOf } from '../rules/index.js';
import { RuleState } from '../vocabulary/index.js';
import { clockTime, counted } from './words.js';

/** What of a rule's facts its phases are told by. */
export interface PhaseFacts {
  readonly rule: Rule;
  /** Phases that are over and still hold their copies. */
  readonly former: readonly FormerPhase[];
  readonly now: Date;
}

/** In which phase a rule is, until when, what comes then, and what former phases still hold. Pure. */
export function phaseLines(facts: PhaseFacts): string[] {
  const { rule, former } = facts;
  if (rule.phaseOf !== null) {
    const id = rule.phaseOf.replaceAll('-', '');
    return [
      `It is what is left of phase ${(rule.phase ?? 0) + 1} of rule ${id}: it ends when all copies of that are there`,
    ];
  }
  return [...present(facts), ...former.map(left)];
}

function present({ rule, now }: PhaseFacts): string[] {
  const phases = phasesOf(rule);
  const current = phases.find(({ state }) => state === 'current');
  if (!current) return [];
  const which = `Phase ${current.number} of ${phases.length}`;
  const next = phases[current.number];
  if (!next) return [`${which}, the last`];
  const over = current.until !== null && current.until <= now;
  const why = over ? waits(rule) : undefined;
  return [`${which}, ${why ?? untilWhen(current, now)}; then ${wishOf(next)}`];
}

function untilWhen({ until, untilIdleSeconds }: PhaseView, now: Date): string {
  const at = until === null ? 'nobody knows when' : clockTime(until, now);
  return untilIdleSeconds === null
    ? `until ${at}`
    : `until nobody has read the data for ${spanOf(untilIdleSeconds)}, not before ${at}`;
}

/** Why a phase that is over has not ended yet. */
function waits(rule: Rule): string | undefined {
  if (rule.locked) return 'which is over, and goes on while the rule is locked';
  if (rule.state === RuleState.SUSPENDED) return 'which is over, and goes on while it is suspended';
  if (rule.childRuleId !== null) return 'which is over, and another rule is to take its place';
  if (rule.expiresAt !== null) return 'which is over, and the rule ends before another one begins';
  return undefined;
}

const wishOf = ({ copies, rseExpression }: PhaseView): string =>
  `${counted(copies, 'copy', 'copies')} on '${rseExpression}'`;

const left = ({ number, rseExpression, locks, uid }: FormerPhase): string =>
  `Phase ${number} still holds ${counted(locks, 'copy', 'copies')} on '${rseExpression}' (rule ${uid.replaceAll('-', '')}), until all copies of this one are there`;
