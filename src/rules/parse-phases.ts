import { InvalidObject, InvalidReplicationRule } from '../errors/index.js';
import {
  Limits,
  parseDuration,
  printDuration,
  type RuleGrouping,
  RuleGroupingCodec,
} from '../vocabulary/index.js';
import { parsePlacement } from './parse-placement.js';
import { type Phase } from './phase.js';
import { wishedPlacement } from './placement-wish.js';
import { type PlacementConstraints } from './placement-constraints.js';

/** A phase as a client wrote it; null was not said. */
export interface GivenPhase {
  readonly forSeconds: number | null;
  readonly untilIdleSeconds: number | null;
  readonly copies: number | null;
  readonly rseExpression: string | null;
  readonly weight: string | null;
  readonly grouping: RuleGrouping | null;
  readonly placement: PlacementConstraints | null;
}

const KEYS = [
  'for',
  'until_idle',
  'copies',
  'rse_expression',
  'weight',
  'grouping',
  'placement',
] as const;

const EXAMPLE =
  '[{"for": "30d", "copies": 1, "rse_expression": "type=DISK"}, {"copies": 1, "rse_expression": "type=TAPE"}]';

const wrong = (field: string, wanted: string): InvalidObject =>
  new InvalidObject(`Problem validating ${field}: it must be ${wanted}`, { field });

/** Reads phases as clients write them. Throws InvalidObject that names the key, InvalidRSEExpression. */
export function parsePhases(given: unknown, field = 'phases'): GivenPhase[] {
  if (!Array.isArray(given) || given.length > Limits.rulePhases) {
    throw wrong(field, `a list of at most ${Limits.rulePhases} phases such as ${EXAMPLE}`);
  }
  return given.map((phase: unknown, at) => parsePhase(phase, `${field}[${at}]`));
}

function parsePhase(given: unknown, field: string): GivenPhase {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw wrong(
      field,
      'an object such as {"for": "30d", "copies": 1, "rse_expression": "type=DISK"}',
    );
  }
  const stray = Object.keys(given).find((key) => !KEYS.some((known) => known === key));
  if (stray !== undefined) {
    throw new InvalidObject(
      `Problem validating ${field}: '${stray}' is none of ${KEYS.join(', ')}`,
      { field: `${field}.${stray}` },
    );
  }
  const phase = given as Readonly<Partial<Record<(typeof KEYS)[number], unknown>>>;
  const at = (key: (typeof KEYS)[number]) => `${field}.${key}`;
  return {
    forSeconds: parseSpan(phase.for ?? null, at('for')),
    untilIdleSeconds: parseSpan(phase.until_idle ?? null, at('until_idle')),
    copies: parseCopies(phase.copies ?? null, at('copies')),
    rseExpression: parseText(phase.rse_expression ?? null, at('rse_expression')),
    weight: parseText(phase.weight ?? null, at('weight')),
    grouping: parseGrouping(phase.grouping ?? null, at('grouping')),
    placement:
      phase.placement === null || phase.placement === undefined
        ? null
        : parsePlacement(phase.placement, at('placement')),
  };
}

function parseSpan(given: unknown, field: string): number | null {
  if (given === null) return null;
  const seconds =
    typeof given === 'number' && Number.isInteger(given) ? parseDuration(`${given}s`) : undefined;
  const span = typeof given === 'string' ? parseDuration(given) : seconds;
  if (span !== undefined) return span;
  throw wrong(field, 'a duration such as "30d", "12h", "90m" or "4w", or seconds');
}

function parseCopies(given: unknown, field: string): number | null {
  if (given === null) return null;
  if (typeof given === 'number' && Number.isInteger(given) && given >= 1 && given <= 1_000_000) {
    return given;
  }
  throw wrong(field, 'an integer from 1 on');
}

function parseText(given: unknown, field: string): string | null {
  if (given === null || given === '') return null;
  if (typeof given === 'string' && given.length <= Limits.expressionLength) return given;
  throw wrong(field, `text of at most ${Limits.expressionLength} characters`);
}

function parseGrouping(given: unknown, field: string): RuleGrouping | null {
  if (given === null) return null;
  const grouping = typeof given === 'string' ? RuleGroupingCodec.parse(given) : undefined;
  if (grouping !== undefined) return grouping;
  throw wrong(field, `one of ${RuleGroupingCodec.names.join(', ')}`);
}

/** What a rule says for all of its phases, or for its first one. */
export interface PhaseDefaults {
  readonly copies: number | null;
  readonly rseExpression: string | null;
  readonly weight: string | null;
  readonly grouping: RuleGrouping;
}

/**
 * The phases of a rule. What the rule says of copies and expression is said of the first one, and must
 * not be said otherwise; its weight and grouping hold for all that have none of their own. Throws
 * InvalidReplicationRule, InvalidRSEExpression, InvalidObject.
 */
export function readPhases(given: readonly GivenPhase[], rule: PhaseDefaults): Phase[] {
  return given.map((phase, at) => {
    if (at === 0) demandFirst(phase, rule);
    return readPhase(phase, at, at === 0 ? rule : { ...rule, copies: null, rseExpression: null });
  });
}

/** One phase, counted from 0. What it does not say its defaults do; a placement says all of it. */
export function readPhase(phase: GivenPhase, at: number, defaults: PhaseDefaults): Phase {
  const placed = wishedPlacement({
    rseExpression: phase.rseExpression ?? (phase.placement ? null : defaults.rseExpression),
    copies: phase.copies ?? (phase.placement ? null : defaults.copies),
    placements: [phase.placement],
  });
  if (!placed) {
    throw new InvalidReplicationRule(
      `Problem validating phases: phase ${at + 1} needs an rse_expression or a placement`,
    );
  }
  return {
    forSeconds: phase.forSeconds,
    untilIdleSeconds: phase.untilIdleSeconds,
    ...placed,
    weight: phase.weight ?? defaults.weight,
    grouping: phase.grouping ?? defaults.grouping,
    locked: false,
    since: null,
  };
}

/** The official client sends an expression and copies with every rule. */
function demandFirst(phase: GivenPhase, rule: PhaseDefaults): void {
  const { copies, rseExpression } = phase;
  const other =
    (rseExpression !== null &&
      rule.rseExpression &&
      rule.rseExpression !== rseExpression &&
      'rse_expression') ||
    (copies !== null && rule.copies !== null && rule.copies !== copies && 'copies');
  if (!other) return;
  throw new InvalidReplicationRule(
    `Problem validating phases: the ${other} of the rule is that of its first phase, ${copies ?? 1} on '${rseExpression ?? rule.rseExpression}'; write the same, or say it once`,
  );
}

/** A phase as clients wrote it, or nearly: spans in the unit that says them exactly. */
export const spanOf = (seconds: number | null): string | null =>
  seconds === null ? null : printDuration(seconds);
