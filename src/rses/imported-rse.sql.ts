import { execute, ident, join, lit, rows, sql, type Sql, type Tx } from '../db/index.js';
import { type RseId } from '../vocabulary/index.js';
import { type RseTraits } from './rse.sql.js';

/** A storage element as an import names it. What is null was not said. */
export interface ImportedName {
  readonly name: string;
  readonly uid: string | null;
  readonly createdAt: Date | null;
  readonly updatedAt: Date | null;
  readonly traits: RseTraits;
}

/**
 * Inserts those that are not there yet, with their empty usage; gives their ids. One whose uid is
 * somebody else's here gets another.
 */
export async function insertRses(tx: Tx, rses: readonly ImportedName[]): Promise<RseId[]> {
  const column = <T>(value: (rse: ImportedName) => T) => rses.map(value);
  const added = await rows<{ id: RseId }>(
    tx,
    sql`INSERT INTO rses (name, uid, created_at)
        SELECT n.name,
               CASE WHEN n.uid IS NULL OR EXISTS (SELECT FROM rses r WHERE r.uid = n.uid)
                    THEN gen_random_uuid() ELSE n.uid END,
               COALESCE(n.created_at, now())
        FROM unnest(${column(({ name }) => name)}::text[], ${column(({ uid }) => uid)}::uuid[],
                    ${column(({ createdAt }) => createdAt)}::timestamptz[])
             AS n(name, uid, created_at)
        ORDER BY n.name
        ON CONFLICT (name) DO NOTHING RETURNING id`,
  );
  const ids = added.map(({ id }) => id);
  await execute(
    tx,
    sql`INSERT INTO rse_usage (rse_id, source, used, files)
        SELECT id, 'rucio', 0, 0 FROM unnest(${ids}::int[]) AS n(id)`,
  );
  return ids;
}

/** The columns of what may be said, by the type that their text is read as. */
const COLUMNS: Readonly<Record<keyof RseTraits, readonly [column: string, type: Sql]>> = {
  type: ['type', sql`"char"`],
  deterministic: ['deterministic', sql`boolean`],
  volatile: ['volatile', sql`boolean`],
  stagingArea: ['staging_area', sql`boolean`],
  availabilityRead: ['availability_read', sql`boolean`],
  availabilityWrite: ['availability_write', sql`boolean`],
  availabilityDelete: ['availability_delete', sql`boolean`],
  longitude: ['longitude', sql`double precision`],
  latitude: ['latitude', sql`double precision`],
  city: ['city', sql`text`],
  regionCode: ['region_code', sql`text`],
  countryName: ['country_name', sql`text`],
  continent: ['continent', sql`text`],
  timeZone: ['time_zone', sql`text`],
  isp: ['isp', sql`text`],
  asn: ['asn', sql`text`],
  qosClass: ['qos_class', sql`text`],
};

/** Sets what is said of storage elements that are there; what is not said stays. */
export async function updateRses(
  tx: Tx,
  rses: readonly ImportedName[],
  added: readonly RseId[],
): Promise<void> {
  const column = <T>(value: (rse: ImportedName) => T) => rses.map(value);
  const sets = Object.entries(COLUMNS).map(([trait, [name, type]]) => {
    const target = ident(name);
    const key = lit(trait);
    return sql`${target} = CASE WHEN n.traits ? ${key} THEN (n.traits ->> ${key})::${type} ELSE r.${target} END`;
  });
  await execute(
    tx,
    sql`UPDATE rses r SET ${join(sets, ', ')},
          updated_at = CASE WHEN r.id = ANY(${[...added]}::int[])
                            THEN COALESCE(n.updated_at, now()) ELSE now() END
        FROM unnest(${column(({ name }) => name)}::text[],
                    ${column(({ updatedAt }) => updatedAt)}::timestamptz[],
                    ${column(({ traits }) => JSON.stringify(traits))}::jsonb[])
             AS n(name, updated_at, traits)
        WHERE r.name = n.name`,
  );
}

/** A key with its value, of one storage element. */
export interface RseEntry<Value> {
  readonly rseId: RseId;
  readonly key: string;
  readonly value: Value;
}

/** Sets attributes of many storage elements; those already set are overwritten. */
export async function upsertAttributes(
  tx: Tx,
  entries: readonly RseEntry<string>[],
): Promise<void> {
  await execute(
    tx,
    sql`INSERT INTO rse_attributes (rse_id, key, value)
        SELECT * FROM ${columnsOf(entries, sql`text[]`)} AS n(rse_id, key, value)
        ORDER BY rse_id, key
        ON CONFLICT (rse_id, key) DO UPDATE SET value = EXCLUDED.value, updated_at = now()`,
  );
}

/** Sets limits of many storage elements; those already set are overwritten. */
export async function upsertLimits(tx: Tx, entries: readonly RseEntry<bigint>[]): Promise<void> {
  await execute(
    tx,
    sql`INSERT INTO rse_limits (rse_id, name, value)
        SELECT * FROM ${columnsOf(entries, sql`bigint[]`)} AS n(rse_id, name, value)
        ORDER BY rse_id, name
        ON CONFLICT (rse_id, name) DO UPDATE SET value = EXCLUDED.value, updated_at = now()`,
  );
}

const columnsOf = (entries: readonly RseEntry<unknown>[], type: Sql): Sql =>
  sql`unnest(${entries.map(({ rseId }) => rseId)}::int[], ${entries.map(({ key }) => key)}::text[],
             ${entries.map(({ value }) => value)}::${type})`;

/** Adds qualities of service to many storage elements, where they are not there yet. */
export async function addQosPolicies(
  tx: Tx,
  policies: readonly { readonly rseId: RseId; readonly policy: string }[],
): Promise<void> {
  await execute(
    tx,
    sql`INSERT INTO rse_qos_policies (rse_id, policy)
        SELECT * FROM unnest(${policies.map(({ rseId }) => rseId)}::int[],
                             ${policies.map(({ policy }) => policy)}::text[]) AS n(rse_id, policy)
        ORDER BY rse_id, policy
        ON CONFLICT (rse_id, policy) DO NOTHING`,
  );
}
