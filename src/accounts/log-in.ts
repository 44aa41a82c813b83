import { type Database } from '../db/index.js';
import { CannotAuthenticate } from '../errors/index.js';
import { chooseAccount } from './account-choice.js';
import { findPassword, voicesOf } from './identity.sql.js';
import { type Passwords } from './passwords.js';
import { issueToken } from './token.sql.js';

/** Who claims to be who. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
  /** The account to act as; absent is the identity's own choice. */
  readonly account: string | undefined;
}

/** A login, or the accounts to choose one from where the identity has no default. */
export type Login =
  | { readonly token: string; readonly account: string; readonly expiresAt: Date }
  | { readonly token: undefined; readonly accounts: readonly string[] };

/**
 * Logs in by user name and password. Whatever is wrong, the answer is the same CannotAuthenticate
 * after the same time. The password is checked between two transactions, never inside one.
 */
export async function logIn(
  db: Database,
  passwords: Passwords,
  { username, password, account }: Credentials,
  expiresAt: Date,
): Promise<Login> {
  const kept = await passwords.lookUp(password, () => db.read((tx) => findPassword(tx, username)));
  if (!kept) throw refusal(account);
  return await db.tx(async (tx) => {
    const choice = chooseAccount(await voicesOf(tx, kept.identityId), account);
    if (choice.chosen) {
      const { accountId, account: name } = choice.chosen;
      const login = { accountId, identityId: kept.identityId, expiresAt };
      const token = await issueToken(tx, login);
      if (token !== undefined) return { token, account: name, expiresAt };
    } else if (choice.among.length > 1) {
      return { token: undefined, accounts: choice.among };
    }
    throw refusal(account);
  });
}

const refusal = (account: string | undefined): CannotAuthenticate =>
  new CannotAuthenticate(
    account === undefined
      ? 'Cannot authenticate with the given credentials'
      : `Cannot authenticate to account ${account} with the given credentials`,
  );
