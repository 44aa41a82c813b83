import { ring, type Tx, violatedConstraint } from '../db/index.js';
import { DataIdentifierAlreadyExists, ScopeNotFound } from '../errors/index.js';
import { type AccountId, Channel, type DidName } from '../vocabulary/index.js';
import { type Did, nameOf } from './did.js';
import { type CollectionSpec, type FileSpec, insertCollections, upsertFiles } from './did.sql.js';

/** Runs an insert of names; the scope that is missing becomes a fact. */
export async function inKnownScopes<T>(
  names: readonly DidName[],
  insert: () => Promise<T>,
): Promise<T> {
  try {
    return await insert();
  } catch (error) {
    if (violatedConstraint(error) !== 'dids_scope_fkey') throw error;
    const { detail } = error as { detail?: unknown };
    const named =
      typeof detail === 'string' ? /\(scope\)=\(([^)]*)\)/.exec(detail)?.[1] : undefined;
    const scope = named ?? names[0]?.scope;
    throw new ScopeNotFound(`Scope '${scope}' does not exist`, { scope });
  }
}

/**
 * Makes the file names that are missing; those that exist stay as
 * they are. Resolve ids afterwards, by a statement of its own. Throws ScopeNotFound.
 */
export async function insertFiles(
  tx: Tx,
  accountId: AccountId,
  files: readonly FileSpec[],
): Promise<void> {
  if (files.length === 0) return;
  await inKnownScopes(files, () => upsertFiles(tx, accountId, files));
}

/**
 * Adds datasets and containers, all or none, in the order given. They are open and marked new, and
 * the transmogrifier is told.
 * Throws ScopeNotFound, DataIdentifierAlreadyExists (the name is taken, or given twice).
 */
export async function addDids(
  tx: Tx,
  accountId: AccountId,
  specs: readonly CollectionSpec[],
): Promise<Did[]> {
  if (specs.length === 0) return [];
  const made = await inKnownScopes(specs, () => insertCollections(tx, accountId, specs));
  const byName = new Map(made.map((did) => [nameOf(did), did]));
  const added = specs.map((spec) => {
    const did = byName.get(nameOf(spec));
    byName.delete(nameOf(spec));
    if (did) return did;
    throw new DataIdentifierAlreadyExists(`Data Identifier '${nameOf(spec)}' already exists`, {
      scope: spec.scope,
      name: spec.name,
    });
  });
  await ring(tx, Channel.NEW_DIDS);
  return added;
}
