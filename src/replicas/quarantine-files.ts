import { rows, sql, type Tx } from '../db/index.js';
import { resolveDids } from '../dids/index.js';
import { normalisePath, type Rse } from '../rses/index.js';
import { type AccountId, type DidId } from '../vocabulary/index.js';
import { namesOfPath } from './copy-path.js';
import { type DarkFile, quarantine } from './quarantine.sql.js';

/**
 * Quarantines files that somebody found at a storage. A path at which the catalogue has a copy, in
 * whatever state, is passed over: it is not dark. Gives how many are in quarantine now. Throws
 * InvalidPath for a path that leaves the prefix.
 */
export async function quarantineFiles(
  tx: Tx,
  rse: Rse,
  found: readonly DarkFile[],
  accountId: AccountId,
): Promise<number> {
  const files = found.map((file) => ({ ...file, path: normalisePath(file.path) }));
  const known = await knownPaths(
    tx,
    rse,
    files.map(({ path }) => path),
  );
  const dark = files.filter(({ path }) => !known.has(path));
  return dark.length === 0 ? 0 : await quarantine(tx, rse.id, dark, accountId);
}

/** Which of these paths are a copy's of the catalogue. */
async function knownPaths(tx: Tx, rse: Rse, paths: readonly string[]): Promise<Set<string>> {
  const registered = await rows<{ path: string }>(
    tx,
    sql`SELECT p.path FROM replica_paths p WHERE p.rse_id = ${rse.id} AND p.path = ANY(${[...paths]}::text[])`,
  );
  const known = new Set(registered.map(({ path }) => path));
  if (!rse.deterministic) return known;
  const names = paths.map((path) => ({ path, names: namesOfPath(rse, path) }));
  const dids = await resolveDids(
    tx,
    names.flatMap((each) => each.names),
  );
  const copies = await rows<{ didId: DidId }>(
    tx,
    sql`SELECT did_id AS "didId" FROM replicas
         WHERE did_id = ANY(${dids.map(({ id }) => id)}::bigint[]) AND rse_id = ${rse.id}`,
  );
  const there = new Set(copies.map(({ didId }) => didId));
  const held = new Set(
    dids.filter(({ id }) => there.has(id)).map(({ scope, name }) => `${scope}:${name}`),
  );
  for (const each of names) {
    if (each.names.some(({ scope, name }) => held.has(`${scope}:${name}`))) known.add(each.path);
  }
  return known;
}
