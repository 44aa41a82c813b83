import { one, rows, sql, type Tx } from '../db/index.js';
import { type DidId } from '../vocabulary/index.js';

/** A subscription that should have given a DID a rule, and could not. */
export interface Unserved {
  readonly subscription: string;
  readonly account: string;
  readonly error: string;
  /** Null: given up. */
  readonly dueAt: Date | null;
}

/** The subscriptions that a DID waits for. */
export const unservedOrders = (tx: Tx, didId: DidId): Promise<Unserved[]> =>
  rows<Unserved>(
    tx,
    sql`SELECT s.name AS subscription, a.name AS account, b.error, b.due_at AS "dueAt"
          FROM subscription_backlog b JOIN subscriptions s ON s.id = b.subscription_id
          JOIN accounts a ON a.id = s.account_id
         WHERE b.did_id = ${didId} ORDER BY b.subscription_id, b.entry LIMIT 20`,
  );

/** The subscription of a uid, by its names. */
export const subscriptionNamed = (
  tx: Tx,
  uid: string,
): Promise<{ readonly name: string; readonly account: string } | undefined> =>
  one(
    tx,
    sql`SELECT s.name, a.name AS account FROM subscriptions s JOIN accounts a ON a.id = s.account_id
         WHERE s.uid = ${uid}::uuid`,
  );
