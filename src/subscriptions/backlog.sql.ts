import { execute, lit, rows, sql, type Tx } from '../db/index.js';
import { type DidId, type DidName, type DidType } from '../vocabulary/index.js';

/** One rule that a DID should have had. */
export interface BacklogKey {
  readonly didId: DidId;
  readonly subscriptionId: number;
  /** Which of the subscription's rules, counted from 1. */
  readonly entry: number;
}

export interface RetryTerms {
  readonly now: Date;
  /** Until the first retry; doubled by each attempt, up to `retrySecondsMax`. */
  readonly retrySeconds: number;
  readonly retrySecondsMax: number;
  readonly giveUpSeconds: number;
}

/** What of these subscriptions is due to be tried again, oldest first, held until the transaction ends. */
export const claimBacklog = (
  tx: Tx,
  subscriptionIds: readonly number[],
  { now, limit }: { readonly now: Date; readonly limit: number },
): Promise<BacklogKey[]> =>
  rows<BacklogKey>(
    tx,
    sql`SELECT did_id AS "didId", subscription_id AS "subscriptionId", entry
          FROM subscription_backlog
         WHERE due_at < ${now}::timestamptz AND subscription_id = ANY(${[...subscriptionIds]}::int[])
         ORDER BY due_at LIMIT ${lit(limit)} FOR NO KEY UPDATE SKIP LOCKED`,
  );

/**
 * Keeps what could not be served, with the reason, and when it is due again. What has waited longer
 * than `giveUpSeconds` is kept and not tried any more. `anew` counts from the beginning.
 */
export async function keepBacklog(
  tx: Tx,
  keys: readonly BacklogKey[],
  failure: RetryTerms & { readonly error: string; readonly anew: boolean },
): Promise<void> {
  const { now, retrySeconds, retrySecondsMax, giveUpSeconds, anew } = failure;
  const wait = (attempts: ReturnType<typeof sql>) =>
    sql`${now}::timestamptz + make_interval(secs => least(${retrySeconds}::float8 * 2 ^ least(${attempts}, 30), ${retrySecondsMax}))`;
  await execute(
    tx,
    sql`INSERT INTO subscription_backlog AS b (did_id, subscription_id, entry, attempts, since, due_at, error)
        SELECT k.did_id, k.subscription_id, k.entry, 1, ${now}::timestamptz, ${wait(sql`0`)}, ${failure.error}
          FROM ${keyRows(keys)} ORDER BY k.did_id, k.subscription_id, k.entry
        ON CONFLICT (did_id, subscription_id, entry) DO UPDATE SET error = excluded.error,
          attempts = CASE WHEN ${anew} THEN 1 ELSE b.attempts + 1 END,
          since = CASE WHEN ${anew} THEN excluded.since ELSE b.since END,
          due_at = CASE WHEN ${anew} THEN excluded.due_at
            WHEN b.since + make_interval(secs => ${giveUpSeconds}) <= ${now}::timestamptz THEN NULL
            ELSE ${wait(sql`b.attempts`)} END`,
  );
}

const keyRows = (keys: readonly BacklogKey[]) =>
  sql`unnest(${keys.map(({ didId }) => didId)}::bigint[],
             ${keys.map(({ subscriptionId }) => subscriptionId)}::int[],
             ${keys.map(({ entry }) => entry)}::int[]) AS k(did_id, subscription_id, entry)`;

/** What has been served, or is not wanted any more, waits no longer. */
export async function clearBacklog(tx: Tx, keys: readonly BacklogKey[]): Promise<void> {
  if (keys.length === 0) return;
  await execute(
    tx,
    sql`DELETE FROM subscription_backlog b USING ${keyRows(keys)}
        WHERE b.did_id = k.did_id AND b.subscription_id = k.subscription_id AND b.entry = k.entry`,
  );
}

/** Everything that waits for a subscription, given up or not, is due now. */
export async function hurryBacklog(tx: Tx, subscriptionId: number, now: Date): Promise<number> {
  return await execute(
    tx,
    sql`UPDATE subscription_backlog
           SET due_at = ${now}::timestamptz, since = ${now}::timestamptz, attempts = 0
         WHERE subscription_id = ${subscriptionId}`,
  );
}

/** A DID that waits, and why. */
export interface WaitingDid extends DidName {
  readonly type: DidType;
  readonly entry: number;
  readonly attempts: number;
  readonly error: string;
  readonly since: Date;
  /** Null: given up. */
  readonly dueAt: Date | null;
}

/** What waits for these subscriptions, longest first; at most 1,000. */
export const listBacklog = (tx: Tx, subscriptionIds: readonly number[]): Promise<WaitingDid[]> =>
  rows<WaitingDid>(
    tx,
    sql`SELECT d.scope, d.name, d.type, b.entry, b.attempts, b.error, b.since, b.due_at AS "dueAt"
          FROM subscription_backlog b JOIN dids d ON d.id = b.did_id
         WHERE b.subscription_id = ANY(${[...subscriptionIds]}::int[])
         ORDER BY b.since, b.did_id, b.entry LIMIT ${lit(1000)}`,
  );
