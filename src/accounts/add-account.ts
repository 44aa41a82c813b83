import { type Tx } from '../db/index.js';
import { Duplicate } from '../errors/index.js';
import { type AccountId, type AccountType } from '../vocabulary/index.js';
import { insertAccount } from './account.sql.js';

/** Adds an account; gives its id. Throws Duplicate, also for the name of a deleted account. */
export async function addAccount(
  tx: Tx,
  account: { readonly name: string; readonly type: AccountType; readonly email: string | null },
): Promise<AccountId> {
  const id = await insertAccount(tx, account);
  if (id !== undefined) return id;
  throw new Duplicate(`Account '${account.name}' already exists`, { account: account.name });
}
