import { execute, lit, sql, type Sql, type Tx } from '../db/index.js';
import { type DidId, DidType } from '../vocabulary/index.js';

// What the doctor does to content, sizes and what waits to be evaluated.

/**
 * CTE body: what datasets' sizes lack of their content. `within` is a condition on the dataset's id.
 * Gives (did_id, length, bytes).
 */
export const missingFromSizes = (within: (dataset: Sql) => Sql): Sql => sql`
  SELECT x.did_id, -sum(x.length)::bigint AS length, -sum(x.bytes)::bigint AS bytes FROM (
    SELECT did_id, length, bytes FROM collections WHERE ${within(sql`did_id`)}
    UNION ALL SELECT did_id, length, bytes FROM collection_deltas WHERE ${within(sql`did_id`)}
    UNION ALL SELECT c.parent_id, -count(*), -coalesce(sum(f.bytes), 0) FROM contents c
                JOIN dids f ON f.id = c.child_id
               WHERE ${within(sql`c.parent_id`)} GROUP BY c.parent_id) x
    JOIN dids d ON d.id = x.did_id AND d.type = ${lit(DidType.DATASET)}
   GROUP BY x.did_id HAVING sum(x.length) <> 0 OR sum(x.bytes) <> 0`;

/** Notes what datasets' sizes lack. */
export const sizeAnew = (tx: Tx, datasets: readonly DidId[]): Promise<number> =>
  execute(
    tx,
    sql`INSERT INTO collection_deltas (did_id, length, bytes)
        ${missingFromSizes((dataset) => sql`${dataset} = ANY (${[...datasets]}::bigint[])`)}`,
  );

/** Condition on contents `c`: one of its ends is no DID. */
export const isBroken: Sql = sql`(
  NOT EXISTS (SELECT FROM dids d WHERE d.id = c.parent_id) OR NOT EXISTS (SELECT FROM dids d WHERE d.id = c.child_id))`;

/** Takes what does not exist out of collections, and content out of what does not exist; into the history. */
export const dropBrokenContent = (tx: Tx, parents: readonly DidId[]): Promise<number> =>
  execute(
    tx,
    sql`WITH gone AS (
          DELETE FROM contents c WHERE c.parent_id = ANY (${[...parents]}::bigint[]) AND ${isBroken}
          RETURNING c.parent_id, c.child_id)
        INSERT INTO contents_history (parent_id, child_id) SELECT parent_id, child_id FROM gone`,
  );

/** Evaluations of what does not exist. */
export const dropStrayEvaluations = (tx: Tx, ids: readonly bigint[]): Promise<number> =>
  execute(
    tx,
    sql`DELETE FROM updated_dids u WHERE u.id = ANY (${[...ids]}::bigint[])
           AND NOT EXISTS (SELECT FROM dids d WHERE d.id = u.did_id)`,
  );

/** Sizes of what is no dataset. */
export async function dropStraySizes(tx: Tx, ids: readonly DidId[]): Promise<void> {
  const stray = sql`x.did_id = ANY (${[...ids]}::bigint[])
    AND NOT EXISTS (SELECT FROM dids d WHERE d.id = x.did_id AND d.type = ${lit(DidType.DATASET)})`;
  await execute(tx, sql`DELETE FROM collection_deltas x WHERE ${stray}`);
  await execute(tx, sql`DELETE FROM collections x WHERE ${stray}`);
}
