import { createHash } from 'node:crypto';
import { type RuleGrouping } from '../vocabulary/index.js';
import {
  normaliseConstraints,
  type PlacementConstraints,
  sameConstraints,
} from './placement-constraints.js';

/** What a rule wants for a while, as stored: every key is there. */
export interface Phase {
  /** How long it lasts, in seconds. Null with the next one too: it is the last and has no end. */
  readonly forSeconds: number | null;
  /** It lasts until nobody has read the data for so long, in seconds. */
  readonly untilIdleSeconds: number | null;
  readonly copies: number;
  readonly rseExpression: string;
  readonly weight: string | null;
  readonly grouping: RuleGrouping;
  readonly constraints: PlacementConstraints | null;
  /** A rule for ever on tape is locked, and so is a last phase on tape. */
  readonly locked: boolean;
  /** When it began, ISO 8601; null where it has not. */
  readonly since: string | null;
}

/** Whether two phases want the same copies. */
export const wantsTheSame = (a: PhaseTargets, b: PhaseTargets): boolean =>
  a.copies === b.copies &&
  a.rseExpression === b.rseExpression &&
  sameConstraints(a.constraints ?? null, b.constraints ?? null);

type PhaseTargets = Pick<Phase, 'copies' | 'rseExpression'> & {
  readonly constraints?: PlacementConstraints | null;
};

/** What phases are read from: a rule, as far as it matters here. */
export interface PhasedRule {
  readonly phases: readonly Phase[] | null;
  /** Which of them holds, counted from 0. */
  readonly phase: number | null;
  /** When somebody looks whether it is over. */
  readonly phaseLookAt: Date | null;
  readonly expiresAt: Date | null;
}

/** A phase of a rule as people see it. */
export interface PhaseView extends Omit<Phase, 'since'> {
  /** Counted from 1. */
  readonly number: number;
  readonly state: 'done' | 'current' | 'next';
  readonly since: Date | null;
  /**
   * When it ended or ends; while it lasts until idle, the earliest that it may, and so with those
   * after it. Null: nobody knows.
   */
  readonly until: Date | null;
}

/** The phases of a rule in their order, each with its state. None where it has no phases. */
export function phasesOf(rule: PhasedRule): PhaseView[] {
  const { phases, phase: now } = rule;
  if (phases === null || now === null) return [];
  const begins: (Date | null)[] = phases.map(({ since }) =>
    since === null ? null : new Date(since),
  );
  const ends = phases.map((phase, at) => {
    const next = begins[at + 1];
    if (at < now) return next ?? null;
    if (at === phases.length - 1) return rule.expiresAt;
    const end = endOf(phase, begins[at] ?? null, null);
    // Every reading puts the next look off.
    const idle = at === now && phase.forSeconds === null;
    const late = idle && end && rule.phaseLookAt && rule.phaseLookAt > end;
    return (begins[at + 1] = late ? rule.phaseLookAt : end);
  });
  return phases.map(({ since: _, ...phase }, at) => ({
    ...phase,
    number: at + 1,
    state: at < now ? 'done' : at === now ? 'current' : 'next',
    since: begins[at] ?? null,
    until: ends[at] ?? null,
  }));
}

/** When a phase that began then is over, if nobody reads the data after `readAt`; null is never. */
export function endOf(
  phase: Phase | undefined,
  since: Date | null,
  readAt: Date | null,
): Date | null {
  if (!phase || since === null) return null;
  const later = (at: Date, seconds: number) => new Date(at.getTime() + seconds * 1000);
  if (phase.forSeconds !== null) return later(since, phase.forSeconds);
  if (phase.untilIdleSeconds === null) return null;
  return later(readAt !== null && readAt > since ? readAt : since, phase.untilIdleSeconds);
}

/** The wire ids of those of these rules that may have a former phase. */
export const formerOf = (
  rules: readonly { readonly uid: string; readonly phase: number | null }[],
): string[] => rules.flatMap(({ uid, phase }) => (phase ? [uid] : []));

/**
 * What two rules with the same phases have in common, whichever holds: a uuid. Keys stand in a fixed
 * order: the database gives them back in another.
 */
export function keyOfPhases(phases: readonly Phase[]): string {
  const wished = phases.map((it) => ({
    forSeconds: it.forSeconds,
    untilIdleSeconds: it.untilIdleSeconds,
    rseExpression: it.rseExpression,
    copies: it.copies,
    constraints: it.constraints && normaliseConstraints(it.constraints),
    weight: it.weight,
    grouping: it.grouping,
  }));
  const hex = createHash('md5').update(JSON.stringify(wished)).digest('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** The phases from the first one on, which begins now. */
export const begunPhases = (phases: readonly Phase[], now: Date): Phase[] =>
  phases.map((phase, at) => ({ ...phase, since: at === 0 ? now.toISOString() : null }));
