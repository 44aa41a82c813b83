import { execute, ident, lit, rows, sql } from './sql.js';
import { type Retention } from './retention.js';
import { type Tx } from './tx.js';

const DAY_MS = 86_400_000;

/** Midnight (UTC) of the first day of the month that is `months` away from `at`. */
const monthStart = (at: Date, months: number): Date =>
  new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + months, 1));

/** With its zone: a bare day would be midnight wherever the server stands. */
const midnight = (day: Date): string => `${day.toISOString().slice(0, 10)}T00:00:00Z`;

const nameOf = (table: string, month: Date): string =>
  `${table}_${month.toISOString().slice(0, 7).replace('-', '_')}`;

interface Partition {
  readonly name: string;
  readonly month: Date;
}

/** Keeps other janitors from the table until the transaction ends; rows may still be appended. */
async function claimTable(tx: Tx, table: string): Promise<void> {
  await execute(tx, sql`LOCK TABLE ${ident(table)} IN SHARE UPDATE EXCLUSIVE MODE`);
}

/** The monthly partitions of a table; the default one is not among them. */
async function partitionsOf(tx: Tx, table: string): Promise<Partition[]> {
  const found = await rows<{ name: string }>(
    tx,
    sql`SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
         WHERE i.inhparent = ${table}::regclass ORDER BY 1`,
  );
  return found.flatMap(({ name }) => {
    const [, year, month] = /_(\d{4})_(\d{2})$/.exec(name) ?? [];
    return year ? [{ name, month: new Date(`${year}-${month}-01T00:00:00Z`) }] : [];
  });
}

/**
 * Makes the partitions of the coming two months where they are missing. The present month stays in
 * the default partition if it has no own one: rows may be there already. Gives how many were made.
 */
export async function makePartitions(tx: Tx, { table }: Retention, now: Date): Promise<number> {
  await claimTable(tx, table);
  const existing = new Set((await partitionsOf(tx, table)).map(({ name }) => name));
  const missing = [1, 2]
    .map((months) => monthStart(now, months))
    .filter((month) => !existing.has(nameOf(table, month)));
  for (const month of missing) {
    await execute(
      tx,
      sql`CREATE TABLE IF NOT EXISTS ${ident(nameOf(table, month))} PARTITION OF ${ident(table)}
          FOR VALUES FROM (${lit(midnight(month))}) TO (${lit(midnight(monthStart(month, 1)))})`,
    );
  }
  return missing.length;
}

/** Drops the partitions that end before the retention begins, and old rows of the default one. */
export async function dropExpired(
  tx: Tx,
  { table, column }: Retention,
  days: number,
  now: Date,
): Promise<number> {
  await claimTable(tx, table);
  const since = new Date(now.getTime() - days * DAY_MS);
  const expired = (await partitionsOf(tx, table)).filter(
    ({ month }) => monthStart(month, 1) <= since,
  );
  for (const { name } of expired) await execute(tx, sql`DROP TABLE ${ident(name)}`);
  const rowsGone = await execute(
    tx,
    sql`DELETE FROM ${ident(`${table}_default`)} WHERE ${ident(column)} < ${since}`,
  );
  return expired.length + rowsGone;
}
