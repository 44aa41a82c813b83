import { rows, sql, type Tx } from '../db/index.js';
import { resolveDids } from '../dids/index.js';
import { normalisePath, type Rse } from '../rses/index.js';
import { ResourceTemporaryUnavailable } from '../errors/index.js';
import { type AccountId, type DidId, type DidName } from '../vocabulary/index.js';
import { copyPath, namesOfPath } from './copy-path.js';
import { adoptDark, type DarkFile, hasDark, quarantine } from './quarantine.sql.js';
import { grantedPaths } from './upload-grant.sql.js';

/**
 * Quarantines files that somebody found at a storage. A path at which the catalogue has a copy, in
 * whatever state, is passed over: it is not dark. Gives how many are in quarantine now. Throws
 * InvalidPath for a path that leaves the prefix.
 */
export async function quarantineFiles(
  tx: Tx,
  rse: Rse,
  found: readonly DarkFile[],
  by: { readonly accountId: AccountId; readonly now: Date },
): Promise<number> {
  const files = found.map((file) => ({ ...file, path: normalisePath(file.path) }));
  const known = await knownPaths(
    tx,
    rse,
    files.map(({ path }) => path),
  );
  const dark = files.filter(({ path }) => !known.has(path));
  return dark.length === 0 ? 0 : await quarantine(tx, rse.id, dark, by);
}

/**
 * Which of these paths somebody still counts on: a copy of the catalogue stands there, in whatever
 * state, or an account was given a URL to write there.
 */
export async function pathsInUse(tx: Tx, rse: Rse, paths: readonly string[]): Promise<Set<string>> {
  const known = await knownPaths(tx, rse, paths);
  for (const path of await grantedPaths(tx, rse.id, paths)) known.add(path);
  return known;
}

/**
 * Files that are about to be registered are not dark any more. Before their copies are made: the
 * dark-reaper claims what is in quarantine, and looks for copies only afterwards. Throws
 * ResourceTemporaryUnavailable where it is deleting one of them at this moment.
 */
export async function leaveQuarantine(
  tx: Tx,
  rse: Rse,
  files: readonly (DidName & { readonly path?: string | null })[],
  now: Date,
): Promise<void> {
  if (!(await hasDark(tx, rse.id))) return;
  const paths = files.map((file) => normalisePath(copyPath(rse, file, file.path ?? null)));
  const [claimed] = await adoptDark(tx, rse.id, paths, now);
  if (claimed === undefined) return;
  throw new ResourceTemporaryUnavailable(
    `What stands at ${rse.name}${claimed} was in no catalogue and is being deleted; look again in some minutes`,
    { rse: rse.name, path: claimed },
  );
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
