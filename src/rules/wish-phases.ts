import { StagingAreaRuleRequiresLifetime } from '../errors/index.js';
import { type Resolved } from '../rses/index.js';
import { demandCopies } from './copy-placement.js';
import { isOnTape } from './on-tape.js';
import { begunPhases, endOf, keyOfPhases, type Phase } from './phase.js';
import { demandSense } from './phased-wish.js';
import { type RuleSpec } from './rule-spec.js';
import { expressionsOf, openSites } from './sites.js';

/** A rule's columns for its phases. */
export interface WishedPhases {
  readonly phases: readonly Phase[] | null;
  readonly phasesKey: string | null;
  readonly phase: number | null;
  readonly phaseLookAt: Date | null;
}

/** What of a wish its phases go by. */
export type PhasedSpec = Pick<RuleSpec, 'lifetime' | 'phases' | 'askApproval'>;

export const NONE: WishedPhases = { phases: null, phasesKey: null, phase: null, phaseLookAt: null };

/** All expressions that `wishPhases` asks for. */
export const expressionsOfPhases = (phases: readonly Phase[]): string[] =>
  phases.flatMap((phase) => expressionsOf({ ...phase, sourceReplicaExpression: null }));

/**
 * The phases of a wish, checked as far as that can be done before they begin; the first one begins at
 * `startsAt`, unless they come from a rule that is moved and have begun. Throws InvalidReplicationRule
 * (phases that make no sense), InvalidRSEExpression, InsufficientTargetRSEs,
 * StagingAreaRuleRequiresLifetime.
 */
export function wishPhases(spec: PhasedSpec, startsAt: Date, resolved: Resolved): WishedPhases {
  if (!spec.phases) return NONE;
  demandSense(spec, spec.phases);
  const begun = spec.phases.some(({ since }) => since !== null);
  const phases = begun ? [...spec.phases] : begunPhases(spec.phases, startsAt);
  const phase = phases.findLastIndex(({ since }) => since !== null);
  const checked = phases.map((wished, at) =>
    at > phase ? demandTargets(spec, at, wished, resolved) : wished,
  );
  const since = phases[phase]?.since;
  return {
    phases: checked,
    phasesKey: keyOfPhases(checked),
    phase,
    phaseLookAt: endOf(phases[phase], since ? new Date(since) : null, null),
  };
}

/** A phase that comes later must be possible as things are today; where it is for ever on tape it is locked. */
function demandTargets(spec: PhasedSpec, at: number, phase: Phase, resolved: Resolved): Phase {
  // Whatever may be written now, and whatever room there is: that is told when it begins.
  const wish = { ...phase, sourceReplicaExpression: null, ignoreAvailability: true };
  const { named, candidates, constraints } = openSites(wish, resolved);
  demandCopies({ id: 0n, copies: phase.copies, bytes: 0n }, candidates, constraints);
  const ends = phase.forSeconds !== null || phase.untilIdleSeconds !== null;
  if (ends || (spec.lifetime !== null && spec.lifetime !== undefined)) return phase;
  const staging = named.find((rse) => rse.stagingArea);
  if (staging) {
    throw new StagingAreaRuleRequiresLifetime(
      `Rules for a staging area must include a lifetime, and phase ${at + 1} is for ever: ${staging.name}`,
      { rse: staging.name },
    );
  }
  return { ...phase, locked: isOnTape(named, constraints) };
}
