import { execute, lit, rows, sql, type Tx } from '../db/index.js';
import { type AccountId, AccountType } from '../vocabulary/index.js';
import { type NewIdentity } from './identity.sql.js';

/** Makes accounts of people that are not there yet, and sets the addresses of those that are. */
export async function upsertAccounts(
  tx: Tx,
  accounts: readonly { readonly name: string; readonly email: string | null }[],
): Promise<Map<string, AccountId>> {
  const found = await rows<{ id: AccountId; name: string }>(
    tx,
    sql`INSERT INTO accounts (name, type, email)
        SELECT n.name, ${lit(AccountType.USER)}, n.email
        FROM unnest(${accounts.map(({ name }) => name)}::text[],
                    ${accounts.map(({ email }) => email)}::text[]) AS n(name, email)
        ORDER BY n.name
        ON CONFLICT (name) DO UPDATE
        SET email = COALESCE(EXCLUDED.email, accounts.email), updated_at = now()
        RETURNING id, name`,
  );
  return new Map(found.map(({ id, name }) => [name, id]));
}

/** An identity and the account that it is to speak for. */
export interface NewVoice extends NewIdentity {
  readonly accountId: AccountId;
}

/**
 * Makes identities that are not there yet and lets each speak for its account. One that is there
 * already keeps its password and its address.
 */
export async function ensureVoices(tx: Tx, voices: readonly NewVoice[]): Promise<void> {
  const column = <T>(value: (voice: NewVoice) => T) => voices.map(value);
  // The update changes nothing and locks: nobody takes the identity away before it is mapped.
  await execute(
    tx,
    sql`WITH n AS MATERIALIZED (
          SELECT * FROM unnest(${column(({ type }) => type)}::"char"[],
            ${column(({ identity }) => identity)}::text[], ${column(({ email }) => email)}::text[],
            ${column(({ passwordHash }) => passwordHash)}::text[],
            ${column(({ accountId }) => accountId)}::int[])
            AS v(type, identity, email, password_hash, account_id)),
        known AS (
          INSERT INTO identities (type, identity, email, password_hash)
          SELECT DISTINCT ON (type, identity) type, identity, email, password_hash FROM n
          ORDER BY type, identity
          ON CONFLICT (type, identity) DO UPDATE SET identity = EXCLUDED.identity
          RETURNING id, type, identity)
        INSERT INTO account_identities (account_id, identity_id, is_default)
        SELECT DISTINCT n.account_id, known.id, false
        FROM n JOIN known ON known.type = n.type AND known.identity = n.identity
        ORDER BY 1, 2
        ON CONFLICT (account_id, identity_id) DO NOTHING`,
  );
}
