import { execute, lit, rows, sql, type Sql, type Tx } from '../db/index.js';
import { type AccountId, type RseId } from '../vocabulary/index.js';

/** What an account is charged for at one storage element: every lock, from its creation. */
export interface AccountUsage {
  readonly rseId: RseId;
  readonly bytes: bigint;
  readonly files: bigint;
}

/**
 * Piece: notes what accounts are charged or relieved of. `from` gives (account_id, rse_id, files,
 * bytes), summed per pair where it can be; the abacus folds the notes.
 */
export const addAccountUsage = (from: Sql): Sql =>
  sql`INSERT INTO account_usage_deltas (account_id, rse_id, files, bytes)
      SELECT account_id, rse_id, files, bytes FROM (${from}) noted WHERE files <> 0 OR bytes <> 0`;

/** The charge of an account at every storage element where it has one (folded and open). */
export async function accountUsage(
  tx: Tx,
  accountId: AccountId,
): Promise<Map<RseId, AccountUsage>> {
  const found = await rows<AccountUsage>(
    tx,
    charges(sql`account_id = ${accountId}`, sql`rse_id`, sql`"rseId"`),
  );
  return new Map(found.map((usage) => [usage.rseId, usage]));
}

/** The charges at one storage element, by account. */
export async function usageByAccount(
  tx: Tx,
  rseId: RseId,
): Promise<{ readonly accountId: AccountId; readonly bytes: bigint; readonly files: bigint }[]> {
  return await rows(tx, charges(sql`rse_id = ${rseId}`, sql`account_id`, sql`"accountId"`));
}

const charges = (condition: Sql, key: Sql, label: Sql): Sql =>
  sql`SELECT k AS ${label},
        sum(bytes)::bigint AS bytes, sum(files)::bigint AS files
      FROM (SELECT ${key} AS k, bytes, files FROM account_usage WHERE ${condition}
            UNION ALL
            SELECT ${key} AS k, bytes, files FROM account_usage_deltas WHERE ${condition}) charged
      GROUP BY k HAVING sum(bytes) <> 0 OR sum(files) <> 0 ORDER BY k`;

/** Folds at most `limit` open deltas into the counted usage; gives how many there were. */
export async function foldAccountUsage(tx: Tx, limit: number): Promise<number> {
  return await execute(
    tx,
    sql`WITH picked AS MATERIALIZED (
          SELECT id FROM account_usage_deltas ORDER BY id LIMIT ${lit(limit)}
          FOR UPDATE SKIP LOCKED),
        gone AS (
          DELETE FROM account_usage_deltas d USING picked WHERE d.id = picked.id
          RETURNING d.account_id, d.rse_id, d.files, d.bytes),
        folded AS (
          INSERT INTO account_usage (account_id, rse_id, bytes, files)
          SELECT account_id, rse_id, sum(bytes), sum(files) FROM gone
          GROUP BY account_id, rse_id ORDER BY account_id, rse_id
          ON CONFLICT (account_id, rse_id) DO UPDATE
          SET bytes = account_usage.bytes + EXCLUDED.bytes,
              files = account_usage.files + EXCLUDED.files, updated_at = now())
        SELECT FROM picked`,
  );
}

/** What an account was charged for at one storage element, at one time. */
export interface PastUsage {
  readonly bytes: bigint;
  readonly files: bigint;
  readonly updatedAt: Date;
}

/**
 * Copies what is counted now into the history, where it has changed since the last copy; gives how
 * many rows that were. Run it some time after folding.
 */
export async function recordAccountUsageHistory(tx: Tx): Promise<number> {
  return await execute(
    tx,
    sql`INSERT INTO account_usage_history (account_id, rse_id, bytes, files, updated_at)
        SELECT account_id, rse_id, bytes, files, updated_at FROM account_usage u
        WHERE NOT EXISTS (
          SELECT FROM account_usage_history h
          WHERE h.account_id = u.account_id AND h.rse_id = u.rse_id
            AND h.updated_at = u.updated_at)
        ORDER BY account_id, rse_id`,
  );
}

/** At most the oldest `limit` rows of the history of an account at one storage element, oldest first. */
export async function listAccountUsageHistory(
  tx: Tx,
  accountId: AccountId,
  rseId: RseId,
  limit: number,
): Promise<PastUsage[]> {
  return await rows<PastUsage>(
    tx,
    sql`SELECT bytes, files, updated_at AS "updatedAt" FROM account_usage_history
        WHERE account_id = ${accountId} AND rse_id = ${rseId}
        ORDER BY updated_at LIMIT ${limit}`,
  );
}
