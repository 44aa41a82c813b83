import { type Tx } from '../../db/index.js';
import { distancesToSite, type Rse } from '../../rses/index.js';
import { type Listing } from './listing.request.js';

/**
 * How far storage elements are from the clients of a site (`replicas.siteDistances`): by the client's
 * site, then by an RSE's name or its attribute `site`. Any unit; smaller is nearer.
 */
export type SiteDistances = Readonly<Record<string, Readonly<Record<string, number>>>>;

type Asked = Pick<Listing, 'sort' | 'site' | 'position'>;

/**
 * How to measure an RSE's distance from the client of a listing; smaller is nearer. By
 * `custom_table` it is the configured one, or where nobody configured the client's site, the distance
 * between RSEs: to the nearest one at that site. Otherwise it is the one over the Earth's surface,
 * where both positions are known. What is not known is the furthest; where nothing is, all are equal.
 */
export async function measureFrom(
  tx: Tx,
  { sort, site, position }: Asked,
  configured: SiteDistances,
): Promise<(rse: Rse) => number> {
  if (sort !== 'custom_table') return (rse) => kilometres(rse, position);
  if (site === undefined) return () => 0;
  const table = Object.hasOwn(configured, site) ? configured[site] : undefined;
  if (table) return (rse) => tabled(table, rse);
  const distances = await distancesToSite(tx, site);
  return (rse) =>
    rse.attributes['site'] === site ? 0 : (distances.get(rse.id) ?? Number.MAX_SAFE_INTEGER);
}

function tabled(table: Readonly<Record<string, number>>, rse: Rse): number {
  const key = [rse.name, rse.attributes['site'] ?? ''].find((name) => Object.hasOwn(table, name));
  return (key === undefined ? undefined : table[key]) ?? Number.MAX_SAFE_INTEGER;
}

const EARTH_KM = 6371;

/** Further than anything on Earth. */
const NOWHERE_KM = 30_000;

/** Great-circle distance in kilometres. What has no position is the furthest; without ours all are equal. */
function kilometres(rse: Rse, position: Listing['position']): number {
  if (!position) return 0;
  if (rse.latitude === null || rse.longitude === null) return NOWHERE_KM;
  const radians = (degrees: number) => (degrees * Math.PI) / 180;
  const [from, to] = [radians(position.latitude), radians(rse.latitude)];
  const east = radians(rse.longitude - position.longitude);
  const half =
    Math.sin((to - from) / 2) ** 2 + Math.cos(from) * Math.cos(to) * Math.sin(east / 2) ** 2;
  return 2 * EARTH_KM * Math.asin(Math.sqrt(half));
}
