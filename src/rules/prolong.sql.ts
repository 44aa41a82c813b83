import { execute, sql, type Tx } from '../db/index.js';
import { type AccountId, type DidId } from '../vocabulary/index.js';

/** Which rules: an account's, with one expression, on these DIDs. */
export interface ProlongedRules {
  readonly didIds: readonly DidId[];
  readonly accountId: AccountId;
  readonly rseExpression: string;
}

/**
 * Rules that would end before `expiresAt` end then. Those that last for ever still do, and those that
 * have ended stay ended: the cleaner may have begun with them. Gives how many last longer.
 */
export async function prolongRules(
  tx: Tx,
  { didIds, accountId, rseExpression }: ProlongedRules,
  { expiresAt, now }: { readonly expiresAt: Date; readonly now: Date },
): Promise<number> {
  return await execute(
    tx,
    sql`UPDATE rules SET expires_at = ${expiresAt}, updated_at = ${now}
        WHERE id IN (
          SELECT id FROM rules
          WHERE did_id = ANY(${[...didIds]}::bigint[]) AND account_id = ${accountId}
            AND rse_expression = ${rseExpression}
          ORDER BY id FOR NO KEY UPDATE)
          AND expires_at > ${now} AND expires_at < ${expiresAt}`,
  );
}
