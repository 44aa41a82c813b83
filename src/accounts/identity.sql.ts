import { execute, lit, one, prepared, rows, sql, type Tx } from '../db/index.js';
import { type AccountId, AccountStatus, IdentityType } from '../vocabulary/index.js';

/** How somebody proves who they are. One identity may speak for several accounts. */
export interface Identity {
  readonly type: IdentityType;
  readonly identity: string;
  readonly email: string | null;
}

/** An identity to be made: a password only for USERPASS, and only as its hash. */
export interface NewIdentity extends Identity {
  readonly passwordHash: string | null;
}

/** An account that an identity may speak for. */
export interface Voice {
  readonly accountId: AccountId;
  readonly account: string;
  readonly isDefault: boolean;
}

/** The identities of an account, by type and name. */
export async function listIdentities(tx: Tx, accountId: AccountId): Promise<Identity[]> {
  return await rows<Identity>(
    tx,
    sql`SELECT i.type, i.identity, i.email
        FROM account_identities m JOIN identities i ON i.id = m.identity_id
        WHERE m.account_id = ${accountId} ORDER BY i.identity, i.type`,
  );
}

/** The identity's id. An identity that is there already keeps its password and its address. */
export async function ensureIdentity(tx: Tx, identity: NewIdentity): Promise<number> {
  for (;;) {
    await execute(
      tx,
      sql`INSERT INTO identities (type, identity, email, password_hash)
          VALUES (${identity.type}, ${identity.identity}, ${identity.email},
            ${identity.passwordHash})
          ON CONFLICT (type, identity) DO NOTHING`,
    );
    // A statement of its own sees what another transaction has just committed. The lock keeps the
    // identity until it is mapped; one that was removed meanwhile is made again.
    const row = await one<{ id: number }>(
      tx,
      sql`SELECT id FROM identities
          WHERE type = ${identity.type} AND identity = ${identity.identity} FOR KEY SHARE`,
    );
    if (row) return row.id;
  }
}

/** The id of an identity that speaks for the account, that fact locked; or undefined. */
export async function findMappedIdentity(
  tx: Tx,
  accountId: AccountId,
  identity: Pick<Identity, 'type' | 'identity'>,
): Promise<number | undefined> {
  const row = await one<{ id: number }>(
    tx,
    sql`SELECT i.id FROM identities i JOIN account_identities m ON m.identity_id = i.id
        WHERE m.account_id = ${accountId} AND i.type = ${identity.type}
          AND i.identity = ${identity.identity} FOR UPDATE OF m`,
  );
  return row?.id;
}

/** Lets an identity speak for an account; false if it does already. */
export async function mapIdentity(
  tx: Tx,
  accountId: AccountId,
  identityId: number,
  isDefault: boolean,
): Promise<boolean> {
  const added = await execute(
    tx,
    sql`INSERT INTO account_identities (account_id, identity_id, is_default)
        VALUES (${accountId}, ${identityId}, ${isDefault})
        ON CONFLICT (account_id, identity_id) DO NOTHING`,
  );
  if (added === 1 && isDefault) await keepOneDefault(tx, accountId, identityId);
  return added === 1;
}

/** An identity has one default account: the last one said to be. */
async function keepOneDefault(tx: Tx, accountId: AccountId, identityId: number): Promise<void> {
  await execute(
    tx,
    sql`UPDATE account_identities SET is_default = false
        WHERE identity_id = ${identityId} AND account_id <> ${accountId} AND is_default`,
  );
}

/** Ends that an identity speaks for an account. Waits for logins that are under way. */
export async function unmapIdentity(
  tx: Tx,
  accountId: AccountId,
  identityId: number,
): Promise<void> {
  await execute(
    tx,
    sql`DELETE FROM account_identities
        WHERE account_id = ${accountId} AND identity_id = ${identityId}`,
  );
}

/** Removes an identity that speaks for no account any more. */
export async function forgetUnmappedIdentity(tx: Tx, identityId: number): Promise<void> {
  // Locked first: whoever maps it at this moment is seen by the second statement.
  await execute(tx, sql`SELECT FROM identities WHERE id = ${identityId} FOR UPDATE`);
  await execute(
    tx,
    sql`DELETE FROM identities WHERE id = ${identityId}
          AND NOT EXISTS (SELECT FROM account_identities WHERE identity_id = ${identityId})`,
  );
}

/** The USERPASS identity of that user name with its password hash, or undefined. */
export async function findPassword(
  tx: Tx,
  username: string,
): Promise<{ readonly identityId: number; readonly hash: string | null } | undefined> {
  return await one(
    tx,
    prepared(
      'password',
      sql`SELECT id AS "identityId", password_hash AS hash FROM identities
        WHERE type = ${lit(IdentityType.USERPASS)} AND identity = ${username}`,
    ),
  );
}

/** The active accounts that an identity may speak for, its default first, then by name. */
export async function voicesOf(tx: Tx, identityId: number): Promise<Voice[]> {
  return await rows<Voice>(
    tx,
    prepared(
      'voices',
      sql`SELECT a.id AS "accountId", a.name AS account, m.is_default AS "isDefault"
        FROM account_identities m JOIN accounts a ON a.id = m.account_id
        WHERE m.identity_id = ${identityId} AND a.status = ${lit(AccountStatus.ACTIVE)}
        ORDER BY m.is_default DESC, a.name`,
    ),
  );
}

/** The names of the accounts, whatever their status, that an identity is mapped to. */
export async function accountNamesOf(
  tx: Tx,
  identity: Pick<Identity, 'type' | 'identity'>,
): Promise<string[]> {
  const found = await rows<{ name: string }>(
    tx,
    sql`SELECT a.name FROM identities i
        JOIN account_identities m ON m.identity_id = i.id JOIN accounts a ON a.id = m.account_id
        WHERE i.type = ${identity.type} AND i.identity = ${identity.identity} ORDER BY a.name`,
  );
  return found.map(({ name }) => name);
}
