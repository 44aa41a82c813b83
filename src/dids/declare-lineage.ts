import { type Tx } from '../db/index.js';
import { DataIdentifierNotFound, UnsupportedOperation } from '../errors/index.js';
import { type DidName } from '../vocabulary/index.js';
import { type Did, nameOf } from './did.js';
import { holdExpiring } from './expiring.sql.js';
import { findDid, findDids } from './find-dids.js';
import { deleteLinks, findLoop, insertLinks, lockLineage } from './lineage.sql.js';

/** What one DID was made from. */
export interface Derivation {
  readonly child: DidName;
  readonly parents: readonly DidName[];
}

/**
 * Declares what DIDs of any type were made from, all or nothing, by as many statements as for one;
 * saying it again changes nothing. It is a fact about how data came to be, beside what is attached to
 * what: no rule and no size depends on it.
 * Throws DataIdentifierNotFound, UnsupportedOperation (a DID would be derived from itself).
 */
export async function declareLineage(tx: Tx, derivations: readonly Derivation[]): Promise<void> {
  const links = derivations.flatMap(({ child, parents }) =>
    parents.map((parent) => ({ child, parent })),
  );
  await holdExpiring(tx, [
    ...derivations.map(({ child }) => child),
    ...links.map((it) => it.parent),
  ]);
  const dids = await findDids(
    tx,
    derivations.map(({ child }) => child),
  );
  if (links.length === 0) return;
  const parents = await findDids(
    tx,
    links.map(({ parent }) => parent),
  );
  const children = new Map(dids.map((did) => [nameOf(did), did]));
  const found = links.map(({ child }, at) => ({
    child: children.get(nameOf(child)) as Did,
    parent: parents[at] as Did,
  }));
  const self = found.find(({ child, parent }) => child.id === parent.id);
  if (self) throw loop(self.child);
  await lockLineage(tx);
  await insertLinks(
    tx,
    found.map(({ child, parent }) => ({ childId: child.id, parentId: parent.id })),
  );
  const looped = await findLoop(
    tx,
    dids.map(({ id }) => id),
  );
  if (looped !== undefined) throw loop(dids.find(({ id }) => id === looped) as Did);
}

const loop = (did: Did): UnsupportedOperation =>
  new UnsupportedOperation(`'${nameOf(did)}' would be derived from itself`, {
    scope: did.scope,
    name: did.name,
  });

/** Takes a declaration back, all or nothing. Throws DataIdentifierNotFound, also where it was never made. */
export async function withdrawLineage(tx: Tx, { child, parents }: Derivation): Promise<void> {
  const did = await findDid(tx, child);
  const found = await findDids(tx, parents);
  const gone = new Set(
    await deleteLinks(
      tx,
      did.id,
      found.map(({ id }) => id),
    ),
  );
  const missing = found.find(({ id }) => !gone.has(id));
  if (!missing) return;
  throw new DataIdentifierNotFound(`'${nameOf(did)}' is not derived from '${nameOf(missing)}'`, {
    scope: missing.scope,
    name: missing.name,
  });
}
