import { execute, lit, only, rows, sql, type Sql, type Tx } from '../db/index.js';
import { type DidId, type DidName, DidType } from '../vocabulary/index.js';
import { type Meta } from './parse-metadata.js';

/** The own metadata of these DIDs; those that have none are not in the map. */
export async function ownMetadata(tx: Tx, ids: readonly DidId[]): Promise<Map<DidId, Meta>> {
  if (ids.length === 0) return new Map();
  const found = await rows<{ didId: DidId; meta: Meta }>(
    tx,
    sql`SELECT did_id AS "didId", meta FROM did_meta WHERE did_id = ANY(${[...ids]}::bigint[])`,
  );
  return new Map(found.map(({ didId, meta }) => [didId, meta]));
}

/** Adds own metadata to each DID of `targets` (rows did_id, json, each DID once): new values win. */
export async function mergeOwnMetadata(tx: Tx, targets: Sql): Promise<void> {
  await execute(
    tx,
    sql`INSERT INTO did_meta (did_id, meta)
        SELECT t.did_id, t.json FROM (${targets}) AS t(did_id, json) ORDER BY t.did_id
        ON CONFLICT (did_id) DO UPDATE SET meta = did_meta.meta || excluded.meta`,
  );
}

/** Gives files own metadata, by name; those that have some keep it. */
export async function insertOwnMetadata(
  tx: Tx,
  files: readonly (DidName & { readonly own: Meta })[],
): Promise<void> {
  await execute(
    tx,
    sql`INSERT INTO did_meta (did_id, meta)
        SELECT DISTINCT ON (d.id) d.id, i.json
        FROM unnest(${files.map(({ scope }) => scope)}::text[], ${files.map(({ name }) => name)}::text[],
                    ${files.map(({ own }) => JSON.stringify(own))}::jsonb[]) AS i(scope, name, json)
        JOIN dids d ON d.scope = i.scope AND d.name = i.name
        WHERE d.type = ${lit(DidType.FILE)} ORDER BY d.id
        ON CONFLICT (did_id) DO NOTHING`,
  );
}

/** Takes one own key away; false where the DID does not have it. */
export async function deleteOwnKey(tx: Tx, id: DidId, key: string): Promise<boolean> {
  const changed = await execute(
    tx,
    sql`UPDATE did_meta SET meta = meta - ${key}::text WHERE did_id = ${id} AND meta ? ${key}::text`,
  );
  return changed === 1;
}

/**
 * Sorts what was written since the last time into the index of own metadata; gives the pages of it.
 * Writers leave new entries in a list (that is a fifth of the work), which every search reads whole.
 */
export async function sortMetadataIndex(tx: Tx): Promise<number> {
  const { pages } = await only<{ pages: number }>(
    tx,
    sql`SELECT gin_clean_pending_list('did_meta_meta_idx')::int AS pages`,
  );
  return pages;
}

/** Ends the own metadata of DIDs that are erased (dids' eraseDids has kept it). */
export async function eraseMetadata(tx: Tx, ids: readonly DidId[]): Promise<void> {
  await execute(tx, sql`DELETE FROM did_meta WHERE did_id = ANY(${[...ids]}::bigint[])`);
}
