import { type Tx, violatedConstraint } from '../db/index.js';
import { ScopeNotFound, UnsupportedOperation } from '../errors/index.js';
import { ScopeStatus } from '../vocabulary/index.js';
import { deleteScopeRow, type Scope, scopesByName, writeScopeStatus } from './scope.sql.js';

/** Whether a scope takes no new names. */
export const isClosed = ({ status }: Pick<Scope, 'status'>): boolean =>
  status === ScopeStatus.CLOSED;

/** Throws UnsupportedOperation where one of the scopes takes no new names. */
export function demandOpen(scopes: Iterable<Scope>): void {
  for (const scope of scopes) {
    if (!isClosed(scope)) continue;
    throw new UnsupportedOperation(
      `Scope '${scope.name}' is closed and takes no new names: open it, or use another`,
      { scope: scope.name },
    );
  }
}

/** The scopes of these names. Throws ScopeNotFound where one is missing. */
export async function existingScopes(
  tx: Tx,
  names: readonly string[],
): Promise<Map<string, Scope>> {
  const found = await scopesByName(tx, names);
  const missing = names.find((name) => !found.has(name));
  if (missing === undefined) return found;
  throw new ScopeNotFound(`Scope '${missing}' does not exist`, { scope: missing });
}

/** Closes a scope, or opens it again: OPEN or CLOSED. What is there stays as it is. Throws ScopeNotFound. */
export async function setScopeStatus(
  tx: Tx,
  name: string,
  status: Exclude<ScopeStatus, 'D'>,
): Promise<void> {
  if (await writeScopeStatus(tx, name, status)) return;
  throw new ScopeNotFound(`Scope '${name}' does not exist`, { scope: name });
}

/**
 * Deletes a scope in which there is no name, so that the name of the scope is free again. A name that
 * is being added at this moment is waited for. Throws ScopeNotFound, UnsupportedOperation (not empty).
 */
export async function deleteScope(tx: Tx, name: string): Promise<void> {
  try {
    if (await deleteScopeRow(tx, name)) return;
  } catch (error) {
    if (violatedConstraint(error) !== 'dids_scope_fkey') throw error;
    throw new UnsupportedOperation(
      `Scope '${name}' is not empty: only a scope without DIDs can be deleted; it can be closed`,
      { scope: name },
    );
  }
  throw new ScopeNotFound(`Scope '${name}' does not exist`, { scope: name });
}
