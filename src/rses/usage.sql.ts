import { execute, lit, rows, sql, type Sql, type Tx } from '../db/index.js';
import { type RseId } from '../vocabulary/index.js';

/** What a storage element holds by our own count. */
export interface RseContent {
  readonly files: bigint;
  readonly bytes: bigint;
}

/** One source's view of a storage element: ours is 'rucio', others are told to us. */
export interface RseUsage {
  readonly source: string;
  readonly used: bigint;
  readonly free: bigint | null;
  readonly files: bigint | null;
  readonly updatedAt: Date;
}

/**
 * Piece: notes what came to or left storage elements. `from` gives (rse_id, files, bytes), summed
 * per RSE where it can be; the abacus folds the notes.
 */
export const addRseUsage = (from: Sql): Sql =>
  sql`INSERT INTO rse_usage_deltas (rse_id, files, bytes)
      SELECT rse_id, files, bytes FROM (${from}) noted WHERE files <> 0 OR bytes <> 0`;

/** Files and bytes by our own count (folded and open), for each of the RSEs asked for. */
export async function rseUsage(tx: Tx, rseIds: readonly RseId[]): Promise<Map<RseId, RseContent>> {
  const found = await rows<RseContent & { rseId: RseId }>(
    tx,
    sql`SELECT asked.id AS "rseId",
          (COALESCE(u.files, 0) + COALESCE(d.files, 0))::bigint AS files,
          (COALESCE(u.used, 0) + COALESCE(d.bytes, 0))::bigint AS bytes
        FROM unnest(${[...rseIds]}::int[]) asked (id)
        LEFT JOIN rse_usage u ON u.rse_id = asked.id AND u.source = 'rucio'
        LEFT JOIN LATERAL (SELECT sum(files) AS files, sum(bytes) AS bytes
                           FROM rse_usage_deltas WHERE rse_id = asked.id) d ON true`,
  );
  return new Map(found.map(({ rseId, files, bytes }) => [rseId, { files, bytes }]));
}

/** Every source's view of one storage element, by source; ours with its open deltas. */
export async function listRseUsage(tx: Tx, rseId: RseId, source?: string): Promise<RseUsage[]> {
  return await rows<RseUsage>(
    tx,
    sql`SELECT u.source,
          (u.used + CASE WHEN u.source = 'rucio' THEN COALESCE(d.bytes, 0) ELSE 0 END)::bigint AS used,
          u.free,
          (u.files + CASE WHEN u.source = 'rucio' THEN COALESCE(d.files, 0) ELSE 0 END)::bigint AS files,
          u.updated_at AS "updatedAt"
        FROM rse_usage u
        CROSS JOIN (SELECT sum(files) AS files, sum(bytes) AS bytes
                    FROM rse_usage_deltas WHERE rse_id = ${rseId}) d
        WHERE u.rse_id = ${rseId} AND (${source ?? null}::text IS NULL OR u.source = ${source ?? null})
        ORDER BY u.source`,
  );
}

/** Bytes that storages say they have in all (used and free), for those of these RSEs that say it. */
export async function toldSizes(tx: Tx, rseIds: readonly RseId[]): Promise<Map<RseId, bigint>> {
  const found = await rows<{ rseId: RseId; bytes: bigint }>(
    tx,
    sql`SELECT DISTINCT ON (rse_id) rse_id AS "rseId", used + free AS bytes FROM rse_usage
        WHERE rse_id = ANY (${[...rseIds]}::int[]) AND free IS NOT NULL ORDER BY rse_id, source`,
  );
  return new Map(found.map(({ rseId, bytes }) => [rseId, bytes]));
}

/** Notes what another source says about a storage element. */
export async function upsertRseUsage(
  tx: Tx,
  rseId: RseId,
  usage: Omit<RseUsage, 'updatedAt'>,
): Promise<void> {
  await execute(
    tx,
    sql`INSERT INTO rse_usage (rse_id, source, used, free, files)
        VALUES (${rseId}, ${usage.source}, ${usage.used}, ${usage.free}, ${usage.files})
        ON CONFLICT (rse_id, source) DO UPDATE
        SET used = EXCLUDED.used, free = EXCLUDED.free, files = EXCLUDED.files, updated_at = now()`,
  );
}

/**
 * Folds at most `limit` open deltas into the counted usage; gives how many there were. Two folders at
 * once take different deltas, and meet on the usage rows in order.
 */
export async function foldRseUsage(tx: Tx, limit: number): Promise<number> {
  return await execute(
    tx,
    sql`WITH picked AS MATERIALIZED (
          SELECT id FROM rse_usage_deltas ORDER BY id LIMIT ${lit(limit)} FOR UPDATE SKIP LOCKED),
        gone AS (
          DELETE FROM rse_usage_deltas d USING picked WHERE d.id = picked.id
          RETURNING d.rse_id, d.files, d.bytes),
        folded AS (
          INSERT INTO rse_usage (rse_id, source, used, files)
          SELECT rse_id, 'rucio', sum(bytes), sum(files) FROM gone GROUP BY rse_id ORDER BY rse_id
          ON CONFLICT (rse_id, source) DO UPDATE
          SET used = rse_usage.used + EXCLUDED.used,
              files = COALESCE(rse_usage.files, 0) + EXCLUDED.files, updated_at = now())
        SELECT FROM picked`,
  );
}

/**
 * Copies what is counted or told now into the history, where it has changed since the last copy;
 * gives how many rows that were. Run it some time after folding.
 */
export async function recordRseUsageHistory(tx: Tx): Promise<number> {
  return await execute(
    tx,
    sql`INSERT INTO rse_usage_history (rse_id, source, used, free, files, updated_at)
        SELECT rse_id, source, used, free, files, updated_at FROM rse_usage u
        WHERE NOT EXISTS (
          SELECT FROM rse_usage_history h
          WHERE h.rse_id = u.rse_id AND h.source = u.source AND h.updated_at = u.updated_at)
        ORDER BY rse_id, source`,
  );
}

/** At most the newest `limit` rows of the history of one storage element, newest first. */
export async function listRseUsageHistory(
  tx: Tx,
  rseId: RseId,
  source: string | undefined,
  limit: number,
): Promise<RseUsage[]> {
  return await rows<RseUsage>(
    tx,
    sql`SELECT source, used, free, files, updated_at AS "updatedAt" FROM rse_usage_history
        WHERE rse_id = ${rseId} AND (${source ?? null}::text IS NULL OR source = ${source ?? null})
        ORDER BY updated_at DESC, source LIMIT ${limit}`,
  );
}
