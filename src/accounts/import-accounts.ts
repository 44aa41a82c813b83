import { type Tx } from '../db/index.js';
import { type NewIdentity } from './identity.sql.js';
import { ensureVoices, upsertAccounts } from './imported-account.sql.js';

/** An account as an import names it. */
export interface ImportedAccount {
  readonly name: string;
  /** null leaves the address of an account that is there. */
  readonly email: string | null;
  readonly identities: readonly NewIdentity[];
}

/**
 * Adds accounts with their identities; of those that are there the address is set and identities are
 * added. Nothing is taken away, and no password of an identity that is there is changed. As many
 * statements for a thousand as for one.
 */
export async function importAccounts(tx: Tx, accounts: readonly ImportedAccount[]): Promise<void> {
  const ids = await upsertAccounts(tx, accounts);
  const voices = accounts.flatMap(({ name, identities }) => {
    const accountId = ids.get(name);
    return accountId === undefined ? [] : identities.map((each) => ({ ...each, accountId }));
  });
  await ensureVoices(tx, voices);
}
