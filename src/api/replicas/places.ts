import { algorithmOf, copyPath } from '../../replicas/index.js';
import { chooseProtocols, pfnOf, type Rse, type RseProtocol } from '../../rses/index.js';
import { type DidName, type RseId, RseTypeCodec, wireId } from '../../vocabulary/index.js';
import { toJson } from '../wire/index.js';
import { type Listing } from './listing.request.js';

/** One way to reach the copies of one RSE, with all that a row says about it. */
export interface Place {
  readonly rse: Rse;
  readonly domain: 'lan' | 'wan';
  readonly protocol: RseProtocol;
  /** What every physical name there begins with. */
  readonly base: string;
  /** What JSON rows say of every name there, as members of an object. */
  readonly told: string;
  /** Smaller is tried first. Unique in a listing. */
  readonly rank: number;
  /** Whether what is reached here opens by signed URLs only. */
  readonly signed: boolean;
}

/** The ways to every RSE of a listing, best first. */
export type Places = ReadonlyMap<RseId, readonly Place[]>;

/**
 * Ranks every way to the RSEs once for a whole listing: near networks before wide ones, disk before
 * tape, then by their distance from the client, then the protocols' priority, then names, so that
 * the order is the same in every row. Without schemes an RSE has one way a domain; with schemes one
 * for each.
 */
export function rankPlaces(
  rses: readonly Rse[],
  protocols: ReadonlyMap<RseId, readonly RseProtocol[]>,
  listing: Pick<Listing, 'domain' | 'schemes' | 'site'> & {
    readonly distanceOf: (rse: Rse) => number;
  },
): Places {
  const far = new Map(rses.map((rse) => [rse.id, listing.distanceOf(rse)]));
  const distance = ({ id }: Rse) => far.get(id) ?? 0;
  const ways = rses.flatMap((rse) => waysTo(rse, protocols.get(rse.id) ?? [], listing));
  ways.sort(
    (a, b) =>
      Number(a.domain === 'wan') - Number(b.domain === 'wan') ||
      a.rse.type.localeCompare(b.rse.type) ||
      distance(a.rse) - distance(b.rse) ||
      a.priority - b.priority ||
      (a.rse.name < b.rse.name ? -1 : Number(a.rse.name > b.rse.name)),
  );
  const places = new Map<RseId, Place[]>();
  for (const [rank, { priority: _, ...way }] of ways.entries()) {
    const place = { ...way, rank };
    const known = places.get(way.rse.id);
    if (known) known.push(place);
    else places.set(way.rse.id, [place]);
  }
  return places;
}

type Way = Omit<Place, 'rank'> & { readonly priority: number };

function waysTo(
  rse: Rse,
  protocols: readonly RseProtocol[],
  { domain, schemes, site }: Pick<Listing, 'domain' | 'schemes' | 'site'>,
): Way[] {
  const near = site !== undefined && rse.attributes['site'] === site;
  const domains =
    domain === 'all' ? (['lan', 'wan'] as const) : ([domain ?? (near ? 'lan' : 'wan')] as const);
  const ways = domains.flatMap((each) => {
    const fit = chooseProtocols(protocols, { domain: each, operation: 'read', schemes });
    const best = schemes === undefined ? fit.slice(0, 1) : firstOfEachScheme(fit);
    return best.map((protocol) => ({
      rse,
      domain: each,
      protocol,
      base: pfnOf(protocol, 'x').slice(0, -1),
      told: toldOf(rse),
      priority: protocol.domains[each].read ?? 0,
      signed: Boolean(rse.attributes['sign_url']) && protocol.scheme === 'https',
    }));
  });
  // One name may lead there by both networks: it is told once, by the wide one.
  return ways.filter(({ base }, at) => ways.findLastIndex((way) => way.base === base) === at);
}

const firstOfEachScheme = (protocols: readonly RseProtocol[]): RseProtocol[] =>
  protocols.filter(
    ({ scheme }, at) => protocols.findIndex((other) => other.scheme === scheme) === at,
  );

const toldOf = (rse: Rse): string =>
  toJson({
    rse_id: wireId(rse.uid),
    rse: rse.name,
    type: RseTypeCodec.name(rse.type),
    volatile: rse.volatile,
  }).slice(1, -1);

/**
 * Gives the paths of one file at its places: computed once for each way of naming, since most RSEs
 * have the same. Undefined where the path is not known or not allowed: a copy that cannot be reached
 * is no reason to show none of the others.
 */
export function pathFinder(
  file: DidName,
): (rse: Rse, registered: string | null) => string | undefined {
  const computed = new Map<string, string | undefined>();
  return (rse, registered) => {
    if (registered !== null) return registered;
    const algorithm = rse.deterministic ? algorithmOf(rse) : '';
    if (!computed.has(algorithm)) computed.set(algorithm, pathAt(rse, file));
    return computed.get(algorithm);
  };
}

function pathAt(rse: Rse, file: DidName): string | undefined {
  try {
    return copyPath(rse, file, null);
  } catch {
    return undefined;
  }
}
