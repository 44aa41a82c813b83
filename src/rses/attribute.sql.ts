import { execute, sql, type Tx } from '../db/index.js';
import { type RseId } from '../vocabulary/index.js';

/** Sets attributes of a storage element; those already set are overwritten. */
export async function upsertRseAttributes(
  tx: Tx,
  rseId: RseId,
  attributes: Readonly<Record<string, string>>,
): Promise<void> {
  const keys = Object.keys(attributes);
  if (keys.length === 0) return;
  await execute(
    tx,
    sql`INSERT INTO rse_attributes (rse_id, key, value)
        SELECT ${rseId}, key, value
        FROM unnest(${keys}::text[], ${Object.values(attributes)}::text[]) AS given (key, value)
        ORDER BY key
        ON CONFLICT (rse_id, key) DO UPDATE SET value = EXCLUDED.value, updated_at = now()`,
  );
}

/** Removes attributes; gives how many of them there were. */
export async function deleteRseAttributes(
  tx: Tx,
  rseId: RseId,
  keys: readonly string[],
): Promise<number> {
  return await execute(
    tx,
    sql`DELETE FROM rse_attributes WHERE rse_id = ${rseId} AND key = ANY(${[...keys]}::text[])`,
  );
}
