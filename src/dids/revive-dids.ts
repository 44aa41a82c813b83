import { type Tx } from '../db/index.js';
import { DataIdentifierAlreadyExists, DataIdentifierNotFound } from '../errors/index.js';
import { type DidId, type DidName } from '../vocabulary/index.js';
import { inKnownScopes } from './add-dids.js';
import { nameOf } from './did.js';
import {
  clearExpiry,
  type ErasedDid,
  insertErased,
  restoreContents,
  restoreLinks,
  takeErased,
} from './revive.sql.js';

/** A DID that is back, and its own metadata as JSON text, which the caller gives back to it. */
export interface RevivedDid {
  readonly id: DidId;
  readonly meta: string | null;
}

/**
 * Brings back DIDs that were erased, or have expired and wait for it; all or none, by as many
 * statements as for one. A collection has again what was in it when it was erased, a DID its
 * metadata and what it was derived from, as far as these exist. Rules do not come back, nor what it
 * was in. Gives those that had been erased.
 * Throws DataIdentifierNotFound (never erased, or so long ago that nothing is known of it),
 * DataIdentifierAlreadyExists (the name is another's by now), ScopeNotFound.
 */
export async function reviveDids(
  tx: Tx,
  names: readonly DidName[],
  now: Date,
): Promise<RevivedDid[]> {
  const asked = new Map(names.map((name) => [nameOf(name), name]));
  if (asked.size === 0) return [];
  for (const did of await clearExpiry(tx, [...asked.values()], now)) asked.delete(nameOf(did));
  if (asked.size === 0) return [];
  const erased = await takeErased(tx, [...asked.values()]);
  refuseUnknown(asked, erased);
  const back = new Set(await inKnownScopes(erased, () => insertErased(tx, erased, now)));
  const taken = erased.find(({ id }) => !back.has(id));
  if (taken) {
    throw new DataIdentifierAlreadyExists(
      `Data Identifier '${nameOf(taken)}' cannot come back: the name is in use again`,
      { scope: taken.scope, name: taken.name },
    );
  }
  await restoreContents(tx, erased);
  await restoreLinks(tx, erased);
  return erased.map(({ id, meta }) => ({ id, meta }));
}

function refuseUnknown(asked: ReadonlyMap<string, DidName>, erased: readonly ErasedDid[]): void {
  const known = new Set(erased.map(nameOf));
  const unknown = [...asked.values()].find((name) => !known.has(nameOf(name)));
  if (!unknown) return;
  throw new DataIdentifierNotFound(`Deleted Data identifier '${nameOf(unknown)}' not found`, {
    scope: unknown.scope,
    name: unknown.name,
  });
}
