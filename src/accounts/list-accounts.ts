import { join, lit, sql, type Tx } from '../db/index.js';
import { AccountStatus, type AccountType } from '../vocabulary/index.js';
import { type Account, selectAccounts } from './account.sql.js';

/** What the listed accounts have in common. */
export interface AccountFilter {
  readonly type?: AccountType | undefined;
  /** An account's name, in which `*` stands for any text. */
  readonly name?: string | undefined;
  /** An identity of any type that speaks for the account. */
  readonly identity?: string | undefined;
  readonly attributes?: Readonly<Record<string, string>> | undefined;
}

/** The ACTIVE accounts that match all of the filter, by name. */
export async function listAccounts(tx: Tx, filter: AccountFilter = {}): Promise<Account[]> {
  const { type, name, identity, attributes = {} } = filter;
  const terms = [sql`a.status = ${lit(AccountStatus.ACTIVE)}`];
  if (type !== undefined) terms.push(sql`a.type = ${type}`);
  if (name !== undefined) terms.push(sql`a.name LIKE ${likePattern(name)}`);
  if (identity !== undefined) {
    terms.push(sql`EXISTS (SELECT FROM account_identities m
      JOIN identities i ON i.id = m.identity_id
      WHERE m.account_id = a.id AND i.identity = ${identity})`);
  }
  for (const [key, value] of Object.entries(attributes)) {
    terms.push(sql`EXISTS (SELECT FROM account_attributes t
      WHERE t.account_id = a.id AND t.key = ${key} AND t.value = ${value})`);
  }
  return await selectAccounts(tx, join(terms, ' AND '));
}

const likePattern = (name: string): string => name.replace(/[\\%_]/g, '\\$&').replaceAll('*', '%');
