import { execute, only, sql, type Sql, type Tx } from '../db/index.js';
import { type DidName } from '../vocabulary/index.js';
import { nameRows } from './did.sql.js';

/**
 * Holds those of these DIDs that have an expiry, the only ones that can be erased, until the
 * transaction ends. Who hangs something on a DID that may exist (a parent, a copy, a rule) holds it
 * first, by a statement of its own. Where the undertaker was first this waits for it, and the next
 * statement finds the name free. In key order; several may hold a DID so at once.
 *
 * Gives how many of them exist and have no expiry. Most files have none and are not written to by
 * this. A probe a name: a join would read all DIDs there are while their statistics are young.
 */
export async function holdExpiring(tx: Tx, names: readonly DidName[]): Promise<number> {
  if (names.length === 0) return 0;
  const { lasting } = await only<{ lasting: number }>(
    tx,
    sql`WITH there AS MATERIALIZED (
          SELECT d.id, d.expired_at FROM ${nameRows(names)}
          CROSS JOIN LATERAL (SELECT n.id, n.expired_at FROM dids n
                              WHERE n.scope = i.scope AND n.name = i.name OFFSET 0) d),
        held AS (
          SELECT d.id FROM dids d
          WHERE d.id = ANY(ARRAY(SELECT id FROM there WHERE expired_at IS NOT NULL))
            AND d.expired_at IS NOT NULL
          ORDER BY d.id FOR KEY SHARE)
        SELECT (count(*) - count(expired_at))::int AS lasting, (SELECT count(*) FROM held) AS held
        FROM there`,
  );
  return lasting;
}

/** As holdExpiring, for the files that a query gives (did_id). */
export async function holdExpiringFiles(tx: Tx, files: Sql): Promise<void> {
  await execute(
    tx,
    sql`SELECT FROM (${files}) f JOIN dids d ON d.id = f.did_id
        WHERE d.expired_at IS NOT NULL ORDER BY d.id FOR KEY SHARE OF d`,
  );
}
