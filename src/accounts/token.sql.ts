import { createHash, randomBytes } from 'node:crypto';
import { execute, lit, one, prepared, sql, type Tx } from '../db/index.js';
import { AccountNotFound, CannotAuthenticate } from '../errors/index.js';
import { type AccountId, AccountStatus } from '../vocabulary/index.js';
import { principal, type Principal, type PrincipalRow } from './principal.js';

/** Opaque: 256 random bits. Without dots, because clients send a token with two to storages. */
const newToken = (): string => `sluice_${randomBytes(32).toString('base64url')}`;

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

const attributesOfA = sql`COALESCE((SELECT jsonb_object_agg(t.key, t.value)
  FROM account_attributes t WHERE t.account_id = a.id), '{}')`;

/** A login as its token shows it. */
export interface Session {
  readonly account: string;
  readonly identity: string | null;
  readonly identityType: string | null;
  readonly expiresAt: Date;
}

/**
 * Whose token this is: one indexed query, so that a token or an account is dead the moment it is
 * revoked. Throws CannotAuthenticate for unknown and expired tokens and for accounts not ACTIVE.
 */
export async function authenticate(tx: Tx, token: string, now: Date): Promise<Principal> {
  const row = await one<PrincipalRow>(
    tx,
    prepared(
      'authenticate',
      sql`SELECT a.id AS "accountId", a.name AS account, a.type, ${attributesOfA} AS attributes
        FROM tokens k JOIN accounts a ON a.id = k.account_id
        WHERE k.hash = ${hashOf(token)} AND k.expires_at > ${now}
          AND a.status = ${lit(AccountStatus.ACTIVE)}`,
    ),
  );
  if (!row) throw new CannotAuthenticate('Cannot authenticate with the given token: log in again');
  return principal(row);
}

/** What the token is good for. Throws CannotAuthenticate as authenticate does. */
export async function sessionOf(tx: Tx, token: string, now: Date): Promise<Session> {
  const row = await one<Session>(
    tx,
    sql`SELECT a.name AS account, i.identity, i.type AS "identityType", k.expires_at AS "expiresAt"
        FROM tokens k JOIN accounts a ON a.id = k.account_id
        LEFT JOIN identities i ON i.id = k.identity_id
        WHERE k.hash = ${hashOf(token)} AND k.expires_at > ${now}
          AND a.status = ${lit(AccountStatus.ACTIVE)}`,
  );
  if (!row) throw new CannotAuthenticate('Cannot authenticate with the given token: log in again');
  return row;
}

/** The account as one that asks. Throws AccountNotFound. */
export async function principalOf(tx: Tx, accountId: AccountId): Promise<Principal> {
  const row = await one<PrincipalRow>(
    tx,
    prepared(
      'principal',
      sql`SELECT a.id AS "accountId", a.name AS account, a.type, ${attributesOfA} AS attributes
        FROM accounts a WHERE a.id = ${accountId}`,
    ),
  );
  if (!row) throw new AccountNotFound(`There is no account with id ${accountId}`, { accountId });
  return principal(row);
}

/**
 * Makes a login token. Only its hash is kept: the text given back is the only copy. Undefined where
 * the account is not ACTIVE or the identity does not speak for it any more.
 */
export async function issueToken(
  tx: Tx,
  login: { readonly accountId: AccountId; readonly identityId: number; readonly expiresAt: Date },
): Promise<string | undefined> {
  const token = newToken();
  const issued = await execute(
    tx,
    prepared(
      'issue-token',
      sql`WITH allowed AS MATERIALIZED (
          SELECT a.id AS account_id, m.identity_id
          FROM accounts a JOIN account_identities m ON m.account_id = a.id
          WHERE a.id = ${login.accountId} AND m.identity_id = ${login.identityId}
            AND a.status = ${lit(AccountStatus.ACTIVE)}
          FOR SHARE)
        INSERT INTO tokens (hash, account_id, identity_id, expires_at)
        SELECT ${hashOf(token)}::bytea, account_id, identity_id, ${login.expiresAt}::timestamptz
        FROM allowed`,
    ),
  );
  return issued === 1 ? token : undefined;
}

/** Ends every login of an account, or those that one identity began. */
export async function revokeTokens(
  tx: Tx,
  accountId: AccountId,
  identityId?: number,
): Promise<void> {
  await execute(
    tx,
    sql`DELETE FROM tokens WHERE account_id = ${accountId}
          AND (${identityId ?? null}::int IS NULL OR identity_id = ${identityId ?? null})`,
  );
}

/** Removes at most `limit` tokens that have expired; gives how many. */
export async function forgetExpiredTokens(tx: Tx, now: Date, limit: number): Promise<number> {
  return await execute(
    tx,
    sql`DELETE FROM tokens WHERE hash IN (
          SELECT hash FROM tokens WHERE expires_at <= ${now}
          ORDER BY expires_at LIMIT ${lit(limit)})`,
  );
}
