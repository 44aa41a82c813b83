import { execute, lit, one, prepared, rows, sql, type Sql, type Tx } from '../db/index.js';
import { ScopeNotFound } from '../errors/index.js';
import { type AccountId, ScopeStatus } from '../vocabulary/index.js';

/** A part of the name space, owned by one account. */
export interface Scope {
  readonly name: string;
  readonly accountId: AccountId;
  readonly status: ScopeStatus;
}

/** A scope with its times. */
export interface DatedScope extends Scope {
  readonly closedAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The scope of that name. Throws ScopeNotFound (deleted ones are not found). */
export const findScope = (tx: Tx, name: string): Promise<Scope> =>
  scopeOf<Scope>(tx, name, sql`name, account_id AS "accountId", status`);

/** The same with its times. Throws ScopeNotFound. */
export const findDatedScope = (tx: Tx, name: string): Promise<DatedScope> =>
  scopeOf<DatedScope>(
    tx,
    name,
    sql`name, account_id AS "accountId", status, closed_at AS "closedAt",
        created_at AS "createdAt", updated_at AS "updatedAt"`,
  );

async function scopeOf<T extends object>(tx: Tx, name: string, columns: Sql): Promise<T> {
  const scope = await one<T>(
    tx,
    sql`SELECT ${columns} FROM scopes
        WHERE name = ${name} AND status <> ${lit(ScopeStatus.DELETED)}`,
  );
  if (!scope) throw new ScopeNotFound(`Scope '${name}' does not exist`, { scope: name });
  return scope;
}

/** The scopes of these names that exist, by name; deleted ones are not there. */
export async function scopesByName(tx: Tx, names: readonly string[]): Promise<Map<string, Scope>> {
  const found = await rows<Scope>(
    tx,
    prepared(
      'scopes',
      sql`SELECT name, account_id AS "accountId", status FROM scopes
        WHERE name = ANY(${[...new Set(names)]}::text[])
          AND status <> ${lit(ScopeStatus.DELETED)}`,
    ),
  );
  return new Map(found.map((scope) => [scope.name, scope]));
}

/** All scopes, or those of one account, by name; deleted ones are not there. */
export async function listScopes(tx: Tx, accountId?: AccountId): Promise<Scope[]> {
  return await rows<Scope>(
    tx,
    sql`SELECT name, account_id AS "accountId", status FROM scopes
        WHERE status <> ${lit(ScopeStatus.DELETED)}
          AND (${accountId ?? null}::int IS NULL OR account_id = ${accountId ?? null})
        ORDER BY name`,
  );
}

/** Inserts a scope; false if the name is taken. */
export async function insertScope(tx: Tx, name: string, accountId: AccountId): Promise<boolean> {
  const added = await execute(
    tx,
    sql`INSERT INTO scopes (name, account_id) VALUES (${name}, ${accountId})
        ON CONFLICT (name) DO NOTHING`,
  );
  return added === 1;
}

/** Gives a scope to another account. */
export async function writeScopeOwner(tx: Tx, name: string, accountId: AccountId): Promise<void> {
  await execute(
    tx,
    sql`UPDATE scopes SET account_id = ${accountId}, updated_at = now() WHERE name = ${name}`,
  );
}

/** Closes a scope or opens it; false if there is none. It stays closed since it was first closed. */
export async function writeScopeStatus(
  tx: Tx,
  name: string,
  status: ScopeStatus,
): Promise<boolean> {
  const closed = status === ScopeStatus.CLOSED;
  const found = await execute(
    tx,
    sql`UPDATE scopes SET status = ${status}, updated_at = now(),
          closed_at = CASE WHEN ${closed} THEN COALESCE(closed_at, now()) END
        WHERE name = ${name} AND status <> ${lit(ScopeStatus.DELETED)}`,
  );
  return found === 1;
}

/** Removes a scope; false if there is none. Its names stand in the way (dids_scope_fkey). */
export async function deleteScopeRow(tx: Tx, name: string): Promise<boolean> {
  return (await execute(tx, sql`DELETE FROM scopes WHERE name = ${name}`)) === 1;
}
