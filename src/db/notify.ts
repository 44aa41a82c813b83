import { type Channel } from '../vocabulary/index.js';
import { execute, prepared, sql } from './sql.js';
import { type Tx } from './tx.js';

/** Rings a daemon's doorbell when this transaction commits. Equal rings of one transaction are one. */
export async function ring(tx: Tx, channel: Channel): Promise<void> {
  await execute(tx, prepared('ring', sql`SELECT pg_notify(${channel}, '')`));
}
