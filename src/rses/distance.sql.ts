import { execute, rows, sql, type Tx } from '../db/index.js';
import { type RseId } from '../vocabulary/index.js';

/** How far a source is from a destination: smaller is nearer; an arbitrary unit. */
export interface Distance {
  readonly sourceId: RseId;
  readonly destinationId: RseId;
  readonly distance: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface Way {
  readonly sourceId: RseId;
  readonly destinationId: RseId;
}

/** The distance of every source that has one to this destination, by source. */
export const distancesTo = async (
  tx: Tx,
  destinationId: RseId,
): Promise<ReadonlyMap<RseId, number>> =>
  (await distancesToEach(tx, [destinationId])).get(destinationId) ?? new Map();

/** The same for each of these destinations. */
export async function distancesToEach(
  tx: Tx,
  destinationIds: readonly RseId[],
): Promise<Map<RseId, ReadonlyMap<RseId, number>>> {
  const found = await rows<Pick<Distance, 'sourceId' | 'destinationId' | 'distance'>>(
    tx,
    sql`SELECT destination_id AS "destinationId", source_id AS "sourceId", distance FROM distances
        WHERE destination_id = ANY(${[...destinationIds]}::int[])`,
  );
  const distances = new Map(destinationIds.map((id) => [id, new Map<RseId, number>()]));
  for (const { sourceId, destinationId, distance } of found) {
    distances.get(destinationId)?.set(sourceId, distance);
  }
  return distances;
}

/** The distance of every RSE that has one to the nearest RSE of a site (attribute `site`), by RSE. */
export async function distancesToSite(tx: Tx, site: string): Promise<Map<RseId, number>> {
  const found = await rows<{ sourceId: RseId; distance: number }>(
    tx,
    sql`SELECT d.source_id AS "sourceId", min(d.distance) AS distance
        FROM rse_attributes a JOIN distances d ON d.destination_id = a.rse_id
        WHERE a.key = 'site' AND a.value = ${site} GROUP BY d.source_id`,
  );
  return new Map(found.map(({ sourceId, distance }) => [sourceId, distance]));
}

/** The distance of one way, or undefined. */
export async function findDistance(tx: Tx, way: Way): Promise<Distance | undefined> {
  const [found] = await rows<Distance>(
    tx,
    sql`SELECT source_id AS "sourceId", destination_id AS "destinationId", distance,
          created_at AS "createdAt", updated_at AS "updatedAt"
        FROM distances
        WHERE source_id = ${way.sourceId} AND destination_id = ${way.destinationId}`,
  );
  return found;
}

/** A distance to be set; a new one keeps the time that it was made elsewhere. */
export interface NewDistance extends Way {
  readonly distance: number;
  readonly createdAt: Date | null;
  readonly updatedAt: Date | null;
}

/** Sets distances, whether their ways have one or not. One that is the same already stays as it is. */
export async function upsertDistances(tx: Tx, distances: readonly NewDistance[]): Promise<void> {
  const column = <T>(value: (distance: NewDistance) => T) => distances.map(value);
  await execute(
    tx,
    sql`INSERT INTO distances (source_id, destination_id, distance, created_at, updated_at)
        SELECT source_id, destination_id, distance, COALESCE(created_at, now()),
               COALESCE(updated_at, now())
        FROM unnest(${column(({ sourceId }) => sourceId)}::int[],
          ${column(({ destinationId }) => destinationId)}::int[],
          ${column(({ distance }) => distance)}::int[],
          ${column(({ createdAt }) => createdAt)}::timestamptz[],
          ${column(({ updatedAt }) => updatedAt)}::timestamptz[])
          AS n(source_id, destination_id, distance, created_at, updated_at)
        ORDER BY source_id, destination_id
        ON CONFLICT (source_id, destination_id) DO UPDATE
        SET distance = EXCLUDED.distance, updated_at = now()
        WHERE distances.distance <> EXCLUDED.distance`,
  );
}

/** Adds a distance; false if the way has one already. */
export async function insertDistance(tx: Tx, way: Way, distance: number): Promise<boolean> {
  const added = await execute(
    tx,
    sql`INSERT INTO distances (source_id, destination_id, distance)
        VALUES (${way.sourceId}, ${way.destinationId}, ${distance})
        ON CONFLICT (source_id, destination_id) DO NOTHING`,
  );
  return added === 1;
}

/** Sets the distance of a way, whether it has one or not. */
export async function upsertDistance(tx: Tx, way: Way, distance: number): Promise<void> {
  await execute(
    tx,
    sql`INSERT INTO distances (source_id, destination_id, distance)
        VALUES (${way.sourceId}, ${way.destinationId}, ${distance})
        ON CONFLICT (source_id, destination_id) DO UPDATE
        SET distance = EXCLUDED.distance, updated_at = now()`,
  );
}

/** Removes the distance of a way, if it has one. */
export async function deleteDistance(tx: Tx, way: Way): Promise<void> {
  await execute(
    tx,
    sql`DELETE FROM distances
        WHERE source_id = ${way.sourceId} AND destination_id = ${way.destinationId}`,
  );
}
