import { execute, join, lit, rows, sql, type Sql, type Tx } from '../db/index.js';
import { type RseId, type RseType } from '../vocabulary/index.js';

/** A storage element with its attributes as stored (text; booleans are 'true' and 'false'). */
export interface Rse {
  readonly id: RseId;
  readonly uid: string;
  readonly name: string;
  readonly type: RseType;
  readonly deterministic: boolean;
  readonly volatile: boolean;
  readonly stagingArea: boolean;
  readonly availabilityRead: boolean;
  readonly availabilityWrite: boolean;
  readonly availabilityDelete: boolean;
  readonly seed: bigint;
  readonly longitude: number | null;
  readonly latitude: number | null;
  readonly city: string | null;
  readonly regionCode: string | null;
  readonly countryName: string | null;
  readonly continent: string | null;
  readonly timeZone: string | null;
  readonly isp: string | null;
  readonly asn: string | null;
  readonly qosClass: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly deletedAt: Date | null;
  readonly attributes: Readonly<Record<string, string>>;
}

/** What a client may say about a storage element when it adds or changes one. */
export interface RseTraits {
  readonly type?: RseType;
  readonly deterministic?: boolean;
  readonly volatile?: boolean;
  readonly stagingArea?: boolean;
  readonly availabilityRead?: boolean;
  readonly availabilityWrite?: boolean;
  readonly availabilityDelete?: boolean;
  readonly longitude?: number | null;
  readonly latitude?: number | null;
  readonly city?: string | null;
  readonly regionCode?: string | null;
  readonly countryName?: string | null;
  readonly continent?: string | null;
  readonly timeZone?: string | null;
  readonly isp?: string | null;
  readonly asn?: string | null;
  readonly qosClass?: string | null;
}

const traitColumns: Readonly<Record<keyof RseTraits, Sql>> = {
  type: sql`type`,
  deterministic: sql`deterministic`,
  volatile: sql`volatile`,
  stagingArea: sql`staging_area`,
  availabilityRead: sql`availability_read`,
  availabilityWrite: sql`availability_write`,
  availabilityDelete: sql`availability_delete`,
  longitude: sql`longitude`,
  latitude: sql`latitude`,
  city: sql`city`,
  regionCode: sql`region_code`,
  countryName: sql`country_name`,
  continent: sql`continent`,
  timeZone: sql`time_zone`,
  isp: sql`isp`,
  asn: sql`asn`,
  qosClass: sql`qos_class`,
};

function givenTraits(traits: RseTraits): [Sql, unknown][] {
  const given: [Sql, unknown][] = [];
  for (const [key, value] of Object.entries(traits)) {
    const column = traitColumns[key as keyof RseTraits];
    if (column && value !== undefined) given.push([column, value]);
  }
  return given;
}

/** The columns of Rse from the alias `r`. */
const columns = sql`r.id, r.uid, r.name, r.type, r.deterministic, r.volatile,
          r.staging_area AS "stagingArea", r.availability_read AS "availabilityRead",
          r.availability_write AS "availabilityWrite",
          r.availability_delete AS "availabilityDelete", r.seed, r.longitude, r.latitude, r.city,
          r.region_code AS "regionCode", r.country_name AS "countryName", r.continent,
          r.time_zone AS "timeZone", r.isp, r.asn, r.qos_class AS "qosClass",
          r.created_at AS "createdAt", r.updated_at AS "updatedAt", r.deleted_at AS "deletedAt",
          COALESCE((SELECT jsonb_object_agg(a.key, a.value)
                    FROM rse_attributes a WHERE a.rse_id = r.id), '{}') AS attributes`;

/** Storage elements that satisfy `condition` over the alias r, by name. Deleted ones included. */
export async function selectRses(tx: Tx, condition: Sql): Promise<Rse[]> {
  return await rows<Rse>(tx, sql`SELECT ${columns} FROM rses r WHERE ${condition} ORDER BY r.name`);
}

/** Those of each of these sets (queries in parentheses that give ids), by name, in one statement. */
export async function selectRsesOfEach(tx: Tx, sets: readonly Sql[]): Promise<Rse[][]> {
  const named: Rse[][] = sets.map(() => []);
  if (sets.length === 0) return named;
  const ids = sets.map((set, at) => sql`SELECT ${lit(at)} AS at, s.id FROM ${set} AS s(id)`);
  const found = await rows<Rse & { ats: number[] }>(
    tx,
    sql`SELECT ${columns}, n.ats
          FROM (SELECT x.id, array_agg(x.at) AS ats FROM (${join(ids, ' UNION ALL ')}) x GROUP BY x.id) n
          JOIN rses r ON r.id = n.id ORDER BY r.name`,
  );
  for (const { ats, ...rse } of found) for (const at of ats) named[at]?.push(rse);
  return named;
}

/** Inserts a storage element and its empty usage; gives its id, or undefined if the name is taken. */
export async function insertRse(
  tx: Tx,
  name: string,
  traits: RseTraits,
): Promise<RseId | undefined> {
  const given = givenTraits(traits);
  const columns = join([sql`name`, ...given.map(([column]) => column)], ', ');
  const values = join([name, ...given.map(([, value]) => value)], ', ');
  const [row] = await rows<{ id: RseId }>(
    tx,
    sql`INSERT INTO rses (${columns}) VALUES (${values}) ON CONFLICT (name) DO NOTHING RETURNING id`,
  );
  if (!row) return undefined;
  await execute(
    tx,
    sql`INSERT INTO rse_usage (rse_id, source, used, files) VALUES (${row.id}, 'rucio', 0, 0)`,
  );
  return row.id;
}

/** Changes what is given, and nothing else. The name's uniqueness is the caller's to catch. */
export async function updateRseRow(
  tx: Tx,
  rseId: RseId,
  change: RseTraits & { readonly name?: string },
): Promise<void> {
  const { name, ...traits } = change;
  const given = givenTraits(traits);
  if (name !== undefined) given.push([sql`name`, name]);
  const sets = given.map(([column, value]) => sql`${column} = ${value}`);
  await execute(
    tx,
    sql`UPDATE rses SET ${join([...sets, sql`updated_at = now()`], ', ')} WHERE id = ${rseId}`,
  );
}

/**
 * Marks the storage element deleted, if no copy of whatever state is known there; false if one is.
 * Its row stays: history names it.
 */
export async function markRseDeleted(tx: Tx, rseId: RseId): Promise<boolean> {
  const marked = await execute(
    tx,
    sql`UPDATE rses SET deleted_at = now(), updated_at = now()
        WHERE id = ${rseId} AND NOT EXISTS (SELECT FROM replicas WHERE rse_id = ${rseId})`,
  );
  return marked === 1;
}

/** Those of these names that are deleted are so no more; gives their ids. */
export async function markRsesRestored(tx: Tx, names: readonly string[]): Promise<RseId[]> {
  const restored = await rows<{ id: RseId }>(
    tx,
    sql`UPDATE rses SET deleted_at = NULL, updated_at = now()
        WHERE name = ANY(${[...names]}::text[]) AND deleted_at IS NOT NULL RETURNING id`,
  );
  return restored.map(({ id }) => id);
}
