import { addAccount } from '../../src/accounts/index.js';
import { type Database } from '../../src/db/index.js';
import { addDids, attachDids, type Did, findDid, insertFiles } from '../../src/dids/index.js';
import { addScope } from '../../src/scopes/index.js';
import { AccountType, DidType } from '../../src/vocabulary/index.js';

/** Shorthand for what specs need in the catalogue, made by the rooms' own verbs. */
export interface Lake {
  readonly db: Database;
  /** The account that owns what the verbs below make. */
  readonly accountId: number;
  readonly scope: string;
  account(name: string): Promise<number>;
  dataset(name: string): Promise<Did>;
  container(name: string): Promise<Did>;
  /** Files of 100 bytes with adler32 1. */
  files(...names: string[]): Promise<Did[]>;
  attach(parent: string, ...children: string[]): Promise<void>;
  did(name: string): Promise<Did>;
}

/** An account `shore` with a scope `km3net`, and verbs that fill it. */
export async function lake(db: Database, scope = 'km3net'): Promise<Lake> {
  const account = (name: string) =>
    db.tx((tx) => addAccount(tx, { name, type: AccountType.SERVICE, email: null }));
  const accountId = await account('shore');
  await db.tx((tx) => addScope(tx, scope, accountId));
  const named = (names: readonly string[]) => names.map((name) => ({ scope, name }));
  const did = (name: string) => db.tx((tx) => findDid(tx, { scope, name }));
  const collection = async (name: string, type: 'D' | 'C') => {
    const [made] = await db.tx((tx) => addDids(tx, accountId, [{ scope, name, type }]));
    return made as Did;
  };
  return {
    db,
    accountId,
    scope,
    account,
    did,
    dataset: (name) => collection(name, DidType.DATASET),
    container: (name) => collection(name, DidType.CONTAINER),
    async files(...names) {
      const files = named(names).map((it) => ({ ...it, bytes: 100n, adler32: 1, md5: null }));
      await db.tx((tx) => insertFiles(tx, accountId, files));
      return await Promise.all(names.map(did));
    },
    attach: (parent, ...children) =>
      db.tx((tx) => attachDids(tx, { scope, name: parent }, named(children))),
  };
}
