import { execute, sql, type Tx } from '../db/index.js';

/**
 * Writes one event for each payload into the outbox, in the caller's transaction: what is told
 * happened, and what happened is told. Payloads must be plain JSON (no bigint, no Date).
 */
export async function tell(tx: Tx, eventType: string, payloads: readonly object[]): Promise<void> {
  if (payloads.length === 0) return;
  const texts = payloads.map((payload) => JSON.stringify(payload));
  await execute(
    tx,
    sql`INSERT INTO messages (event_type, payload)
        SELECT ${eventType}, payload FROM unnest(${texts}::jsonb[]) payload`,
  );
}
