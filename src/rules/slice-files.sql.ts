import { lit, only, rows, sql, type Sql, type Tx } from '../db/index.js';
import { isLockOf } from '../locks/index.js';
import { type DidId, ReplicaState, type RseId } from '../vocabulary/index.js';
import { type Candidate } from './copy-placement.js';
import { type PlacedDataset } from './slice-owner.sql.js';
import { held } from './spread.sql.js';

/**
 * The next files of a dataset after a cursor, within bounds. OFFSET 0: a probe a file. As a join it is
 * merged with the DIDs in the order of their ids, from the first one there is.
 */
export const filesOf = (
  dataset: DidId,
  range: { readonly after: bigint; readonly to?: bigint; readonly limit: number },
): Sql => sql`
  SELECT ct.child_id AS did_id, coalesce(d.bytes, 0) AS bytes
    FROM contents ct
   CROSS JOIN LATERAL (SELECT n.bytes FROM dids n WHERE n.id = ct.child_id OFFSET 0) d
   WHERE ct.parent_id = ${dataset}::bigint AND ct.child_id > ${range.after}::bigint
     ${range.to === undefined ? sql`` : sql`AND ct.child_id <= ${range.to}::bigint`}
   ORDER BY ct.child_id LIMIT ${lit(range.limit)}`;

/** One file by itself. */
export const theFile = (file: DidId): Sql =>
  sql`SELECT d.id AS did_id, coalesce(d.bytes, 0) AS bytes FROM dids d WHERE d.id = ${file}::bigint`;

/**
 * Copies of every file of `slice` on the same RSEs. A file that has `copies` locks of the rule
 * already gets no more (null: as many as there are RSEs chosen). OFFSET 0 keeps this one probe a file:
 * as a join every slice would read all the locks that the rule has so far.
 */
export const sameCopies = (
  ruleId: bigint,
  rses: readonly RseId[],
  copies: number | null,
): Sql => sql`
  SELECT s.did_id, r.rse_id, s.bytes
    FROM slice s
   CROSS JOIN LATERAL (
     SELECT coalesce(array_agg(l.rse_id), '{}') AS rses FROM locks l
      WHERE l.did_id = s.did_id AND ${isLockOf(sql`l`, sql`${ruleId}::bigint`)} OFFSET 0) has
   CROSS JOIN LATERAL (
     SELECT x.rse_id FROM unnest(${[...rses]}::int[]) x(rse_id) WHERE x.rse_id <> ALL (has.rses) OFFSET 0) r
   ${copies === null ? sql`` : sql`WHERE cardinality(has.rses) < ${copies}::int`}`;

// OFFSET 0: a probe a dataset. As a join, all contents there are would be read in the order of the files.

/** Every file of these datasets, once. */
export const filesOfAll = (didIds: readonly DidId[]): Sql => sql`
  SELECT f.did_id, coalesce(d.bytes, 0) AS bytes
    FROM (SELECT DISTINCT ct.child_id AS did_id
            FROM unnest(${[...didIds]}::bigint[]) AS i(did_id) CROSS JOIN LATERAL (
              SELECT x.child_id FROM contents x WHERE x.parent_id = i.did_id OFFSET 0) ct) f
   CROSS JOIN LATERAL (SELECT n.bytes FROM dids n WHERE n.id = f.did_id OFFSET 0) d`;

/** Every copy that one of these datasets wants, once; of files that still exist. */
export const copiesOfAll = (datasets: readonly PlacedDataset[]): Sql => sql`
  SELECT c.did_id, c.rse_id, coalesce(d.bytes, 0) AS bytes
    FROM (SELECT DISTINCT ct.child_id AS did_id, i.rse_id
            FROM unnest(${datasets.map(({ didId }) => didId)}::bigint[],
                        ${datasets.map(({ rseId }) => rseId)}::int[]) AS i(did_id, rse_id)
            CROSS JOIN LATERAL (
              SELECT x.child_id FROM contents x WHERE x.parent_id = i.did_id OFFSET 0) ct) c
   CROSS JOIN LATERAL (SELECT n.bytes FROM dids n WHERE n.id = c.did_id OFFSET 0) d`;

/** The same without those that the rule has locks on. */
export const missingCopies = (ruleId: bigint, datasets: readonly PlacedDataset[]): Sql => sql`
  ${copiesOfAll(datasets)}
   WHERE NOT EXISTS (SELECT FROM locks l
     WHERE l.did_id = c.did_id AND l.rse_id = c.rse_id AND ${isLockOf(sql`l`, sql`${ruleId}::bigint`)} OFFSET 0)`;

/** The size of a set of files, and the candidates with what of it they hold. `files` gives (did_id). */
export async function unitOf(
  tx: Tx,
  files: Sql,
  candidates: readonly Candidate[],
): Promise<{ readonly bytes: bigint; readonly candidates: readonly Candidate[] }> {
  const { bytes } = await only<{ bytes: bigint }>(
    tx,
    sql`SELECT coalesce(sum(d.bytes), 0)::bigint AS bytes FROM (${files}) f JOIN dids d ON d.id = f.did_id`,
  );
  const found = await rows<{ rseId: RseId; heldBytes: bigint; inDeletion: boolean }>(
    tx,
    sql`SELECT r.rse_id AS "rseId",
               coalesce(sum(r.bytes) FILTER (WHERE r.state IN (${held})), 0)::bigint AS "heldBytes",
               bool_or(r.state = ${lit(ReplicaState.BEING_DELETED)}) AS "inDeletion"
          FROM (${files}) f JOIN replicas r ON r.did_id = f.did_id
         WHERE (r.rse_id + 0) = ANY (${candidates.map(({ rseId }) => rseId)}::int[]) GROUP BY r.rse_id`,
  );
  const at = new Map(found.map((row) => [row.rseId, row]));
  return {
    bytes,
    candidates: candidates.map((candidate) => ({ ...candidate, ...at.get(candidate.rseId) })),
  };
}
