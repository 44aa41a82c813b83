import { execute, lit, sql, type Sql, type Tx } from '../db/index.js';
import { type EventType } from './event-type.js';

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

/** CTE body: one event for each row of `from`, which gives (payload), a jsonb. */
export const tellFrom = (eventType: EventType, from: Sql): Sql => sql`
  INSERT INTO messages (event_type, payload)
  SELECT ${lit(eventType)}, f.payload FROM (${from}) f`;
