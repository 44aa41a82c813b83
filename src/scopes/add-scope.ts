import { type Tx } from '../db/index.js';
import { Duplicate } from '../errors/index.js';
import { type AccountId } from '../vocabulary/index.js';
import { findScope, insertScope, writeScopeOwner } from './scope.sql.js';

/** Adds a scope owned by the account. Throws Duplicate. The name is checked at the door. */
export async function addScope(tx: Tx, name: string, accountId: AccountId): Promise<void> {
  if (await insertScope(tx, name, accountId)) return;
  throw new Duplicate(`Scope '${name}' already exists`, { scope: name });
}

/** Gives a scope to another account. Throws ScopeNotFound. */
export async function changeScopeOwner(tx: Tx, name: string, accountId: AccountId): Promise<void> {
  await findScope(tx, name);
  await writeScopeOwner(tx, name, accountId);
}
