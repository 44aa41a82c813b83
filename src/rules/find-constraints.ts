import { InvalidRSEExpression, SluiceError } from '../errors/index.js';
import { type Resolved, type Rse } from '../rses/index.js';
import { type RseId, RseTypeCodec } from '../vocabulary/index.js';
import { type PlacementConstraints } from './placement-constraints.js';
import { bindConstraints, type SiteConstraints, type SitePlace } from './site-constraints.js';
import { weightOf } from './weight-of.js';

/** What constraints are bound to. */
export interface NamedSites {
  /** The RSEs of the parts' union, and those of them that can be written. */
  readonly named: readonly Rse[];
  readonly open: readonly Rse[];
  /** Of parts that have none of their own. */
  readonly weight: string | null;
}

/**
 * The parts of a placement, whose expressions are resolved. Throws InvalidRSEExpression for a part that
 * names no RSE, InvalidRuleWeight.
 */
export function findConstraints(
  resolved: Resolved,
  constraints: PlacementConstraints,
  { named, open, weight }: NamedSites,
): SiteConstraints {
  const members = constraints.parts.map(({ rseExpression }) => membersOf(resolved, rseExpression));
  const weighs = (rse: Rse, name: string | null) => weightOf(rse, name) !== null;
  return bindConstraints(
    constraints,
    placesAt(constraints, { named, open, weight, members, weighs }),
  );
}

/** What a part names; one that cannot be read any more names nothing. */
function membersOf(resolved: Resolved, expression: string): readonly RseId[] {
  try {
    return resolved(expression).map(({ id }) => id);
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    throw new InvalidRSEExpression(
      `RSE Expression resulted in an empty set: '${expression}', a part of the placement, names no storage element`,
      { expression },
    );
  }
}

/** What storage elements are to a placement whose parts have these members. Pure. */
export function placesAt(
  constraints: PlacementConstraints,
  {
    named,
    open,
    weight,
    members,
    weighs,
  }: NamedSites & {
    readonly members: readonly (readonly RseId[])[];
    /** Whether an RSE has that weight. */
    readonly weighs: (rse: Rse, name: string | null) => boolean;
  },
): readonly SitePlace[] {
  const sets = members.map((ids) => new Set(ids));
  const writable = new Set(open);
  return named.map((rse) => ({
    rseId: rse.id,
    name: rse.name,
    parts: constraints.parts.flatMap((part, at) =>
      sets[at]?.has(rse.id) && weighs(rse, part.weight ?? weight) ? [at] : [],
    ),
    values: constraints.distinct.map((name) => attributeOf(rse, name)),
    writable: writable.has(rse),
  }));
}

/** The greatest of the weights that an RSE has in its parts; null where it has none. */
export function weightWithin(
  rse: Rse,
  rules: SiteConstraints,
  ruleWeight: string | null,
): number | null {
  const weights = (rules.places.get(rse.id)?.parts ?? []).flatMap(
    (part) => weightOf(rse, rules.parts[part]?.weight ?? ruleWeight) ?? [],
  );
  return weights.length > 0 ? Math.max(...weights) : null;
}

/** An attribute of an RSE; columns by the names that expressions have for them. */
function attributeOf(rse: Rse, name: string): string | null {
  const columns: Readonly<Record<string, string | null>> = {
    rse: rse.name,
    rse_type: RseTypeCodec.name(rse.type),
    city: rse.city,
    region_code: rse.regionCode,
    country_name: rse.countryName,
    continent: rse.continent,
    time_zone: rse.timeZone,
    ISP: rse.isp,
    ASN: rse.asn,
    qos_class: rse.qosClass,
  };
  const column = Object.hasOwn(columns, name) ? columns[name] : undefined;
  return column ?? (Object.hasOwn(rse.attributes, name) ? (rse.attributes[name] ?? null) : null);
}
