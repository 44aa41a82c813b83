import { lastReads } from '../dids/index.js';
import { ring, type Tx } from '../db/index.js';
import { toldReads } from '../replicas/index.js';
import { Channel, RuleState } from '../vocabulary/index.js';
import { endOf } from './phase.js';
import { beginPhases, claimPhases, type DuePhase, postponePhases } from './phase.sql.js';

export interface PhaseTerms {
  readonly now: Date;
  /** A rule that ends within so long begins no phase more. */
  readonly deleteGraceSeconds: number;
  /** Until the next look at a phase that is over and may not end yet. */
  readonly phaseLookSeconds: number;
}

/** What a look at rules whose phase may be over came to. */
export interface PhaseTally {
  readonly seen: number;
  readonly begun: number;
}

/** Rules of one transaction. */
const RULES = 200;

/**
 * Looks at rules whose phase may be over, at most 200 of them that nobody works on. Where it is, the
 * next phase begins as a rule of its own, which the injector places; it has the wire id from now on,
 * and the former phase is kept under another id until the next one is OK. Undefined if none was due.
 */
export async function nextPhases(tx: Tx, terms: PhaseTerms): Promise<PhaseTally | undefined> {
  const due = await claimPhases(tx, terms.now, RULES);
  if (due.length === 0) return undefined;
  const idling = due.filter(({ phases, phase }) => phases[phase]?.untilIdleSeconds !== null);
  // What has been told of counts, also while nobody has got round to writing it down.
  const reads = await lastReads(tx, [...new Set(idling.map(({ didId }) => didId))], toldReads);
  const steps = due.map((rule) => ({
    id: rule.id,
    lookAt: lookAgain(rule, reads.get(rule.didId) ?? null, terms),
  }));
  const begin = steps.flatMap(({ id, lookAt }) => (lookAt === 'begin' ? [id] : []));
  await postponePhases(
    tx,
    steps.flatMap(({ id, lookAt }) => (lookAt === 'begin' ? [] : [{ id, lookAt }])),
  );
  if (begin.length > 0) {
    await beginPhases(tx, begin, terms.now);
    await ring(tx, Channel.INJECTION);
  }
  return { seen: due.length, begun: begin.length };
}

/** States in which somebody works on a rule; one that rests, or is being placed, stays in its phase. */
const GOING_ON: readonly RuleState[] = [RuleState.OK, RuleState.REPLICATING, RuleState.STUCK];

/** Whether the next phase of a rule begins now; if not, when to look again: null is never. */
export function lookAgain(
  rule: Omit<DuePhase, 'id' | 'didId'>,
  readAt: Date | null,
  terms: PhaseTerms,
): 'begin' | Date | null {
  const { phases, phase, expiresAt } = rule;
  const now = terms.now.getTime();
  const since = phases[phase]?.since ?? null;
  const end = endOf(phases[phase], since === null ? null : new Date(since), readAt);
  if (end === null || phase >= phases.length - 1) return null;
  if (end.getTime() > now) return end;
  const ending = expiresAt !== null && expiresAt.getTime() <= now + terms.deleteGraceSeconds * 1000;
  const held = rule.locked || rule.replaced || rule.taken || !GOING_ON.includes(rule.state);
  return ending || held ? new Date(now + terms.phaseLookSeconds * 1000) : 'begin';
}
