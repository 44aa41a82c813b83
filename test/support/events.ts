import { type Database, rows, sql } from '../../src/db/index.js';

/** An event as the outbox holds it. */
export interface OutboxEvent {
  readonly type: string;
  readonly payload: Record<string, unknown>;
}

/** Reads what the outbox was told since the last time, in the order of telling. */
export function outbox(db: Database): () => Promise<OutboxEvent[]> {
  let after = 0n;
  return async () => {
    const found = await db.read((tx) =>
      rows<OutboxEvent & { id: bigint }>(
        tx,
        sql`SELECT id, event_type AS type, payload FROM messages WHERE id > ${after} ORDER BY id`,
      ),
    );
    after = found.at(-1)?.id ?? after;
    return found.map(({ type, payload }) => ({ type, payload }));
  };
}
