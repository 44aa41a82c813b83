import { execute, rows, sql, type Tx } from '../db/index.js';
import { type AccountId, type RseId } from '../vocabulary/index.js';

/** The stored number for "as much as there is". */
export const UNLIMITED = -1n;

/** The local limits of an account, in bytes (UNLIMITED is -1), by storage element. */
export async function localLimits(tx: Tx, accountId: AccountId): Promise<Map<RseId, bigint>> {
  const found = await rows<{ rseId: RseId; bytes: bigint }>(
    tx,
    sql`SELECT l.rse_id AS "rseId", l.bytes FROM account_limits l
        JOIN rses r ON r.id = l.rse_id AND r.deleted_at IS NULL
        WHERE l.account_id = ${accountId} ORDER BY r.name`,
  );
  return new Map(found.map(({ rseId, bytes }) => [rseId, bytes]));
}

/** The local limits at one storage element, in bytes (UNLIMITED is -1), by account. */
export async function localLimitsAt(tx: Tx, rseId: RseId): Promise<Map<AccountId, bigint>> {
  const found = await rows<{ accountId: AccountId; bytes: bigint }>(
    tx,
    sql`SELECT account_id AS "accountId", bytes FROM account_limits WHERE rse_id = ${rseId}`,
  );
  return new Map(found.map(({ accountId, bytes }) => [accountId, bytes]));
}

/** The global limits of an account, in bytes (UNLIMITED is -1), by RSE expression. */
export async function globalLimits(tx: Tx, accountId: AccountId): Promise<Map<string, bigint>> {
  const found = await rows<{ expression: string; bytes: bigint }>(
    tx,
    sql`SELECT rse_expression AS expression, bytes FROM global_account_limits
        WHERE account_id = ${accountId} ORDER BY rse_expression`,
  );
  return new Map(found.map(({ expression, bytes }) => [expression, bytes]));
}

/** Sets the local limit of an account at a storage element. */
export async function setLocalLimit(
  tx: Tx,
  accountId: AccountId,
  limit: { readonly rseId: RseId; readonly bytes: bigint },
): Promise<void> {
  await execute(
    tx,
    sql`INSERT INTO account_limits (account_id, rse_id, bytes)
        VALUES (${accountId}, ${limit.rseId}, ${limit.bytes})
        ON CONFLICT (account_id, rse_id) DO UPDATE SET bytes = EXCLUDED.bytes, updated_at = now()`,
  );
}

/** Removes a local limit; false if there was none. */
export async function deleteLocalLimit(
  tx: Tx,
  accountId: AccountId,
  rseId: RseId,
): Promise<boolean> {
  const gone = await execute(
    tx,
    sql`DELETE FROM account_limits WHERE account_id = ${accountId} AND rse_id = ${rseId}`,
  );
  return gone > 0;
}

/** Sets the limit of an account over all that an RSE expression names. */
export async function setGlobalLimit(
  tx: Tx,
  accountId: AccountId,
  limit: { readonly expression: string; readonly bytes: bigint },
): Promise<void> {
  await execute(
    tx,
    sql`INSERT INTO global_account_limits (account_id, rse_expression, bytes)
        VALUES (${accountId}, ${limit.expression}, ${limit.bytes})
        ON CONFLICT (account_id, rse_expression) DO UPDATE
        SET bytes = EXCLUDED.bytes, updated_at = now()`,
  );
}

/** Removes a global limit; false if there was none. */
export async function deleteGlobalLimit(
  tx: Tx,
  accountId: AccountId,
  expression: string,
): Promise<boolean> {
  const gone = await execute(
    tx,
    sql`DELETE FROM global_account_limits
        WHERE account_id = ${accountId} AND rse_expression = ${expression}`,
  );
  return gone > 0;
}
