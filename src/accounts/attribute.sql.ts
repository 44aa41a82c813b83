import { execute, rows, sql, type Tx } from '../db/index.js';
import { type AccountId } from '../vocabulary/index.js';

/** One thing said about an account. Booleans are stored as 'true' and 'false'. */
export interface AccountAttribute {
  readonly key: string;
  readonly value: string;
}

/** The attributes of an account, by key. */
export async function listAccountAttributes(
  tx: Tx,
  accountId: AccountId,
): Promise<AccountAttribute[]> {
  return await rows<AccountAttribute>(
    tx,
    sql`SELECT key, value FROM account_attributes WHERE account_id = ${accountId} ORDER BY key`,
  );
}

/** Adds an attribute; false if the account has one of that key. */
export async function insertAccountAttribute(
  tx: Tx,
  accountId: AccountId,
  { key, value }: AccountAttribute,
): Promise<boolean> {
  const added = await execute(
    tx,
    sql`INSERT INTO account_attributes (account_id, key, value)
        VALUES (${accountId}, ${key}, ${value})
        ON CONFLICT (account_id, key) DO NOTHING`,
  );
  return added === 1;
}

/** Removes an attribute; false if there was none. */
export async function deleteAccountAttribute(
  tx: Tx,
  accountId: AccountId,
  key: string,
): Promise<boolean> {
  const gone = await execute(
    tx,
    sql`DELETE FROM account_attributes WHERE account_id = ${accountId} AND key = ${key}`,
  );
  return gone === 1;
}
