import { execute, one, prepared, rows, sql, type Sql, type Tx } from '../db/index.js';
import { AccountNotFound } from '../errors/index.js';
import {
  type AccountId,
  AccountStatus,
  AccountStatusCodec,
  type AccountType,
} from '../vocabulary/index.js';
import { ROOT } from './principal.js';

/** Who may act, own and be charged. */
export interface Account {
  readonly id: AccountId;
  readonly name: string;
  readonly type: AccountType;
  readonly status: AccountStatus;
  readonly email: string | null;
  readonly suspendedAt: Date | null;
  readonly deletedAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The statement behind selectAccounts. */
const accountsWhere = (condition: Sql): Sql =>
  sql`SELECT a.id, a.name, a.type, a.status, a.email, a.suspended_at AS "suspendedAt",
          a.deleted_at AS "deletedAt", a.created_at AS "createdAt", a.updated_at AS "updatedAt"
        FROM accounts a WHERE ${condition} ORDER BY a.name`;

/** Accounts that satisfy `condition` over the alias a, by name. */
export const selectAccounts = (tx: Tx, condition: Sql): Promise<Account[]> =>
  rows<Account>(tx, accountsWhere(condition));

/** The account of that name, whatever its status. Throws AccountNotFound. */
export async function findAccount(tx: Tx, name: string): Promise<Account> {
  const [account] = await selectAccounts(tx, sql`a.name = ${name}`);
  if (!account) throw notFound(name);
  return account;
}

const notFound = (name: string): AccountNotFound =>
  new AccountNotFound(`Account '${name}' does not exist`, { account: name });

/** The account of that name, which may act and be given things. Throws AccountNotFound. */
export const findActiveAccount = async (tx: Tx, name: string): Promise<Account> =>
  demandActive(await findAccount(tx, name));

/** Throws AccountNotFound where an account may not act any more. */
export async function demandActiveAccount(tx: Tx, id: AccountId): Promise<void> {
  const account = (await accountsById(tx, [id])).get(id);
  if (!account) throw notFound(String(id));
  demandActive(account);
}

/** The accounts of these names, which may act and be given things, by name. Throws AccountNotFound. */
export async function findActiveAccounts(
  tx: Tx,
  names: readonly string[],
): Promise<Map<string, Account>> {
  if (names.length === 0) return new Map();
  const found = await selectAccounts(tx, sql`a.name = ANY (${[...new Set(names)]}::text[])`);
  const byName = new Map(found.map((account) => [account.name, account]));
  for (const name of names) {
    const account = byName.get(name);
    if (!account) throw notFound(name);
    demandActive(account);
  }
  return byName;
}

function demandActive(account: Account): Account {
  if (account.status === AccountStatus.ACTIVE) return account;
  const { name } = account;
  const status = AccountStatusCodec.name(account.status);
  throw new AccountNotFound(
    `Account '${name}' is ${status}: it takes part again once it is ACTIVE`,
    {
      account: name,
      status,
    },
  );
}

/** The accounts with these ids. */
export async function accountsById(
  tx: Tx,
  ids: readonly AccountId[],
): Promise<Map<AccountId, Account>> {
  if (ids.length === 0) return new Map();
  const byId = accountsWhere(sql`a.id = ANY(${[...ids]}::int[])`);
  const found = await rows<Account>(tx, prepared('accounts-by-id', byId));
  return new Map(found.map((account) => [account.id, account]));
}

/** Addresses of those of these accounts that are active and have one, by name of the account. */
export const addressesOf = (tx: Tx, names: readonly string[]): Promise<Map<string, string>> =>
  names.length === 0
    ? Promise.resolve(new Map<string, string>())
    : addressesWhere(tx, sql`a.name = ANY (${[...names]})`);

/** Addresses of the active accounts that are admins (root is one by its name). */
export const adminAddresses = async (tx: Tx): Promise<string[]> => {
  const found = await addressesWhere(
    tx,
    sql`a.name = ${ROOT} OR EXISTS (SELECT FROM account_attributes t
          WHERE t.account_id = a.id AND t.key = 'admin' AND t.value = 'true')`,
  );
  return [...found.values()];
};

async function addressesWhere(tx: Tx, condition: Sql): Promise<Map<string, string>> {
  const accounts = await selectAccounts(tx, condition);
  return new Map(
    accounts.flatMap(({ name, email, status }) =>
      email && status === AccountStatus.ACTIVE ? [[name, email] as const] : [],
    ),
  );
}

/** Inserts an account; undefined if the name is taken. */
export async function insertAccount(
  tx: Tx,
  account: { readonly name: string; readonly type: AccountType; readonly email: string | null },
): Promise<AccountId | undefined> {
  const row = await one<{ id: AccountId }>(
    tx,
    sql`INSERT INTO accounts (name, type, email)
        VALUES (${account.name}, ${account.type}, ${account.email})
        ON CONFLICT (name) DO NOTHING RETURNING id`,
  );
  return row?.id;
}

/** Sets the status with the time it began. */
export async function writeAccountStatus(
  tx: Tx,
  id: AccountId,
  status: AccountStatus,
): Promise<void> {
  const suspended = status === AccountStatus.SUSPENDED;
  const deleted = status === AccountStatus.DELETED;
  await execute(
    tx,
    sql`UPDATE accounts SET status = ${status}, updated_at = now(),
          suspended_at = CASE WHEN ${suspended} THEN now() ELSE NULL END,
          deleted_at = CASE WHEN ${deleted} THEN now() ELSE NULL END
        WHERE id = ${id}`,
  );
}

/** Sets the account's address. */
export async function writeAccountEmail(
  tx: Tx,
  id: AccountId,
  email: string | null,
): Promise<void> {
  await execute(tx, sql`UPDATE accounts SET email = ${email}, updated_at = now() WHERE id = ${id}`);
}
