import { type Tx } from '../db/index.js';
import { StagingAreaRuleRequiresLifetime } from '../errors/index.js';
import { resolveRses } from '../rses/index.js';
import { demandCopies } from './copy-placement.js';
import { isOnTape } from './on-tape.js';
import { begunPhases, endOf, keyOfPhases, type Phase } from './phase.js';
import { demandSense } from './phased-wish.js';
import { type RuleSpec } from './rule-spec.js';
import { findSites } from './sites.js';

/** A rule's columns for its phases. */
export interface WishedPhases {
  readonly phases: readonly Phase[] | null;
  readonly phasesKey: string | null;
  readonly phase: number | null;
  readonly phaseLookAt: Date | null;
}

/** What of a wish its phases go by. */
export type PhasedSpec = Pick<RuleSpec, 'accountId' | 'lifetime' | 'phases' | 'askApproval'>;

export const NONE: WishedPhases = { phases: null, phasesKey: null, phase: null, phaseLookAt: null };

/**
 * The phases of a wish, checked as far as that can be done before they begin; the first one begins at
 * `startsAt`, unless they come from a rule that is moved and have begun. Throws InvalidReplicationRule
 * (phases that make no sense), InvalidRSEExpression, InsufficientTargetRSEs,
 * StagingAreaRuleRequiresLifetime.
 */
export async function wishPhases(tx: Tx, spec: PhasedSpec, startsAt: Date): Promise<WishedPhases> {
  if (!spec.phases) return NONE;
  demandSense(spec, spec.phases);
  const begun = spec.phases.some(({ since }) => since !== null);
  const phases = begun ? [...spec.phases] : begunPhases(spec.phases, startsAt);
  const phase = phases.findLastIndex(({ since }) => since !== null);
  const checked: Phase[] = [];
  for (const [at, wished] of phases.entries()) {
    checked.push(at > phase ? await demandTargets(tx, spec, wished, at) : wished);
  }
  const since = phases[phase]?.since;
  return {
    phases: checked,
    phasesKey: keyOfPhases(checked),
    phase,
    phaseLookAt: endOf(phases[phase], since ? new Date(since) : null, null),
  };
}

/** A phase that comes later must be possible as things are today; where it is for ever on tape it is locked. */
async function demandTargets(tx: Tx, spec: PhasedSpec, phase: Phase, at: number): Promise<Phase> {
  const named = await resolveRses(tx, phase.rseExpression);
  // Whatever may be written now, and whatever room there is: that is told when it begins.
  const { candidates, constraints } = await findSites(tx, {
    accountId: spec.accountId,
    rseExpression: phase.rseExpression,
    constraints: phase.constraints,
    sourceReplicaExpression: null,
    weight: phase.weight,
    ignoreAvailability: true,
    ignoreAccountLimit: true,
  });
  const open = candidates.map((it) => ({ ...it, quotaLeft: null, spaceLeft: null }));
  demandCopies({ id: 0n, copies: phase.copies, bytes: 0n }, open, constraints);
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
