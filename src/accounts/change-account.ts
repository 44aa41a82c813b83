import { type Tx } from '../db/index.js';
import { AccountNotFound, UnsupportedOperation } from '../errors/index.js';
import { AccountStatus } from '../vocabulary/index.js';
import { type Account, writeAccountEmail, writeAccountStatus } from './account.sql.js';
import { ROOT } from './principal.js';
import { revokeTokens } from './token.sql.js';

/** What can be said anew about an account. */
export interface AccountChange {
  readonly status?: AccountStatus | undefined;
  readonly email?: string | null | undefined;
}

/**
 * Changes an account. Suspending and deleting end its logins at once, and nothing revives those.
 * Throws UnsupportedOperation where it would leave nobody: root stays.
 */
export async function changeAccount(
  tx: Tx,
  account: Account,
  { status, email }: AccountChange,
): Promise<void> {
  if (email !== undefined) await writeAccountEmail(tx, account.id, email);
  if (status === undefined || status === account.status) return;
  if (account.name === ROOT) {
    throw new UnsupportedOperation(`The account '${ROOT}' can be neither suspended nor deleted`);
  }
  await writeAccountStatus(tx, account.id, status);
  if (status !== AccountStatus.ACTIVE) await revokeTokens(tx, account.id);
}

/** Deletes an account: it stays to be seen, and its name stays taken. Throws AccountNotFound, again. */
export async function deleteAccount(tx: Tx, account: Account): Promise<void> {
  if (account.status === AccountStatus.DELETED) {
    throw new AccountNotFound(`Account '${account.name}' is DELETED already`, {
      account: account.name,
    });
  }
  await changeAccount(tx, account, { status: AccountStatus.DELETED });
}
