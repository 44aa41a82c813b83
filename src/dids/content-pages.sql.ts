import { lit, lits, one, rows, sql, type Tx } from '../db/index.js';
import { type DidId, type DidName, DidType } from '../vocabulary/index.js';
import { type Did, didColumns } from './did.js';

/** One page of a collection's children, by id. `after` is the last id of the page before. */
export async function contentPage(
  tx: Tx,
  parentId: DidId,
  after: DidId,
  limit: number,
): Promise<Did[]> {
  return await rows<Did>(
    tx,
    sql`SELECT ${didColumns} FROM contents ct JOIN dids d ON d.id = ct.child_id
        WHERE ct.parent_id = ${parentId} AND ct.child_id > ${after}
        ORDER BY ct.child_id LIMIT ${limit}`,
  );
}

/** A file as listings of files show it. */
export interface ListedFile extends DidName {
  readonly id: DidId;
  readonly bytes: bigint | null;
  readonly adler32: number | null;
  readonly guid: string | null;
  readonly events: bigint | null;
  readonly lumiblocknr: number | null;
}

/** A file in the dataset where it was found. */
export interface ContainedFile extends ListedFile {
  readonly datasetId: DidId;
}

/** One page of the files of datasets, by dataset and file. `after` is the last of the page before. */
export async function filePage(
  tx: Tx,
  datasetIds: readonly DidId[],
  after: Pick<ContainedFile, 'datasetId' | 'id'>,
  limit: number,
): Promise<ContainedFile[]> {
  return await rows<ContainedFile>(
    tx,
    sql`SELECT ct.parent_id AS "datasetId", d.id, d.scope, d.name, d.bytes, d.adler32, d.guid,
               d.events, d.lumiblocknr
        FROM contents ct JOIN dids d ON d.id = ct.child_id
        WHERE ct.parent_id = ANY(${[...datasetIds]}::bigint[])
          AND (ct.parent_id, ct.child_id) > (${after.datasetId}::bigint, ${after.id}::bigint)
        ORDER BY ct.parent_id, ct.child_id LIMIT ${limit}`,
  );
}

/** One file as listings show it; nothing for a collection. */
export async function listedFile(tx: Tx, id: DidId): Promise<ListedFile | undefined> {
  return await one<ListedFile>(
    tx,
    sql`SELECT d.id, d.scope, d.name, d.bytes, d.adler32, d.guid, d.events, d.lumiblocknr
        FROM dids d WHERE d.id = ${id} AND d.type = ${lit(DidType.FILE)}`,
  );
}

/** A child that was detached, as it is, or was when it was erased. */
export interface FormerChild extends Did {
  readonly deletedAt: Date;
}

/** Where a page of former content ends; microseconds, which a Date would lose. */
export interface FormerPage {
  readonly detachedAt: string;
  readonly id: DidId;
}

/**
 * What was detached from a collection, in the order of detaching, after the end of the page before.
 * Of what was erased so long ago that its name is not kept any more there is nothing to show.
 */
export async function formerContent(
  tx: Tx,
  parentId: DidId,
  after: FormerPage,
  limit: number,
): Promise<(FormerPage & { readonly child: FormerChild | undefined })[]> {
  const found = await rows<FormerChild & { detachedAt: string; childId: DidId }>(
    tx,
    sql`SELECT ${didColumns}, h.deleted_at AS "deletedAt", h.deleted_at::text AS "detachedAt",
               h.child_id AS "childId"
        FROM (
          SELECT c.child_id, c.deleted_at FROM contents_history c
           WHERE c.parent_id = ${parentId}
             AND (c.deleted_at, c.child_id) > (${after.detachedAt}::timestamptz, ${after.id}::bigint)
           ORDER BY c.deleted_at, c.child_id LIMIT ${limit}) h
        LEFT JOIN LATERAL (
          SELECT x.* FROM dids x WHERE x.id = h.child_id
          UNION ALL
          (SELECT r.* FROM deleted_dids g CROSS JOIN LATERAL jsonb_populate_record(NULL::dids, g.did) r
            WHERE g.id = h.child_id ORDER BY g.deleted_at DESC LIMIT 1)
          LIMIT 1) d ON true
        ORDER BY h.deleted_at, h.child_id`,
  );
  return found.map(({ detachedAt, childId, ...child }) => ({
    detachedAt,
    id: childId,
    child: (child.id as DidId | null) === null ? undefined : child,
  }));
}

/** The datasets and containers that a DID is directly in. */
export async function parentsOf(tx: Tx, childId: DidId): Promise<Did[]> {
  return await rows<Did>(
    tx,
    sql`SELECT ${didColumns} FROM contents ct JOIN dids d ON d.id = ct.parent_id
        WHERE ct.child_id = ${childId} AND d.type <> ${lit(DidType.FILE)} ORDER BY d.scope, d.name`,
  );
}

/**
 * One page of a scope's names, in order, each with whether it is at the top: in no collection of the
 * same scope. Pages are cut by name, so that a page is short work whatever it holds.
 */
export async function scopePage(
  tx: Tx,
  scope: string,
  after: string,
  limit: number,
): Promise<(Did & { readonly isTop: boolean })[]> {
  return await rows<Did & { readonly isTop: boolean }>(
    tx,
    sql`SELECT ${didColumns}, NOT EXISTS (
          SELECT FROM contents ct JOIN dids p ON p.id = ct.parent_id
          WHERE ct.child_id = d.id AND p.scope = ${scope}) AS "isTop"
        FROM dids d WHERE d.scope = ${scope} AND d.name > ${after} AND NOT d.suppressed
        ORDER BY d.name LIMIT ${limit}`,
  );
}

/** One page of the collections that are marked new, by id, of one type or both. */
export async function newDidPage(
  tx: Tx,
  type: DidType | undefined,
  after: DidId,
  limit: number,
): Promise<Did[]> {
  return await rows<Did>(
    tx,
    sql`SELECT ${didColumns} FROM dids d
        WHERE d.is_new AND d.id > ${after} AND d.type IN (${lits(type ? [type] : [DidType.DATASET, DidType.CONTAINER])})
        ORDER BY d.id LIMIT ${limit}`,
  );
}

/** The datasets that contain a file of that guid (uuid). */
export async function datasetsOfGuid(tx: Tx, guid: string): Promise<Did[]> {
  return await rows<Did>(
    tx,
    sql`SELECT ${didColumns} FROM dids d
        WHERE d.type = ${lit(DidType.DATASET)} AND d.id IN (
          SELECT ct.parent_id FROM dids f JOIN contents ct ON ct.child_id = f.id WHERE f.guid = ${guid}::uuid)
        ORDER BY d.scope, d.name`,
  );
}
