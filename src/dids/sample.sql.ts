import { lit, rows, sql, type Tx } from '../db/index.js';
import { DidAvailability, type DidId, type DidName } from '../vocabulary/index.js';
import { filesBelow } from './tree.sql.js';

/** So many files at or below a DID, drawn at random; all where there are fewer. None that is LOST. */
export async function sampleFiles(tx: Tx, rootId: DidId, count: number): Promise<DidName[]> {
  return await rows<DidName>(
    tx,
    sql`SELECT d.scope, d.name FROM (${filesBelow(rootId)}) AS f(did_id) JOIN dids d ON d.id = f.did_id
        WHERE d.availability <> ${lit(DidAvailability.LOST)} ORDER BY random() LIMIT ${count}::int`,
  );
}
