import {
  addIdentity,
  findActiveAccount,
  type Passwords,
  type Principal,
} from '../../accounts/index.js';
import { record } from '../../audit/index.js';
import { type Database } from '../../db/index.js';
import { demand, mayChangeIdentities } from '../../policy/index.js';
import { presentIdentity } from './accounts.presenter.js';
import { type IdentityRequest } from './identities.request.js';

/**
 * Lets an identity speak for an account. The password is hashed between two transactions: neither
 * waits for it. Throws AccountNotFound, AccessDenied, Duplicate.
 */
export async function addRequestedIdentity(
  { db, passwords }: { readonly db: Database; readonly passwords: Passwords },
  caller: Principal,
  name: string,
  { password, ...identity }: IdentityRequest,
): Promise<void> {
  const account = await db.read((tx) => findActiveAccount(tx, name));
  demand(mayChangeIdentities(caller, account), `add identities to account ${name}`);
  const passwordHash = password === undefined ? null : await passwords.hash(password);
  await db.tx(async (tx) => {
    await addIdentity(tx, account, { ...identity, passwordHash });
    await record(tx, {
      by: caller,
      action: 'account.identity.add',
      subject: name,
      change: presentIdentity(identity),
    });
  });
}
