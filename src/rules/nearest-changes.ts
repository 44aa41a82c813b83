import { type RseId } from '../vocabulary/index.js';
import {
  type PlacementConstraints,
  type PlacementPart,
  printConstraints,
} from './placement-constraints.js';
import {
  bindConstraints,
  type KnownPlace,
  type SiteConstraints,
  type SitePlace,
} from './site-constraints.js';
import { chooseCopies } from './solve-placement.js';

/** How many ways to leave copies out are tried. */
const WAYS_MAX = 500;

/**
 * What of a placement that cannot be had would have to be otherwise, each by itself, as text for
 * people: fewer copies, a looser constraint, another RSE. Only what was found to be enough. `all`
 * are the RSEs that can be used.
 */
export function nearestChanges(all: readonly RseId[], rules: SiteConstraints): readonly string[] {
  const places = [...rules.places.values()];
  const works = (
    change: Partial<PlacementConstraints>,
    more: readonly SitePlace[] = [],
  ): boolean => {
    const bound = bindConstraints({ ...rules, ...change }, [...places, ...more]);
    return typeof chooseCopies([...all, ...more.map(({ rseId }) => rseId)], bound) !== 'string';
  };
  return [
    ...fewerCopies(rules, works),
    ...looserDistinct(all, rules),
    ...looserSkew(rules, works),
    ...otherRses(all, rules),
  ];
}

type Works = (change: Partial<PlacementConstraints>) => boolean;

/** As many copies as can be had, those of the last parts left out first. */
function fewerCopies(rules: SiteConstraints, works: Works): string[] {
  let ways = 0;
  for (let less = 1; less < rules.copies; less++) {
    for (const parts of reductions(rules.parts, less)) {
      if (ways++ >= WAYS_MAX) return [];
      if (!works({ parts })) continue;
      const kept = { ...rules, parts: parts.filter(({ copies }) => copies > 0) };
      const copies = rules.copies - less;
      return [`${copies} ${copies === 1 ? 'copy' : 'copies'} (${printConstraints(kept)})`];
    }
  }
  return [];
}

/** Every way to take `less` copies from parts. */
function* reductions(parts: readonly PlacementPart[], less: number): Generator<PlacementPart[]> {
  const last = parts.at(-1);
  if (!last) {
    if (less === 0) yield [];
    return;
  }
  for (let taken = Math.min(less, last.copies); taken >= 0; taken--) {
    for (const rest of reductions(parts.slice(0, -1), less - taken)) {
      yield [...rest, { ...last, copies: last.copies - taken }];
    }
  }
}

/** Without one attribute, or without any. */
function looserDistinct(all: readonly RseId[], rules: SiteConstraints): string[] {
  const { distinct } = rules;
  const works = (kept: readonly string[]): boolean =>
    typeof chooseCopies(all, onlyDistinct(rules, kept)) !== 'string';
  const ways = distinct.length > 1 ? distinct.filter((it) => works(without(distinct, it))) : [];
  if (ways.length > 0) return ways.map((it) => `distinct=${without(distinct, it).join(',')}`);
  return distinct.length > 0 && works([]) ? ['leave out distinct'] : [];
}

const without = (names: readonly string[], name: string): string[] =>
  names.filter((it) => it !== name);

/** The same constraints with these attributes of `distinct` only. */
export function onlyDistinct(rules: SiteConstraints, kept: readonly string[]): SiteConstraints {
  const places = [...rules.places.values()].map((place) => ({
    ...place,
    values: kept.map((name) => place.values[rules.distinct.indexOf(name)] ?? null),
  }));
  const maxSkew = kept.length > 0 ? rules.maxSkew : null;
  return bindConstraints({ ...rules, distinct: kept, maxSkew }, places);
}

function looserSkew(rules: SiteConstraints, works: Works): string[] {
  if (rules.distinct.length === 0) return [];
  const first = rules.maxSkew === null ? 0 : rules.maxSkew + 1;
  for (let maxSkew = first; maxSkew <= rules.copies; maxSkew++) {
    if (works({ maxSkew })) return [`maxSkew=${maxSkew}`];
  }
  return [];
}

/** RSEs of one sort that are named, and sorts that are tried. */
const NAMED_MAX = 3;
const TRIES_MAX = 20;

/** One RSE more, the attributes that one lacks, or one that cannot be written now. */
function otherRses(all: readonly RseId[], rules: SiteConstraints): string[] {
  const places = [...rules.places.values()];
  const usable = new Set(all);
  const works = (other: SitePlace): boolean => {
    const others = places.filter(({ rseId }) => rseId !== other.rseId);
    const bound = bindConstraints(rules, [...others, other]);
    return typeof chooseCopies([...all, other.rseId], bound) !== 'string';
  };
  const found: string[] = [];
  for (const [place, ...alike] of sortsOf(places, usable).slice(0, TRIES_MAX)) {
    const names = [place, ...alike].slice(0, NAMED_MAX).map(({ name }) => name);
    const named = names.join(' or ');
    if (!place.writable && !usable.has(place.rseId) && works({ ...place, writable: true })) {
      found.push(`${named}, which cannot be written now`);
    }
    if (!place.values.includes(null)) continue;
    const values = place.values.map((value, at) => value ?? `\u0000${at}`);
    const lacking = rules.distinct.filter((_, at) => place.values[at] === null);
    if (place.writable && works({ ...place, values })) {
      found.push(`a ${lacking.join(' and a ')} of its own for ${named}`);
    }
  }
  return [...found.slice(0, NAMED_MAX), ...oneMore(rules, works)];
}

/** Places that are the same to the constraints, together. */
function sortsOf(
  places: readonly KnownPlace[],
  usable: ReadonlySet<RseId>,
): readonly (readonly [KnownPlace, ...KnownPlace[]])[] {
  const sorts = new Map<string, [KnownPlace, ...KnownPlace[]]>();
  for (const place of places) {
    const isOpen = place.writable && !place.values.includes(null);
    if (isOpen) continue;
    const key = `${place.kind} ${place.writable} ${usable.has(place.rseId)}`;
    const sort = sorts.get(key);
    if (sort) sort.push(place);
    else sorts.set(key, [place]);
  }
  return [...sorts.values()];
}

function oneMore(rules: SiteConstraints, works: (other: SitePlace) => boolean): string[] {
  const found: string[] = [];
  const values = rules.distinct.map((_, at) => `\u0000${at}`);
  const other = rules.distinct.length > 0 ? ` with another ${rules.distinct.join(' and ')}` : '';
  for (const [part, { rseExpression }] of rules.parts.entries()) {
    const more = { rseId: -1, name: 'another', parts: [part], values, writable: true };
    if (works(more)) found.push(`one more RSE of ${rseExpression}${other}`);
  }
  return found;
}
