import { sql, type Tx } from '../db/index.js';
import { reviveDids } from '../dids/index.js';
import { type DidName } from '../vocabulary/index.js';
import { mergeOwnMetadata } from './did-meta.sql.js';

/** Brings erased or expired DIDs back with their metadata, all or none. Throws as reviveDids. */
export async function resurrectDids(tx: Tx, names: readonly DidName[], now: Date): Promise<void> {
  const owning = (await reviveDids(tx, names, now)).filter(({ meta }) => meta !== null);
  if (owning.length === 0) return;
  await mergeOwnMetadata(
    tx,
    sql`SELECT * FROM unnest(${owning.map(({ id }) => id)}::bigint[],
                             ${owning.map(({ meta }) => meta)}::jsonb[])`,
  );
}
