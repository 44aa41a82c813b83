import { execute, lit, ring, sql, type Tx } from '../db/index.js';
import { Channel, type DidId, DidType, Evaluation } from '../vocabulary/index.js';
import { pruneLineage } from './lineage.sql.js';
import { tellErased } from './told.sql.js';

/**
 * Erases DIDs from the name space (the undertaker): into deleted_dids with their metadata, out of
 * every collection, which is told to the judge, and their own content into the history, at the same
 * moment: that tells a revival which it was. Rules and replicas are the caller's business, own
 * metadata is metadata's eraseMetadata, both in the same transaction. Gives how many there were.
 */
export async function eraseDids(tx: Tx, ids: readonly DidId[]): Promise<number> {
  if (ids.length === 0) return 0;
  const gone = sql`${[...ids]}::bigint[]`;
  // In key order, and after those who hold one (holdExpiring): what they hung on it is seen below.
  await execute(tx, sql`SELECT FROM dids WHERE id = ANY(${gone}) ORDER BY id FOR UPDATE`);
  await execute(
    tx,
    sql`INSERT INTO deleted_dids (id, type, account_id, bytes, scope, name, did, meta)
        SELECT d.id, d.type, d.account_id, d.bytes, d.scope, d.name, to_jsonb(d) || ${madeFrom}, m.meta
        FROM dids d LEFT JOIN did_meta m ON m.did_id = d.id WHERE d.id = ANY(${gone})`,
  );
  await execute(tx, tellErased(ids));
  await leaveParents(tx, ids);
  await execute(
    tx,
    sql`WITH emptied AS (
          DELETE FROM contents WHERE parent_id = ANY(${gone}) RETURNING parent_id, child_id)
        INSERT INTO contents_history (parent_id, child_id) SELECT parent_id, child_id FROM emptied`,
  );
  await execute(tx, sql`DELETE FROM collections WHERE did_id = ANY(${gone})`);
  await execute(tx, sql`DELETE FROM collection_deltas WHERE did_id = ANY(${gone})`);
  await execute(tx, sql`DELETE FROM updated_dids WHERE did_id = ANY(${gone})`);
  await execute(tx, sql`DELETE FROM did_follows WHERE did_id = ANY(${gone})`);
  const erased = await execute(tx, sql`DELETE FROM dids WHERE id = ANY(${gone})`);
  await pruneLineage(tx, ids);
  await ring(tx, Channel.EVALUATION);
  return erased;
}

/** What DID `d` was derived from, for the day on which it comes back. */
const madeFrom = sql`coalesce((
  SELECT jsonb_build_object('derived_from', jsonb_agg(l.parent_id)) FROM derived l
   WHERE l.child_id = d.id HAVING count(*) > 0), '{}')`;

/** Takes the DIDs out of the collections that stay: history, sizes, evaluation. */
async function leaveParents(tx: Tx, ids: readonly DidId[]): Promise<void> {
  const gone = sql`${[...ids]}::bigint[]`;
  await execute(
    tx,
    sql`WITH left_ones AS (
          DELETE FROM contents WHERE child_id = ANY(${gone}) AND parent_id <> ALL(${gone})
          RETURNING parent_id, child_id),
        history AS (
          INSERT INTO contents_history (parent_id, child_id)
          SELECT parent_id, child_id FROM left_ones),
        s AS (
          SELECT l.parent_id, count(*) AS n, coalesce(sum(d.bytes), 0) AS b,
            min(d.id) AS lo, max(d.id) AS hi
          FROM left_ones l JOIN dids d ON d.id = l.child_id GROUP BY l.parent_id),
        told AS (
          INSERT INTO updated_dids (did_id, child_from, child_to, action)
          SELECT s.parent_id, s.lo, s.hi, ${lit(Evaluation.DETACH)} FROM s JOIN dids p ON p.id = s.parent_id
          WHERE p.type <> ${lit(DidType.FILE)})
        INSERT INTO collection_deltas (did_id, length, bytes)
        SELECT s.parent_id, -s.n, -s.b FROM s JOIN dids p ON p.id = s.parent_id
        WHERE p.type = ${lit(DidType.DATASET)}`,
  );
}
