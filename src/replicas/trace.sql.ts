import { execute, sql, type Tx } from '../db/index.js';

/**
 * Keeps what clients say they did, and where they said it from. Nobody has checked any of it: traces
 * never change the state of anything.
 */
export async function appendTraces(
  tx: Tx,
  traces: readonly object[],
  address: string,
): Promise<void> {
  await execute(
    tx,
    sql`INSERT INTO traces (payload, address)
        SELECT payload, ${address} FROM unnest(${traces.map((trace) => JSON.stringify(trace))}::jsonb[]) payload`,
  );
}
