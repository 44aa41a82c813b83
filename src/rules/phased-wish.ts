import { InvalidReplicationRule } from '../errors/index.js';
import { type RuleGrouping } from '../vocabulary/index.js';
import { type GivenPhase, type PhaseDefaults, parsePhases, readPhases } from './parse-phases.js';
import { type Phase, wantsTheSame } from './phase.js';
import { type PlacementConstraints } from './placement-constraints.js';

/** What a request says of phases, and of the rule around them. */
export interface AskedPhases extends PhaseDefaults {
  /** As they came; null and undefined are none. */
  readonly phases: unknown;
  /** What clients call them. */
  readonly field?: string;
  /** From `meta.sluice`, read already. */
  readonly inMeta?: readonly GivenPhase[] | null | undefined;
  /** Whether the rule has a placement beside them. */
  readonly placed: boolean;
}

/** Phases that make no sense. */
export const nonsense = (why: string): InvalidReplicationRule =>
  new InvalidReplicationRule(`Problem validating phases: ${why}`);

/** What a rule with phases wants: its phases, and what the first of them does. */
export interface PhasedWish {
  readonly copies: number;
  readonly rseExpression: string;
  readonly constraints: PlacementConstraints | null;
  readonly weight: string | null;
  readonly grouping: RuleGrouping;
  readonly phases: readonly Phase[];
}

/**
 * Reads what somebody asks for who asks for phases, in a rule, a subscription or a job; undefined where
 * nobody does. Throws InvalidReplicationRule, InvalidObject, InvalidRSEExpression.
 */
export function phasedWish(asked: AskedPhases): PhasedWish | undefined {
  const { phases: given, field, inMeta, placed, ...rule } = asked;
  const inBody = given === null || given === undefined ? undefined : parsePhases(given, field);
  demandSameWords(inBody, inMeta);
  const read = inBody ?? inMeta;
  if (!read) return undefined;
  if (placed) {
    throw new InvalidReplicationRule(
      'A rule with phases has its placement in its phases: write it in phases[0].placement',
    );
  }
  const phases = readPhases(read, rule);
  const [first] = phases;
  if (!first) throw nonsense('there must be two at least; one that ends is a lifetime');
  const { copies, rseExpression, constraints, weight, grouping } = first;
  return { copies, rseExpression, constraints, weight, grouping, phases };
}

const isLast = (phases: readonly Phase[], at: number): boolean => at === phases.length - 1;

/** Whether phases can follow each other. Throws InvalidReplicationRule. */
export function demandSense(
  { askApproval }: { readonly askApproval?: boolean | undefined },
  phases: readonly Phase[],
): void {
  if (askApproval)
    throw nonsense('approval is asked for one RSE; a rule with phases names several');
  if (phases.length < 2) throw nonsense('there must be two at least; one that ends is a lifetime');
  phases.forEach((phase, at) => {
    const ends = Number(phase.forSeconds !== null) + Number(phase.untilIdleSeconds !== null);
    if (isLast(phases, at) && ends > 0) {
      throw nonsense(`phase ${at + 1} is the last and has no end; the rule's lifetime may end it`);
    }
    if (!isLast(phases, at) && ends !== 1) {
      throw nonsense(`phase ${at + 1} needs an end: for, such as "30d", or until_idle`);
    }
    const next = phases[at + 1];
    if (next && wantsTheSame(next, phase)) {
      throw nonsense(`phase ${at + 2} wants what phase ${at + 1} wants`);
    }
  });
}

/** Phases that are given in the body and in the meta must say the same. Throws InvalidReplicationRule. */
export function demandSameWords(
  inBody: readonly GivenPhase[] | null | undefined,
  inMeta: readonly GivenPhase[] | null | undefined,
): void {
  if (!inMeta || inBody === undefined || JSON.stringify(inBody) === JSON.stringify(inMeta)) return;
  throw new InvalidReplicationRule(
    'The phases are given twice, and differently: in phases and in meta.sluice.phases; give them once',
  );
}
