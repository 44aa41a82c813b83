import { execute, lit, rows, sql, type Sql, type Tx } from '../db/index.js';
import { type DidName } from '../vocabulary/index.js';

/** What somebody says to have read: a file, perhaps at an RSE, or a dataset. Nobody has checked it. */
export interface Access {
  readonly file: DidName | null;
  readonly rse: string | null;
  readonly dataset: DidName | null;
}

/** The same, read so often, the last time then. */
export interface ToldAccess extends Access {
  readonly at: Date;
  readonly times: number;
}

/** Keeps what was read until kronos writes it down: a request that tells of it costs no look-up. */
export async function appendAccesses(
  tx: Tx,
  accesses: readonly Access[],
  now: Date,
): Promise<void> {
  const column = (of: (access: Access) => string | undefined) =>
    accesses.map((access) => of(access) ?? null);
  await execute(
    tx,
    sql`INSERT INTO accesses (accessed_at, scope, name, rse, dataset_scope, dataset_name)
        SELECT ${now}::timestamptz, a.* FROM unnest(
          ${column(({ file }) => file?.scope)}::text[], ${column(({ file }) => file?.name)}::text[],
          ${column(({ rse }) => rse ?? undefined)}::text[],
          ${column(({ dataset }) => dataset?.scope)}::text[], ${column(({ dataset }) => dataset?.name)}::text[]) a`,
  );
}

/**
 * Takes up to `limit` accesses, oldest first; those that somebody else takes are passed over. What the
 * same transaction does not write down is there again when it is rolled back. Gives each once.
 */
export async function takeAccesses(
  tx: Tx,
  limit: number,
): Promise<{ readonly taken: number; readonly accesses: ToldAccess[] }> {
  const found = await rows<Flat>(
    tx,
    sql`WITH picked AS MATERIALIZED (
          SELECT id FROM accesses ORDER BY id LIMIT ${lit(limit)} FOR UPDATE SKIP LOCKED),
        taken AS (DELETE FROM accesses a WHERE a.id = ANY (ARRAY(SELECT id FROM picked)) RETURNING a.*)
        SELECT scope, name, rse, dataset_scope AS "datasetScope", dataset_name AS "datasetName",
               max(accessed_at) AS at, count(*)::int AS times FROM taken GROUP BY 1, 2, 3, 4, 5`,
  );
  return {
    taken: found.reduce((sum, { times }) => sum + times, 0),
    accesses: found.map(({ scope, name, rse, datasetScope, datasetName, at, times }) => ({
      file: named(scope, name),
      rse,
      dataset: named(datasetScope, datasetName),
      at,
      times,
    })),
  };
}

/** Rows (scope, name, at): files and datasets that were read and that nobody has written down yet. */
export const toldReads: Sql = sql`
  SELECT t.scope, t.name, max(t.accessed_at) AS at FROM (
    SELECT scope, name, accessed_at FROM accesses WHERE name IS NOT NULL
    UNION ALL
    SELECT dataset_scope, dataset_name, accessed_at FROM accesses WHERE dataset_name IS NOT NULL) t
   GROUP BY t.scope, t.name`;

interface Flat {
  readonly scope: string | null;
  readonly name: string | null;
  readonly rse: string | null;
  readonly datasetScope: string | null;
  readonly datasetName: string | null;
  readonly at: Date;
  readonly times: number;
}

const named = (scope: string | null, name: string | null): DidName | null =>
  scope === null || name === null ? null : { scope, name };
