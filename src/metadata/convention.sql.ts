import { execute, rows, sql, type Tx } from '../db/index.js';
import { type KeyType } from '../vocabulary/index.js';
import { type Convention, type ValueType } from './convention.js';

/** Declares a key; false where it is declared already. */
export async function insertKey(
  tx: Tx,
  key: { key: string; keyType: KeyType; valueType: ValueType | null; valueRegexp: string | null },
): Promise<boolean> {
  const added = await execute(
    tx,
    sql`INSERT INTO meta_keys (key, key_type, value_type, value_regexp)
        VALUES (${key.key}, ${key.keyType}, ${key.valueType}, ${key.valueRegexp})
        ON CONFLICT (key) DO NOTHING`,
  );
  return added === 1;
}

/** Declares a value of a key; false where it is declared already. */
export async function insertValue(tx: Tx, key: string, value: string): Promise<boolean> {
  const added = await execute(
    tx,
    sql`INSERT INTO meta_values (key, value) VALUES (${key}, ${value}) ON CONFLICT DO NOTHING`,
  );
  return added === 1;
}

/** Declared keys, by name. */
export async function listKeys(tx: Tx): Promise<string[]> {
  const found = await rows<{ key: string }>(tx, sql`SELECT key FROM meta_keys ORDER BY key`);
  return found.map(({ key }) => key);
}

/** Declared values of a key, in order; none for a key that is not declared. */
export async function listValues(tx: Tx, key: string): Promise<string[]> {
  const found = await rows<{ value: string }>(
    tx,
    sql`SELECT value FROM meta_values WHERE key = ${key} ORDER BY value`,
  );
  return found.map(({ value }) => value);
}

/** The conventions of those keys that are declared. */
export async function conventionsOf(tx: Tx, keys: readonly string[]): Promise<Convention[]> {
  if (keys.length === 0) return [];
  return await rows<Convention>(
    tx,
    sql`SELECT k.key, k.key_type AS "keyType", k.value_type AS "valueType",
          k.value_regexp AS "valueRegexp",
          ARRAY(SELECT v.value FROM meta_values v WHERE v.key = k.key ORDER BY v.value) AS values
        FROM meta_keys k WHERE k.key = ANY(${[...keys]}::text[])`,
  );
}
