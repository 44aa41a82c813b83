import { type RseId } from '../vocabulary/index.js';
import { assignParts } from './assign-parts.js';
import { isExtendable, keepsBounds, type Verdict } from './extendable.js';
import { type Effort } from './feasible-flow.js';
import { isUsable, type KnownPlace, type SiteConstraints } from './site-constraints.js';

/** A whole placement. */
export interface Choice {
  /** In the order in which they were offered. */
  readonly chosen: readonly RseId[];
  /** Of each chosen RSE the part that it is for: an index. */
  readonly parts: readonly number[];
}

/** Why there is none. `undecided`: the search was given up (see BRANCHES_MAX and EFFORT_MAX). */
export type NoChoice = 'infeasible' | 'undecided';

/**
 * The best placement that keeps the constraints, of storage elements given best first: it has the
 * first one that any such placement has, then the first one that any with that has, and so on. Those
 * that rules no part or lack an attribute are passed over. Pure, exact and deterministic.
 */
export function chooseCopies(order: readonly RseId[], rules: SiteConstraints): Choice | NoChoice {
  const found = firstFit(order, rules) ?? bestFit(order, rules);
  return typeof found === 'string' ? found : (choiceOf(found, rules) ?? 'infeasible');
}

/**
 * The same, where the first few of the order tell it already, each that contradicts none before it.
 * Undefined says nothing.
 */
export function chooseFirst(order: readonly RseId[], rules: SiteConstraints): Choice | undefined {
  const found = firstFit(order, rules);
  return found && choiceOf(found, rules);
}

function choiceOf(found: readonly KnownPlace[], rules: SiteConstraints): Choice | undefined {
  const parts = assignParts(found, copiesOfParts(rules));
  return parts && { chosen: found.map(({ rseId }) => rseId), parts };
}

/**
 * Each place that contradicts none before it. Where that comes to a whole placement it is the best
 * one: whatever it left out cannot stand beside what it has. Else nothing is known.
 */
function firstFit(
  order: readonly RseId[],
  rules: SiteConstraints,
): readonly KnownPlace[] | undefined {
  const chosen: KnownPlace[] = [];
  // Beside the same places, what is like a place that does not fit does not fit either.
  const unfit = new Set<number>();
  for (const rseId of order) {
    const place = rules.places.get(rseId);
    if (!place || unfit.has(place.kind) || !isUsable(place)) continue;
    chosen.push(place);
    if (!isConsistent(chosen, rules)) {
      chosen.pop();
      unfit.add(place.kind);
    } else if (chosen.length === rules.copies) return chosen;
    else unfit.clear();
  }
  return undefined;
}

/** Whether places that are chosen already contradict each other; with all of them: keep everything. */
export function isConsistent(chosen: readonly KnownPlace[], rules: SiteConstraints): boolean {
  const left = rules.copies - chosen.length;
  if (left < 0) return false;
  const keeps = rules.distinct.every((_, attribute) => {
    const perValue = new Map<string, number>();
    for (const { values } of chosen) {
      const value = values[attribute] ?? '';
      perValue.set(value, (perValue.get(value) ?? 0) + 1);
    }
    return keepsBounds(rules, { attribute, perValue, left });
  });
  return keeps && assignParts(chosen, copiesOfParts(rules)) !== undefined;
}

/** How many copies each part has. */
export const copiesOfParts = ({ parts }: SiteConstraints): readonly number[] =>
  parts.map(({ copies }) => copies);

/** Each place with which those chosen can still be completed from all there are. */
function bestFit(
  order: readonly RseId[],
  rules: SiteConstraints,
): readonly KnownPlace[] | NoChoice {
  const pool = order.flatMap((rseId) => {
    const place = rules.places.get(rseId);
    return place && isUsable(place) ? [place] : [];
  });
  if (pool.length < rules.copies) return 'infeasible';
  const { effort } = memoryOf(rules);
  effort.left = Math.min(Math.max(effort.left, 0) + EFFORT_MORE, EFFORT_MAX);
  const high = rules.kinds.map(() => 0);
  for (const { kind } of pool) high[kind] = Math.min((high[kind] ?? 0) + 1, rules.copies);
  const low = rules.kinds.map(() => 0);
  const whole = remembered(rules, low, high);
  if (whole !== 'yes') return whole === 'no' ? 'infeasible' : 'undecided';
  const chosen: KnownPlace[] = [];
  for (const place of pool) {
    if (chosen.length === rules.copies || effort.left < 0) break;
    if (!isConsistent([...chosen, place], rules)) continue;
    low[place.kind] = (low[place.kind] ?? 0) + 1;
    if (remembered(rules, low, high) === 'yes') chosen.push(place);
    else low[place.kind] = (low[place.kind] ?? 0) - 1;
  }
  return chosen.length === rules.copies ? chosen : 'undecided';
}

/** What was asked about some constraints, and what may still be searched for them. */
interface Memory {
  readonly verdicts: Map<string, Verdict>;
  readonly effort: Effort;
}

/** Files of one rule ask the same questions over and over. */
const memories = new WeakMap<SiteConstraints, Memory>();
const MEMORY_MAX = 100_000;

/**
 * What is spent on one placement, in edges of flows that are looked at: about a second; and what each
 * further one adds when that is used up. Nobody waits for longer while a thousand RSEs are tried.
 */
const EFFORT_MAX = 10_000_000;
const EFFORT_MORE = 20_000;

function memoryOf(rules: SiteConstraints): Memory {
  const known = memories.get(rules) ?? { verdicts: new Map(), effort: { left: EFFORT_MAX } };
  memories.set(rules, known);
  return known;
}

function remembered(
  rules: SiteConstraints,
  low: readonly number[],
  high: readonly number[],
): Verdict {
  const { verdicts, effort } = memoryOf(rules);
  const key = `${low.join()}/${high.join()}`;
  const verdict = verdicts.get(key) ?? isExtendable(rules, { low, high }, effort);
  // What was given up for want of effort may be asked again when there is more.
  if (effort.left >= 0 && verdicts.size < MEMORY_MAX) verdicts.set(key, verdict);
  return verdict;
}
