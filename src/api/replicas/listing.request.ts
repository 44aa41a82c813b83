import { type Static, Type } from 'typebox';
import { SortingAlgorithmNotSupported } from '../../errors/index.js';
import { type DidName, Limits } from '../../vocabulary/index.js';
import { parseBody, parseDate, parseInteger, parseText } from '../wire/index.js';

const Maybe = <T extends Parameters<typeof Type.Optional>[0]>(schema: T) =>
  Type.Optional(Type.Union([schema, Type.Null()]));

const text = Type.String({ maxLength: 255 });
const flag = Maybe(Type.Boolean());
const coordinate = Maybe(Type.Union([Type.Number(), Type.String({ maxLength: 32 })]));
/** Reading takes every name with a word character in it. */
const anyName = Type.String({ maxLength: Limits.didNameLength, pattern: '\\w' });

const ListingBody = Type.Object({
  dids: Maybe(
    Type.Array(Type.Object({ scope: anyName, name: anyName }), {
      maxItems: Limits.attachmentsPerRequest,
    }),
  ),
  schemes: Maybe(Type.Array(text, { maxItems: 100 })),
  domain: Maybe(Type.String()),
  rse_expression: Maybe(Type.String({ maxLength: Limits.expressionLength })),
  client_location: Maybe(
    Type.Object({ site: Maybe(text), latitude: coordinate, longitude: coordinate }),
  ),
  sort: Maybe(text),
  all_states: flag,
  unavailable: flag,
  ignore_availability: flag,
  resolve_archives: flag,
  resolve_parents: flag,
  updated_after: Maybe(Type.Union([Type.String(), Type.Number()])),
  signature_lifetime: Maybe(Type.Integer({ minimum: 1, maximum: 3_155_760_000 })),
  nrandom: Maybe(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
});

export const SORTS = ['geoip', 'custom_table', 'random'] as const;
export type Sort = (typeof SORTS)[number];

/** Which copies of which DIDs, and how they are to be reached. */
export interface Listing {
  readonly dids: readonly DidName[];
  /** undefined: the best protocol of each RSE, whatever its scheme. */
  readonly schemes: readonly string[] | undefined;
  readonly domain: 'wan' | 'lan' | 'all' | null;
  readonly expression: string | undefined;
  readonly site: string | undefined;
  readonly position: { readonly latitude: number; readonly longitude: number } | undefined;
  readonly sort: Sort | undefined;
  readonly allStates: boolean;
  readonly unavailable: boolean;
  readonly ignoreAvailability: boolean;
  readonly resolveArchives: boolean;
  readonly resolveParents: boolean;
  readonly since: Date | undefined;
  readonly signatureSeconds: number | undefined;
  readonly random: number | undefined;
  /** So many physical names of a file at most, the best ones. */
  readonly pfnsMax: number | undefined;
}

type Query = Readonly<Record<string, unknown>>;

/**
 * Throws InvalidObject, ValueError and SortingAlgorithmNotSupported. No body and no list of DIDs list
 * nothing. What the query says about the order wins over the body.
 */
export function parseListing(body: unknown, query: Query = {}): Listing {
  const given = parseBody(ListingBody, body ?? {}, 'replicas/list');
  return {
    dids: given.dids ?? [],
    schemes: given.schemes?.length ? given.schemes : undefined,
    domain: domainOf(given.domain),
    expression: given.rse_expression ? given.rse_expression : undefined,
    site: given.client_location?.site ?? undefined,
    position: positionOf(given.client_location),
    sort: sortOf(parseOrder(query) ?? given.sort),
    allStates: given.all_states === true,
    unavailable: given.unavailable === true,
    ignoreAvailability: given.ignore_availability ?? given.unavailable != null,
    resolveArchives: given.resolve_archives !== false,
    resolveParents: given.resolve_parents === true,
    since: parseDate(given.updated_after, 'updated_after'),
    signatureSeconds: given.signature_lifetime ?? undefined,
    random: given.nrandom ?? undefined,
    pfnsMax: parseInteger(query['limit'], 'limit', { min: 1, max: 1_000_000 }),
  };
}

/** The same for one DID in the path, with what may stand in the query. */
export function parseListingQuery(did: DidName, query: Query): Listing {
  const schemes = parseText(query['schemes'], 'schemes');
  return {
    ...parseListing({}, query),
    dids: [did],
    schemes: schemes ? schemes.split(',') : undefined,
    ignoreAvailability: true,
  };
}

/** The order that a query asks for, by either of its names. */
const parseOrder = (query: Query): string | undefined =>
  parseText(query['sort'], 'sort') || parseText(query['select'], 'select') || undefined;

function domainOf(domain: string | null | undefined): Listing['domain'] {
  return domain === 'lan' || domain === 'wan' || domain === 'all' ? domain : null;
}

function sortOf(sort: string | null | undefined): Sort | undefined {
  if (!sort) return undefined;
  const known = SORTS.find((name) => name === sort);
  if (known) return known;
  throw new SortingAlgorithmNotSupported(
    `'${sort}' is not supported: sort takes ${SORTS.join(', ')}`,
    { sort },
  );
}

type Location = NonNullable<Static<typeof ListingBody>['client_location']>;

function positionOf(location: Location | null | undefined): Listing['position'] {
  const { latitude, longitude } = location ?? {};
  if (latitude == null || longitude == null || latitude === '' || longitude === '')
    return undefined;
  const position = { latitude: Number(latitude), longitude: Number(longitude) };
  const inside = Math.abs(position.latitude) <= 90 && Math.abs(position.longitude) <= 180;
  return inside ? position : undefined;
}
