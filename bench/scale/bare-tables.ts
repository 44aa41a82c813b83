import { type Client } from 'pg';

/** What a table is loaded without: how to take each away, and how to bring it back. */
export interface Stripped {
  readonly table: string;
  readonly drop: string;
  readonly restore: string;
}

/**
 * The indexes (of partitions none), unique and foreign keys of these tables, as they stand. Primary keys stay: rows come
 * in their order, which costs next to nothing; so do checks. Foreign keys cost 12 to 30 µs a row
 * when they are asked row by row, and one join when they are added to a full table.
 */
async function strippable(client: Client, tables: readonly string[]): Promise<Stripped[]> {
  const { rows } = await client.query<Stripped>(
    `SELECT conrelid::regclass::text AS table,
            format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS drop,
            format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname,
                   pg_get_constraintdef(oid)) AS restore
       FROM pg_constraint WHERE conrelid = ANY($1::regclass[]) AND contype IN ('u', 'f')
     UNION ALL
     SELECT indrelid::regclass::text, format('DROP INDEX %s', indexrelid::regclass),
            pg_get_indexdef(indexrelid)
       FROM pg_index i JOIN pg_class t ON t.oid = indrelid
      WHERE indrelid = ANY($1::regclass[]) AND NOT t.relispartition
        AND NOT EXISTS (SELECT FROM pg_constraint c
                         WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u'))`,
    [tables],
  );
  return rows;
}

/** Takes indexes and keys from the tables and keeps autovacuum away; gives what is to be restored. */
export async function strip(client: Client, tables: readonly string[]): Promise<Stripped[]> {
  const found = await strippable(client, tables);
  for (const { drop } of found) await client.query(drop);
  for (const table of tables) {
    await client.query(`ALTER TABLE ${table} SET (autovacuum_enabled = off)`);
  }
  return found;
}

/** Autovacuum may come again. */
export async function release(client: Client, tables: readonly string[]): Promise<void> {
  for (const table of tables) {
    await client.query(`ALTER TABLE ${table} RESET (autovacuum_enabled)`);
  }
}
