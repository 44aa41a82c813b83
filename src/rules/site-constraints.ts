import { type RseId } from '../vocabulary/index.js';
import { type PlacementConstraints } from './placement-constraints.js';

/** A storage element as constraints see it. */
export interface SitePlace {
  readonly rseId: RseId;
  readonly name: string;
  /** Indices of the parts that it can be of: they name it, and it has their weight. */
  readonly parts: readonly number[];
  /** Its value of each attribute of `distinct`, in their order; null where it has none. */
  readonly values: readonly (string | null)[];
  /** Whether it can be written now. */
  readonly writable: boolean;
}

/** A place, and the class of those that are like it in parts and values: an index into `kinds`. */
export interface KnownPlace extends SitePlace {
  readonly kind: number;
}

/** The constraints of a rule, and what the storage elements that there are mean to them. */
export interface SiteConstraints extends PlacementConstraints {
  readonly copies: number;
  readonly places: ReadonlyMap<RseId, KnownPlace>;
  readonly kinds: readonly Pick<SitePlace, 'parts' | 'values'>[];
  /** For each attribute of `distinct`: the values of the RSEs that can be written. maxSkew is over these. */
  readonly values: readonly ReadonlySet<string>[];
}

/** Constraints over these storage elements. Pure. */
export function bindConstraints(
  constraints: PlacementConstraints,
  sites: readonly SitePlace[],
): SiteConstraints {
  const kinds: Pick<SitePlace, 'parts' | 'values'>[] = [];
  const known = new Map<string, number>();
  const places = new Map<RseId, KnownPlace>();
  const values = constraints.distinct.map(() => new Set<string>());
  for (const site of sites) {
    const key = JSON.stringify([site.parts, site.values]);
    const kind = known.get(key) ?? kinds.push({ parts: site.parts, values: site.values }) - 1;
    known.set(key, kind);
    places.set(site.rseId, { ...site, kind });
    if (!site.writable || !isUsable(site)) continue;
    site.values.forEach((value, at) => value !== null && values[at]?.add(value));
  }
  const copies = constraints.parts.reduce((sum, part) => sum + part.copies, 0);
  return { ...constraints, copies, places, kinds, values };
}

/** Whether a place can be of a part at all, and has every attribute of `distinct`. */
export const isUsable = ({ parts, values }: Pick<SitePlace, 'parts' | 'values'>): boolean =>
  parts.length > 0 && !values.includes(null);
