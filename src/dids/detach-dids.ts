import { ring, type Tx } from '../db/index.js';
import { DataIdentifierNotFound, UnsupportedOperation } from '../errors/index.js';
import { Channel, type DidName, DidType } from '../vocabulary/index.js';
import { deleteContents } from './content.sql.js';
import { nameOf } from './did.js';
import { selectDidForShare } from './did.sql.js';
import { notFound } from './find-dids.js';

/**
 * Detaches children from a dataset or container, all or none; kept in the history, told to the judge.
 * Throws DataIdentifierNotFound (no such collection, or a child is not in it), UnsupportedOperation
 * (a DID from itself).
 */
export async function detachDids(
  tx: Tx,
  parentName: DidName,
  children: readonly DidName[],
): Promise<void> {
  const parent = await selectDidForShare(tx, parentName);
  if (!parent || parent.type === DidType.FILE) throw notFound(parentName);
  if (children.some(({ scope, name }) => scope === parent.scope && name === parent.name)) {
    throw new UnsupportedOperation(`'${nameOf(parent)}' cannot be detached from itself`, {
      scope: parent.scope,
      name: parent.name,
    });
  }
  if (children.length === 0) return;
  const missing = await deleteContents(tx, parent, children);
  if (missing) {
    throw new DataIdentifierNotFound(
      `Data identifier '${nameOf(missing)}' is not attached to '${nameOf(parent)}'`,
      { scope: missing.scope, name: missing.name },
    );
  }
  await ring(tx, Channel.EVALUATION);
}
