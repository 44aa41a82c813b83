import { execute, rows, sql, type Tx } from '../db/index.js';
import { type RseId } from '../vocabulary/index.js';

/** Limits such as MinFreeSpace (bytes), by name, for each of the RSEs asked for. */
export async function rseLimits(
  tx: Tx,
  rseIds: readonly RseId[],
): Promise<Map<RseId, Readonly<Record<string, bigint>>>> {
  const found = await rows<{ rseId: RseId; name: string; value: bigint }>(
    tx,
    sql`SELECT rse_id AS "rseId", name, value FROM rse_limits
        WHERE rse_id = ANY(${[...rseIds]}::int[]) ORDER BY rse_id, name`,
  );
  const limits = new Map<RseId, Record<string, bigint>>(rseIds.map((id) => [id, {}]));
  for (const { rseId, name, value } of found) {
    const of = limits.get(rseId);
    if (of) of[name] = value;
  }
  return limits;
}

/** Sets one limit of a storage element. */
export async function setRseLimit(
  tx: Tx,
  rseId: RseId,
  limit: { readonly name: string; readonly value: bigint },
): Promise<void> {
  await execute(
    tx,
    sql`INSERT INTO rse_limits (rse_id, name, value) VALUES (${rseId}, ${limit.name}, ${limit.value})
        ON CONFLICT (rse_id, name) DO UPDATE SET value = EXCLUDED.value, updated_at = now()`,
  );
}

/** Removes one limit of a storage element, if it is there. */
export async function deleteRseLimit(tx: Tx, rseId: RseId, name: string): Promise<void> {
  await execute(tx, sql`DELETE FROM rse_limits WHERE rse_id = ${rseId} AND name = ${name}`);
}
