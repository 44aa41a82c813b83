import { type RseId } from '../vocabulary/index.js';
import { assignParts } from './assign-parts.js';
import { keepsBounds } from './extendable.js';
import { valuesOf } from './place-within.js';
import { isUsable, type KnownPlace, type SiteConstraints } from './site-constraints.js';
import { chooseCopies, copiesOfParts, isConsistent } from './solve-placement.js';

/**
 * Why a placement would not have a copy where it is, though its expression names the RSE.
 *
 * - `part`: it is only `of` parts that have their copies elsewhere, and those that are `lacking` one do
 *   not name it.
 * - `weight`: it has not the weight of any part.
 * - `attribute`: it has no value of an attribute of `distinct`, or that of another copy, `beside` it.
 * - `skew`: the `counts` of copies for each value differ by more than `maxSkew`.
 */
export type DriftReason =
  | { readonly kind: 'part'; readonly of: readonly string[]; readonly lacking: readonly string[] }
  | { readonly kind: 'weight' }
  | {
      readonly kind: 'attribute';
      readonly attribute: string;
      readonly value: string | null;
      readonly beside: readonly RseId[];
    }
  | {
      readonly kind: 'skew';
      readonly attribute: string;
      readonly value: string;
      readonly maxSkew: number;
      readonly counts: Readonly<Record<string, number>>;
    };

/** Where a rule has the copies of one file. */
export interface CopySet {
  /** Those that are to stay before others come first. */
  readonly rses: readonly RseId[];
  /** Something has changed about one of them, or it has drifted already. */
  readonly doubted: boolean;
}

/**
 * The copies that a placement would not have where they are, and why; null is an RSE that no part names.
 * As few as can be: the others can be completed to a whole placement, where there is a way. Values of
 * an attribute that have come since are no reason, unless something has changed about a copy itself.
 * Of a file with more copies than the rule asks for (several datasets of a container have it) only
 * RSEs that can have none at all are told. Pure and deterministic.
 */
export function driftOf(
  set: CopySet,
  rules: SiteConstraints,
): ReadonlyMap<RseId, DriftReason | null> {
  const drift = new Map<RseId, DriftReason | null>();
  const usable: KnownPlace[] = [];
  for (const rseId of set.rses) {
    const place = rules.places.get(rseId);
    if (place && isUsable(place)) usable.push(place);
    else drift.set(rseId, place ? whyUnusable(place, rules) : null);
  }
  const bound = set.doubted ? rules : { ...rules, values: valuesOf(set.rses, rules) };
  if (usable.length > rules.copies || isConsistent(usable, bound)) return drift;
  const kept = keptOf(usable, bound);
  for (const place of usable) {
    if (!kept.includes(place)) drift.set(place.rseId, whyDropped(place, { kept, usable }, bound));
  }
  return drift;
}

function whyUnusable({ values }: KnownPlace, { distinct }: SiteConstraints): DriftReason {
  const attribute = distinct.find((_, at) => values[at] === null);
  if (attribute === undefined) return { kind: 'weight' };
  return { kind: 'attribute', attribute, value: null, beside: [] };
}

/** Those that stay: with others they make a whole placement, or else they contradict each other in nothing. */
function keptOf(places: readonly KnownPlace[], rules: SiteConstraints): readonly KnownPlace[] {
  const others = [...rules.places.values()].filter(
    (place) => place.writable && !places.includes(place),
  );
  const choice = chooseCopies(
    [...places, ...others].map(({ rseId }) => rseId),
    rules,
  );
  if (typeof choice !== 'string') {
    return places.filter(({ rseId }) => choice.chosen.includes(rseId));
  }
  const kept: KnownPlace[] = [];
  for (const place of places) {
    kept.push(place);
    if (!isConsistent(kept, rules)) kept.pop();
  }
  return kept;
}

interface Stays {
  readonly kept: readonly KnownPlace[];
  readonly usable: readonly KnownPlace[];
}

function whyDropped(
  place: KnownPlace,
  { kept, usable }: Stays,
  rules: SiteConstraints,
): DriftReason {
  const { maxSkew } = rules;
  for (const [at, attribute] of rules.distinct.entries()) {
    const value = place.values[at] ?? '';
    const same = kept.filter(({ values }) => values[at] === value);
    if (maxSkew === null) {
      const beside = same.map(({ rseId }) => rseId);
      if (beside.length > 0) return { kind: 'attribute', attribute, value, beside };
      continue;
    }
    const left = rules.copies - kept.length - 1;
    const perValue = countsOf([...kept, place], at, rules);
    if (keepsBounds(rules, { attribute: at, perValue, left })) continue;
    const counts = Object.fromEntries(countsOf(usable, at, rules));
    return { kind: 'skew', attribute, value, maxSkew, counts };
  }
  return partsOf(place, kept, rules);
}

/** Copies for each value of an attribute; values that have none count, too. */
function countsOf(
  places: readonly KnownPlace[],
  attribute: number,
  { values }: SiteConstraints,
): Map<string, number> {
  const counts = new Map([...(values[attribute] ?? [])].sort().map((value) => [value, 0]));
  for (const place of places) {
    const value = place.values[attribute] ?? '';
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return counts;
}

function partsOf(
  { parts }: KnownPlace,
  kept: readonly KnownPlace[],
  rules: SiteConstraints,
): DriftReason {
  const assigned = assignParts(kept, copiesOfParts(rules)) ?? [];
  const expressions = rules.parts.map(({ rseExpression }) => rseExpression);
  const lacking = expressions.filter(
    (_, at) => assigned.filter((part) => part === at).length < (rules.parts[at]?.copies ?? 0),
  );
  return { kind: 'part', of: parts.map((part) => expressions[part] ?? ''), lacking };
}
