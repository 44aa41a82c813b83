import { execute, sql, type Sql, type Tx } from '../db/index.js';
import { type DidName } from '../vocabulary/index.js';
import { nameRows } from './did.sql.js';

/**
 * Holds those of these DIDs that have an expiry, the only ones that can be erased, until the
 * transaction ends. Who hangs something on a DID that may exist (a parent, a copy, a rule) holds it
 * first, by a statement of its own. Where the undertaker was first this waits for it, and the next
 * statement finds the name free. In key order; several may hold a DID so at once.
 *
 * Most files have no expiry and are not written to by this: measured 2 ms for 1,000 names, beside
 * 5 ms and a row version each if all were held.
 */
export async function holdExpiring(tx: Tx, names: readonly DidName[]): Promise<void> {
  if (names.length === 0) return;
  await hold(tx, sql`${nameRows(names)} JOIN dids d ON d.scope = i.scope AND d.name = i.name`);
}

/** As holdExpiring, for the files that a query gives (did_id). */
export async function holdExpiringFiles(tx: Tx, files: Sql): Promise<void> {
  await hold(tx, sql`(${files}) f JOIN dids d ON d.id = f.did_id`);
}

async function hold(tx: Tx, from: Sql): Promise<void> {
  await execute(
    tx,
    sql`SELECT FROM ${from} WHERE d.expired_at IS NOT NULL ORDER BY d.id FOR KEY SHARE OF d`,
  );
}
