import { execute, lit, one, only, prepared, rows, sql, type Sql, type Tx } from '../db/index.js';
import { type DidId, type DidName, DidType } from '../vocabulary/index.js';
import { type Did, didColumns } from './did.js';
import { notFound } from './find-dids.js';
import { datasetsBelow } from './tree.sql.js';

/** How many files a collection has and their bytes. */
export interface CollectionSize {
  readonly length: bigint;
  readonly bytes: bigint;
}

/** CTE body: (did_id, length, bytes) of each dataset that `ids` gives: folded row and open deltas. */
const sizes = (ids: Sql): Sql => sql`
  SELECT x.did_id, sum(x.length)::bigint AS length, sum(x.bytes)::bigint AS bytes FROM (
    SELECT did_id, length, bytes FROM collections WHERE did_id IN (${ids})
    UNION ALL
    SELECT did_id, length, bytes FROM collection_deltas WHERE did_id IN (${ids})) AS x
  GROUP BY x.did_id`;

/** Length and bytes of datasets; one that never had a file is not in the map. */
export async function sizesOf(
  tx: Tx,
  datasetIds: readonly DidId[],
): Promise<Map<DidId, CollectionSize>> {
  if (datasetIds.length === 0) return new Map();
  const found = await rows<CollectionSize & { didId: DidId }>(
    tx,
    prepared(
      'collection-sizes',
      sql`SELECT did_id AS "didId", length, bytes
        FROM (${sizes(sql`SELECT unnest(${[...datasetIds]}::bigint[])`)}) AS s`,
    ),
  );
  return new Map(found.map(({ didId, length, bytes }) => [didId, { length, bytes }]));
}

/** A DID as it is shown: with its owner's name and, if it is a dataset, its size. */
export interface SizedDid extends Did {
  readonly account: string;
  readonly length: bigint;
  readonly sizeBytes: bigint;
}

/** The DID of that name with its owner and its size. Throws DataIdentifierNotFound. */
export async function findSizedDid(tx: Tx, name: DidName): Promise<SizedDid> {
  const found = await one<SizedDid>(
    tx,
    prepared(
      'sized-did',
      sql`SELECT ${didColumns}, coalesce(a.name, '') AS account, coalesce(s.length, 0)::bigint AS length,
            coalesce(s.bytes, 0)::bigint AS "sizeBytes"
          FROM dids d LEFT JOIN accounts a ON a.id = d.account_id
          LEFT JOIN LATERAL (${sizes(sql`d.id`)}) AS s ON d.type = ${lit(DidType.DATASET)}
          WHERE d.scope = ${name.scope} AND d.name = ${name.name}`,
    ),
  );
  if (!found) throw notFound(name);
  return found;
}

/** What is below a collection: its datasets, and the sum of their files and bytes. */
export interface Depth extends CollectionSize {
  readonly datasets: bigint;
}

/** Counts what is at or below a DID. A file that is in two datasets counts twice, as in Rucio. */
export async function depthOf(tx: Tx, rootId: DidId): Promise<Depth> {
  return await only<Depth>(
    tx,
    sql`WITH below AS MATERIALIZED (${datasetsBelow(rootId)})
        SELECT (SELECT count(*) FROM below) AS datasets, coalesce(sum(s.length), 0)::bigint AS length,
          coalesce(sum(s.bytes), 0)::bigint AS bytes
        FROM (${sizes(sql`SELECT id FROM below`)}) AS s`,
  );
}

/**
 * The same for each of several DIDs, by one statement; one with no dataset at or below it is not in
 * the map.
 */
export async function depthsOf(tx: Tx, rootIds: readonly DidId[]): Promise<Map<DidId, Depth>> {
  if (rootIds.length === 0) return new Map();
  const found = await rows<Depth & { root: DidId }>(
    tx,
    sql`WITH RECURSIVE tree(root, id, type) AS (
          SELECT d.id, d.id, d.type FROM dids d WHERE d.id = ANY(${[...rootIds]}::bigint[])
          UNION
          SELECT t.root, d.id, d.type FROM tree t
          JOIN contents ct ON ct.parent_id = t.id
          JOIN dids d ON d.id = ct.child_id
          WHERE t.type = ${lit(DidType.CONTAINER)})
        SELECT t.root, count(*) AS datasets, coalesce(sum(s.length), 0)::bigint AS length,
               coalesce(sum(s.bytes), 0)::bigint AS bytes
        FROM tree t LEFT JOIN LATERAL (${sizes(sql`t.id`)}) AS s ON true
        WHERE t.type = ${lit(DidType.DATASET)} GROUP BY t.root`,
  );
  return new Map(found.map(({ root, ...depth }) => [root, depth]));
}

/**
 * Folds up to `limit` open deltas into their rows; gives how many. One folder at a time a delta
 * (SKIP LOCKED); a reader sees the row and the deltas in one snapshot, so the sum never wavers.
 */
export async function foldCollections(tx: Tx, limit: number): Promise<number> {
  return await execute(
    tx,
    sql`WITH picked AS MATERIALIZED (
          SELECT id FROM collection_deltas ORDER BY id LIMIT ${lit(limit)} FOR UPDATE SKIP LOCKED),
        gone AS (
          DELETE FROM collection_deltas c USING picked p WHERE c.id = p.id
          RETURNING c.did_id, c.length, c.bytes),
        folded AS (
          INSERT INTO collections AS c (did_id, length, bytes)
          SELECT did_id, sum(length)::bigint, sum(bytes)::bigint FROM gone GROUP BY did_id ORDER BY did_id
          ON CONFLICT (did_id) DO UPDATE
            SET length = c.length + excluded.length, bytes = c.bytes + excluded.bytes)
        SELECT FROM gone`,
  );
}
