import { type Tx } from '../db/index.js';
import { InvalidReplicationRule, StagingAreaRuleRequiresLifetime } from '../errors/index.js';
import { resolveRses } from '../rses/index.js';
import { demandCopies } from './copy-placement.js';
import { isOnTape } from './on-tape.js';
import { begunPhases, endOf, keyOfPhases, type Phase } from './phase.js';
import { type RuleSpec } from './rule-spec.js';
import { findSites } from './sites.js';

/** A rule's columns for its phases. */
export interface WishedPhases {
  readonly phases: readonly Phase[] | null;
  readonly phasesKey: string | null;
  readonly phase: number | null;
  readonly phaseLookAt: Date | null;
}

const NONE: WishedPhases = { phases: null, phasesKey: null, phase: null, phaseLookAt: null };

/**
 * The phases of a wish, checked as far as that can be done before they begin; the first one begins at
 * `startsAt`, unless they come from a rule that is moved and have begun. Throws InvalidReplicationRule
 * (phases that make no sense), InvalidRSEExpression, InsufficientTargetRSEs,
 * StagingAreaRuleRequiresLifetime.
 */
export async function wishPhases(tx: Tx, spec: RuleSpec, startsAt: Date): Promise<WishedPhases> {
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

const isLast = (phases: readonly Phase[], at: number): boolean => at === phases.length - 1;

function demandSense({ askApproval }: RuleSpec, phases: readonly Phase[]): void {
  const wrong = (why: string) => new InvalidReplicationRule(`Problem validating phases: ${why}`);
  if (askApproval) throw wrong('approval is asked for one RSE; a rule with phases names several');
  if (phases.length < 2) throw wrong('there must be two at least; one that ends is a lifetime');
  phases.forEach(({ forSeconds, untilIdleSeconds }, at) => {
    const ends = Number(forSeconds !== null) + Number(untilIdleSeconds !== null);
    if (isLast(phases, at) && ends > 0) {
      throw wrong(`phase ${at + 1} is the last and has no end; the rule's lifetime may end it`);
    }
    if (!isLast(phases, at) && ends !== 1) {
      throw wrong(`phase ${at + 1} needs an end: for, such as "30d", or until_idle`);
    }
    const next = phases[at + 1];
    if (next && sameWish(next) === sameWish(phases[at] as Phase)) {
      throw wrong(`phase ${at + 2} wants what phase ${at + 1} wants`);
    }
  });
}

const sameWish = ({ copies, rseExpression, constraints }: Phase): string =>
  JSON.stringify([copies, rseExpression, constraints]);

/** A phase that comes later must be possible as things are today; where it is for ever on tape it is locked. */
async function demandTargets(tx: Tx, spec: RuleSpec, phase: Phase, at: number): Promise<Phase> {
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
