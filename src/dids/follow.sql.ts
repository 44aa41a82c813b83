import { execute, rows, sql, type Tx } from '../db/index.js';
import { type AccountId, type DidId } from '../vocabulary/index.js';

/** The account follows the DID from now on; saying it again changes nothing. */
export async function followDid(tx: Tx, didId: DidId, accountId: AccountId): Promise<void> {
  await execute(
    tx,
    sql`INSERT INTO did_follows (did_id, account_id) VALUES (${didId}, ${accountId})
        ON CONFLICT DO NOTHING`,
  );
}

/** The account follows the DID no more, whether it did or not. */
export async function unfollowDid(tx: Tx, didId: DidId, accountId: AccountId): Promise<void> {
  await execute(
    tx,
    sql`DELETE FROM did_follows WHERE did_id = ${didId} AND account_id = ${accountId}`,
  );
}

/** The names of the accounts that follow the DID, sorted. */
export async function followersOf(tx: Tx, didId: DidId): Promise<string[]> {
  const found = await rows<{ name: string }>(
    tx,
    sql`SELECT a.name FROM did_follows f JOIN accounts a ON a.id = f.account_id
        WHERE f.did_id = ${didId} ORDER BY a.name`,
  );
  return found.map(({ name }) => name);
}
