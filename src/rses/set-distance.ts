import { type Tx } from '../db/index.js';
import { Duplicate } from '../errors/index.js';
import { deleteDistance, insertDistance, upsertDistance, type Way } from './distance.sql.js';
import { type Rse } from './rse.sql.js';

/** From where to where, and whether the way back is meant too. */
export interface Route {
  readonly source: Rse;
  readonly destination: Rse;
  readonly bidirectional: boolean;
}

function waysOf({ source, destination, bidirectional }: Route): Way[] {
  const there = { sourceId: source.id, destinationId: destination.id };
  const back = { sourceId: destination.id, destinationId: source.id };
  return bidirectional && source.id !== destination.id ? [there, back] : [there];
}

/** Adds a distance. Throws Duplicate if there is one, of the way back too. */
export async function addDistance(tx: Tx, route: Route, distance: number): Promise<void> {
  for (const way of waysOf(route)) {
    if (await insertDistance(tx, way, distance)) continue;
    const { source, destination } = route;
    throw new Duplicate(
      `A distance between RSE '${source.name}' and RSE '${destination.name}' already exists`,
      { source: source.name, destination: destination.name },
    );
  }
}

/** Sets a distance, whether there is one or not. */
export async function setDistance(tx: Tx, route: Route, distance: number): Promise<void> {
  for (const way of waysOf(route)) await upsertDistance(tx, way, distance);
}

/** Removes a distance, if there is one. */
export async function removeDistance(tx: Tx, route: Route): Promise<void> {
  for (const way of waysOf(route)) await deleteDistance(tx, way);
}
