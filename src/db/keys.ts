import { ident, join, sql, type Sql } from './sql.js';

/**
 * Condition on the alias `row`: its key is one of those in the CTE `keys`, whose columns have the same
 * names. Never a join: of a queue that was empty when ANALYZE came the planner expects no row, and
 * would compare each of a million with each of the keys. The array leads through the index that
 * begins with the key's first column; IS TRUE keeps the rest a hashed lookup.
 */
export function isAmong(row: string, keys: string, columns: readonly [string, ...string[]]): Sql {
  const [first] = columns;
  const own = join(columns.map((column) => ident(`${row}.${column}`)));
  return sql`${ident(`${row}.${first}`)} = ANY (ARRAY(SELECT ${ident(first)} FROM ${ident(keys)}))
    AND ((${own}) IN (SELECT ${join(columns.map(ident))} FROM ${ident(keys)})) IS TRUE`;
}
