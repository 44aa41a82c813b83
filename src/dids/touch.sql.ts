import { execute, lit, rows, sql, type Sql, type Tx } from '../db/index.js';
import { type DidId, type DidName, DidType } from '../vocabulary/index.js';

/** A DID that somebody says to have read, how often, and when last. Nobody has checked the name. */
export interface TouchedDid extends DidName {
  readonly at: Date;
  readonly times: number;
}

/**
 * Files and datasets that were read were accessed then, so often more; with a file every dataset that
 * it is in. One write a DID, of columns that no index knows; `accessed_at` never moves backwards. In
 * key order, after those who hold one: rules that end for want of readers go by these dates. Gives how
 * many.
 */
export async function touchDids(tx: Tx, dids: readonly TouchedDid[]): Promise<number> {
  if (dids.length === 0) return 0;
  return await execute(
    tx,
    sql`WITH named AS MATERIALIZED (
          SELECT d.id, d.type, t.at, t.times
            FROM unnest(${dids.map(({ scope }) => scope)}::text[], ${dids.map(({ name }) => name)}::text[],
                        ${dids.map(({ at }) => at)}::timestamptz[], ${dids.map(({ times }) => times)}::int[])
                   AS t(scope, name, at, times)
           CROSS JOIN LATERAL (
             SELECT n.id, n.type FROM dids n WHERE n.scope = t.scope AND n.name = t.name OFFSET 0) d
           WHERE d.type <> ${lit(DidType.CONTAINER)}),
        datasets AS MATERIALIZED (
          SELECT u.parent_id AS id, n.at, n.times FROM named n
           CROSS JOIN LATERAL (
             SELECT ct.parent_id FROM contents ct WHERE ct.child_id = n.id OFFSET 0) u
           WHERE n.type = ${lit(DidType.FILE)}),
        read AS MATERIALIZED (
          SELECT id, max(at) AS at, sum(times) AS times
            FROM (SELECT id, at, times FROM named UNION ALL SELECT id, at, times FROM datasets) a GROUP BY id)
        UPDATE dids d
           SET accessed_at = greatest(d.accessed_at, k.at), access_cnt = coalesce(d.access_cnt, 0) + k.times
          FROM (SELECT x.id, r.at, r.times FROM read r JOIN dids x ON x.id = r.id
                 WHERE x.type <> ${lit(DidType.CONTAINER)}
                 ORDER BY x.id FOR NO KEY UPDATE OF x) k
         WHERE d.id = k.id`,
  );
}

/**
 * When each of these DIDs was read last: itself, or a collection below it (who reads a file reads the
 * datasets that hold it). `told` gives (scope, name, at): reads that nobody has written down yet. Those
 * that nobody has read are missing.
 */
export async function lastReads(
  tx: Tx,
  ids: readonly DidId[],
  told: Sql,
): Promise<Map<DidId, Date>> {
  if (ids.length === 0) return new Map();
  const found = await rows<{ id: DidId; at: Date }>(
    tx,
    sql`WITH RECURSIVE tree(root, id, type, at) AS (
          SELECT d.id, d.id, d.type, d.accessed_at FROM dids d WHERE d.id = ANY (${[...ids]}::bigint[])
          UNION
          SELECT t.root, d.id, d.type, d.accessed_at FROM tree t
            JOIN contents ct ON ct.parent_id = t.id JOIN dids d ON d.id = ct.child_id
           WHERE t.type = ${lit(DidType.CONTAINER)}),
        above(id, at) AS (
          SELECT d.id, t.at FROM (${told}) t
           CROSS JOIN LATERAL (
             SELECT n.id FROM dids n WHERE n.scope = t.scope AND n.name = t.name OFFSET 0) d
          UNION
          SELECT u.parent_id, b.at FROM above b
           CROSS JOIN LATERAL (
             SELECT ct.parent_id FROM contents ct WHERE ct.child_id = b.id OFFSET 0) u)
        SELECT r.id, max(r.at) AS at FROM (
          SELECT root AS id, at FROM tree WHERE at IS NOT NULL
          UNION ALL
          SELECT id, at FROM above WHERE id = ANY (${[...ids]}::bigint[])) r
         GROUP BY r.id`,
  );
  return new Map(found.map(({ id, at }) => [id, at]));
}
