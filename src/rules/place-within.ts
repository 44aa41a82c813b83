import { type RseId } from '../vocabulary/index.js';
import { nameSome } from './name-some.js';
import {
  type Candidate,
  type Placement,
  type PlacementUnit,
  rankCandidates,
  type RejectedCandidate,
} from './rank-candidates.js';
import { isUsable, type KnownPlace, type SiteConstraints } from './site-constraints.js';
import { chooseCopies } from './solve-placement.js';

/**
 * `placeCopies` of a rule with constraints. What a unit has already stays, as far as it keeps them; a
 * whole placement stays although values of an attribute have come that it knows nothing of.
 */
export function placeWithin(
  unit: PlacementUnit,
  candidates: readonly Candidate[],
  rules: SiteConstraints,
): Placement {
  const { fit, rejected } = rankCandidates(unit, candidates);
  const taken = unit.taken ?? [];
  const order = fit.map(({ rseId }) => rseId).filter((rseId) => !taken.includes(rseId));
  const kept = keptWhole(unit, order, rules);
  const choice = kept ?? chooseCopies([...taken, ...order], rules);
  if (typeof choice === 'string') {
    return { chosen: [], rejected: explained(order, [], rejected, rules) };
  }
  const fresh = choice.chosen
    .map((rseId, at) => ({ rseId, part: choice.parts[at] ?? 0 }))
    .filter(({ rseId }) => !taken.includes(rseId))
    .slice(0, unit.copies);
  const chosen = fresh.map(({ rseId }) => rseId);
  return {
    chosen,
    parts: fresh.map(({ part }) => part),
    rejected: explained(order, [...taken, ...chosen], rejected, rules),
  };
}

/**
 * The RSEs for the copies that one file lacks, best first of `order`: with those it has they keep the
 * constraints. A copy that does not keep them (an RSE has left the expression) takes none of theirs.
 * Empty where there is no way.
 */
export function fittingCopies(
  {
    taken,
    order,
    wanted,
  }: {
    readonly taken: readonly RseId[];
    readonly order: readonly RseId[];
    readonly wanted: number;
  },
  rules: SiteConstraints,
): readonly RseId[] {
  const choice = chooseCopies([...taken, ...order], rules);
  if (typeof choice === 'string') return [];
  return choice.chosen.filter((rseId) => !taken.includes(rseId)).slice(0, wanted);
}

/** All that the unit has, if it keeps the constraints among the values that it has itself. */
function keptWhole(unit: PlacementUnit, order: readonly RseId[], rules: SiteConstraints) {
  const keep = unit.keep ?? [];
  const whole = keep.length === rules.copies && keep.every((rseId) => order.includes(rseId));
  if (!whole || (unit.taken ?? []).length > 0) return undefined;
  const choice = chooseCopies(keep, { ...rules, values: valuesOf(keep, rules) });
  return typeof choice === 'string' ? undefined : choice;
}

/** The values that these RSEs have themselves of each attribute of `distinct`. */
export const valuesOf = (rses: readonly RseId[], rules: SiteConstraints): ReadonlySet<string>[] =>
  rules.distinct.map(
    (_, attribute) =>
      new Set(rses.flatMap((rseId) => rules.places.get(rseId)?.values[attribute] ?? [])),
  );

/** The reasons of all that were not chosen; an RSE is held against those that are. */
function explained(
  order: readonly RseId[],
  chosen: readonly RseId[],
  rejected: readonly RejectedCandidate[],
  rules: SiteConstraints,
): readonly RejectedCandidate[] {
  const last = Math.max(...chosen.map((rseId) => order.indexOf(rseId)));
  return [
    ...rejected,
    ...order.flatMap((rseId, at) => {
      const place = rules.places.get(rseId);
      if (!place || chosen.includes(rseId)) return [];
      const before = chosen.length > 0 && at < last;
      return [{ rseId, ...whyNot(place, chosen, before, rules) }];
    }),
  ];
}

function whyNot(
  place: KnownPlace,
  chosen: readonly RseId[],
  before: boolean,
  rules: SiteConstraints,
): Omit<RejectedCandidate, 'rseId'> {
  const lacking = rules.distinct.filter((_, attribute) => place.values[attribute] === null);
  if (lacking.length > 0)
    return { reason: 'no attribute', detail: `no ${lacking.join(' and no ')}` };
  if (!isUsable(place)) return { reason: 'no weight' };
  const others = chosen.flatMap((id) => rules.places.get(id) ?? []);
  for (const [attribute, name] of rules.distinct.entries()) {
    const value = place.values[attribute];
    const same = others.filter((other) => other.values[attribute] === value);
    if (same.length === 0) continue;
    const said = `${name}=${value} is taken by ${nameSome(same.map((other) => other.name))}`;
    if (rules.maxSkew === null) return { reason: 'distinct', detail: said };
    if (before) return { reason: 'skew', detail: `${said}, and maxSkew is ${rules.maxSkew}` };
  }
  if (!before) return { reason: 'surplus' };
  return { reason: 'needed elsewhere', detail: 'with it the other copies would have no place' };
}
