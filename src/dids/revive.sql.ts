import { execute, lit, rows, sql, type Tx } from '../db/index.js';
import { DidAvailability, type DidId, type DidName, DidType } from '../vocabulary/index.js';
import { nameRows } from './did.sql.js';
import { holdExpiringFiles } from './expiring.sql.js';

/** Those of these DIDs that have expired and were not erased yet expire no more; gives them. */
export async function clearExpiry(
  tx: Tx,
  names: readonly DidName[],
  now: Date,
): Promise<DidName[]> {
  return await rows<DidName>(
    tx,
    sql`WITH expired AS MATERIALIZED (
          SELECT d.id FROM ${nameRows(names)} JOIN dids d ON d.scope = i.scope AND d.name = i.name
           WHERE d.expired_at <= ${now}::timestamptz ORDER BY d.id FOR NO KEY UPDATE OF d)
        UPDATE dids d SET expired_at = NULL, updated_at = ${now}::timestamptz
          FROM expired e WHERE d.id = e.id RETURNING d.scope, d.name`,
  );
}

/** A DID as it was when it was erased: JSON and times as PostgreSQL writes them, nothing rounded. */
export interface ErasedDid extends DidName {
  readonly id: DidId;
  readonly did: string;
  readonly meta: string | null;
  readonly deletedAt: string;
}

/** Takes the last of the erased DIDs of each name out of the record. */
export async function takeErased(tx: Tx, names: readonly DidName[]): Promise<ErasedDid[]> {
  return await rows<ErasedDid>(
    tx,
    sql`WITH last AS MATERIALIZED (
          SELECT DISTINCT ON (g.scope, g.name) g.id, g.scope, g.name, g.deleted_at
            FROM ${nameRows(names)} JOIN deleted_dids g ON g.scope = i.scope AND g.name = i.name
           ORDER BY g.scope, g.name, g.deleted_at DESC)
        DELETE FROM deleted_dids g USING last l
         WHERE g.id = l.id AND g.scope = l.scope AND g.name = l.name AND g.deleted_at = l.deleted_at
        RETURNING g.id, g.scope, g.name, g.did::text AS did, g.meta::text AS meta,
                  g.deleted_at::text AS "deletedAt"`,
  );
}

/**
 * Brings erased DIDs back under their ids, with no expiry. Every copy of a file was gone when it was
 * erased: it is LOST until one is registered, unless it is in an archive. Gives the ids; names that
 * are taken by now are passed over. A migration that adds a column which must not be null gives it to
 * `deleted_dids.did` too.
 */
export async function insertErased(
  tx: Tx,
  erased: readonly ErasedDid[],
  now: Date,
): Promise<DidId[]> {
  const made = await rows<{ id: DidId }>(
    tx,
    sql`INSERT INTO dids OVERRIDING SYSTEM VALUE
        SELECT r.* FROM unnest(${erased.map(({ did }) => did)}::jsonb[]) AS i(did)
        CROSS JOIN LATERAL jsonb_populate_record(NULL::dids, i.did
          || jsonb_build_object('expired_at', NULL, 'updated_at', ${now}::timestamptz)
          || CASE WHEN i.did ->> 'type' = ${lit(DidType.FILE)} AND (i.did -> 'constituent') IS DISTINCT FROM 'true'
                  THEN jsonb_build_object('availability', ${lit(DidAvailability.LOST)}) ELSE '{}' END) AS r
        ORDER BY r.scope COLLATE "C", r.name COLLATE "C"
        ON CONFLICT (scope, name) DO NOTHING RETURNING id`,
  );
  return made.map(({ id }) => id);
}

/** What was in these collections when they were erased, as far as it exists, is in them again. */
export async function restoreContents(tx: Tx, erased: readonly ErasedDid[]): Promise<void> {
  const input = sql`unnest(${erased.map(({ id }) => id)}::bigint[],
    ${erased.map(({ deletedAt }) => deletedAt)}::timestamptz[]) AS i(id, deleted_at)`;
  const of = sql`h.parent_id = i.id AND h.deleted_at = i.deleted_at`;
  await holdExpiringFiles(
    tx,
    sql`SELECT h.child_id AS did_id FROM ${input} JOIN contents_history h ON ${of}`,
  );
  await execute(
    tx,
    sql`WITH back AS (
          DELETE FROM contents_history h USING ${input}
           WHERE ${of} AND EXISTS (SELECT FROM dids c WHERE c.id = h.child_id)
          RETURNING h.parent_id, h.child_id),
        ins AS (
          INSERT INTO contents (parent_id, child_id)
          SELECT DISTINCT parent_id, child_id FROM back ORDER BY parent_id, child_id
          ON CONFLICT DO NOTHING RETURNING parent_id, child_id)
        INSERT INTO collection_deltas (did_id, length, bytes)
        SELECT x.parent_id, count(*), coalesce(sum(c.bytes), 0)
          FROM ins x JOIN dids p ON p.id = x.parent_id JOIN dids c ON c.id = x.child_id
         WHERE p.type = ${lit(DidType.DATASET)} GROUP BY x.parent_id ORDER BY x.parent_id`,
  );
}

/** What these DIDs were made from, as far as it exists, they are derived from again. */
export async function restoreLinks(tx: Tx, erased: readonly ErasedDid[]): Promise<void> {
  await execute(
    tx,
    sql`INSERT INTO derived (child_id, parent_id)
        SELECT (i.did ->> 'id')::bigint, p.id
          FROM unnest(${erased.map(({ did }) => did)}::jsonb[]) AS i(did)
         CROSS JOIN LATERAL jsonb_array_elements_text(coalesce(i.did -> 'derived_from', '[]')) AS x(parent)
          JOIN dids p ON p.id = x.parent::bigint
         ORDER BY 1, 2
        ON CONFLICT DO NOTHING`,
  );
}
