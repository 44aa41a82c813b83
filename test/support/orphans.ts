import { type Database, rows, type Sql, sql } from '../../src/db/index.js';

const missing = (column: Sql): Sql =>
  sql`WHERE NOT EXISTS (SELECT FROM dids d WHERE d.id = ${column})`;

/** What hangs on DIDs that are not there: one word a row, sorted. */
export async function orphans(db: Database): Promise<string[]> {
  const found = await db.read((tx) =>
    rows<{ kind: string }>(
      tx,
      sql`SELECT 'child' AS kind FROM contents c ${missing(sql`c.child_id`)}
          UNION ALL SELECT 'parent' FROM contents c ${missing(sql`c.parent_id`)}
          UNION ALL SELECT 'replica' FROM replicas r ${missing(sql`r.did_id`)}
          UNION ALL SELECT 'lock' FROM locks l ${missing(sql`l.did_id`)}
          UNION ALL SELECT 'request' FROM requests q ${missing(sql`q.did_id`)}
          UNION ALL SELECT 'metadata' FROM did_meta m ${missing(sql`m.did_id`)} ORDER BY 1`,
    ),
  );
  return found.map(({ kind }) => kind);
}
