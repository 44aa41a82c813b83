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
import { chooseCopies, chooseFirst } from './solve-placement.js';

/**
 * `placeCopies` of a rule with constraints. What a unit has already stays, as far as it keeps them; a
 * whole placement stays although values of an attribute have come that it knows nothing of.
 */
export function placeWithin(
  unit: PlacementUnit,
  candidates: readonly Candidate[],
  rules: SiteConstraints,
): Placement {
  const taken = unit.taken ?? [];
  // Mostly the first few tell, and a thousand need no order.
  const few = FEW_PER_COPY * rules.copies;
  const some = ordered(unit, candidates, few);
  const early =
    keptWhole(unit, some.order, rules) ??
    chooseFirst([...taken, ...some.order.slice(0, few)], rules);
  const { order, rejected } = early ? some : ordered(unit, candidates);
  const choice = early ?? chooseCopies([...taken, ...order], rules);
  if (typeof choice === 'string') {
    return {
      chosen: [],
      get rejected() {
        return explained(order, [], rejected, rules);
      },
    };
  }
  const fresh = choice.chosen
    .map((rseId, at) => ({ rseId, part: choice.parts[at] ?? 0 }))
    .filter(({ rseId }) => !taken.includes(rseId))
    .slice(0, unit.copies);
  const chosen = fresh.map(({ rseId }) => rseId);
  return {
    chosen,
    parts: fresh.map(({ part }) => part),
    get rejected() {
      return explained(order, [...taken, ...chosen], rejected, rules);
    },
  };
}

const FEW_PER_COPY = 16;

/** The candidates that are not taken yet, best first as far as `few`, and those that will not do. */
function ordered(unit: PlacementUnit, candidates: readonly Candidate[], few?: number) {
  const { taken = [] } = unit;
  const { fit, rejected } = rankCandidates(unit, candidates, few && few + taken.length);
  const all = fit.map(({ rseId }) => rseId);
  return { order: taken.length > 0 ? all.filter((id) => !taken.includes(id)) : all, rejected };
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
  const taken = takenValues(chosen, rules);
  const all = [...rejected];
  order.forEach((rseId, at) => {
    const place = rules.places.get(rseId);
    if (!place || chosen.includes(rseId)) return;
    const { reason, detail } = whyNot(place, taken, chosen.length > 0 && at < last, rules);
    all.push(detail === undefined ? { rseId, reason } : { rseId, reason, detail });
  });
  return all;
}

/** For each attribute of `distinct`, the values that chosen RSEs have, and in words which these are. */
type Taken = readonly ReadonlyMap<string | null, string>[];

const takenValues = (chosen: readonly RseId[], rules: SiteConstraints): Taken =>
  rules.distinct.map((name, attribute) => {
    const holders = new Map<string | null, string[]>();
    for (const place of chosen.flatMap((id) => rules.places.get(id) ?? [])) {
      const value = place.values[attribute] ?? null;
      holders.set(value, [...(holders.get(value) ?? []), place.name]);
    }
    const said = (value: string | null, names: readonly string[]) =>
      `${name}=${value} is taken by ${nameSome(names)}`;
    return new Map([...holders].map(([value, names]) => [value, said(value, names)]));
  });

function whyNot(
  place: KnownPlace,
  taken: Taken,
  before: boolean,
  rules: SiteConstraints,
): Omit<RejectedCandidate, 'rseId'> {
  if (place.values.includes(null)) {
    const lacking = rules.distinct.filter((_, attribute) => place.values[attribute] === null);
    return { reason: 'no attribute', detail: `no ${lacking.join(' and no ')}` };
  }
  if (!isUsable(place)) return { reason: 'no weight' };
  for (const [attribute, value] of place.values.entries()) {
    const said = taken[attribute]?.get(value);
    if (said === undefined) continue;
    if (rules.maxSkew === null) return { reason: 'distinct', detail: said };
    if (before) return { reason: 'skew', detail: `${said}, and maxSkew is ${rules.maxSkew}` };
  }
  return before ? NEEDED : SURPLUS;
}

const SURPLUS = { reason: 'surplus' } as const;
const NEEDED = {
  reason: 'needed elsewhere',
  detail: 'with it the other copies would have no place',
} as const;
