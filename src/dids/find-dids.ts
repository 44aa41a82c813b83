import { type Tx } from '../db/index.js';
import { DataIdentifierNotFound } from '../errors/index.js';
import { type DidName } from '../vocabulary/index.js';
import { type Did, nameOf } from './did.js';
import { selectDid, selectDids } from './did.sql.js';

/** The fact that a name names nothing. */
export const notFound = (did: DidName): DataIdentifierNotFound =>
  new DataIdentifierNotFound(`Data identifier '${nameOf(did)}' not found`, {
    scope: did.scope,
    name: did.name,
  });

/** The DID of that name. Throws DataIdentifierNotFound. */
export async function findDid(tx: Tx, name: DidName): Promise<Did> {
  const did = await selectDid(tx, name);
  if (!did) throw notFound(name);
  return did;
}

/** The DIDs of these names that exist, in the order asked; a name asked twice comes twice. */
export async function resolveDids(tx: Tx, names: readonly DidName[]): Promise<Did[]> {
  return names.length === 0 ? [] : await selectDids(tx, names);
}

/** The DIDs of all these names, in the order asked. Throws DataIdentifierNotFound for the first gap. */
export async function findDids(tx: Tx, names: readonly DidName[]): Promise<Did[]> {
  const found = await resolveDids(tx, names);
  if (found.length === names.length) return found;
  const gap = names.find(({ scope, name }, at) => {
    const did = found[at];
    return did?.scope !== scope || did.name !== name;
  });
  throw notFound(gap as DidName);
}
