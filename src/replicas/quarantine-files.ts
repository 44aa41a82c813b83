import { rows, sql, type Tx } from '../db/index.js';
import { listRses, normalisePath, pfnOf, protocolsOf, type Rse } from '../rses/index.js';
import { ResourceTemporaryUnavailable, UnsupportedOperation } from '../errors/index.js';
import { type AccountId, type DidId, type DidName } from '../vocabulary/index.js';
import { copyPath, tellsNames } from './copy-path.js';
import { didsOfPaths } from './dids-of-paths.js';
import { findByPfns, whereabouts } from './find-by-pfn.js';
import { adoptDark, type DarkFile, hasDark, quarantine } from './quarantine.sql.js';
import { grantedPaths } from './upload-grant.sql.js';

/**
 * Quarantines files that somebody found at a storage. A path at which the catalogue has a copy, in
 * whatever state, is passed over: it is not dark. Gives how many are in quarantine now. Throws
 * InvalidPath for a path that leaves the prefix, and UnsupportedOperation where nobody can tell whose
 * a path is.
 */
export async function quarantineFiles(
  tx: Tx,
  rse: Rse,
  found: readonly DarkFile[],
  by: { readonly accountId: AccountId; readonly now: Date },
): Promise<number> {
  if (!tellsNames(rse)) {
    throw new UnsupportedOperation(
      `What stands at ${rse.name} cannot be quarantined: its lfn2pfn_algorithm does not tell which file a path is`,
      { rse: rse.name },
    );
  }
  const files = found.map((file) => ({ ...file, path: normalisePath(file.path) }));
  const known = await pathsOfCopies(
    tx,
    rse,
    files.map(({ path }) => path),
  );
  const dark = files.filter(({ path }) => !known.has(path));
  return dark.length === 0 ? 0 : await quarantine(tx, rse.id, dark, by);
}

/**
 * Which of these paths somebody still counts on: a copy of the catalogue stands there, in whatever
 * state, or an account was given a URL to write there. All of them where nobody can tell.
 */
export async function pathsInUse(tx: Tx, rse: Rse, paths: readonly string[]): Promise<Set<string>> {
  if (!tellsNames(rse)) return new Set(paths);
  const known = await pathsOfCopies(tx, rse, paths);
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

/** Which of these paths are a copy's of the catalogue, at this RSE or at one that shares its storage. */
const pathsOfCopies = async (tx: Tx, rse: Rse, paths: readonly string[]): Promise<Set<string>> =>
  new Set([...(await knownPaths(tx, rse, paths)), ...(await pathsOfNeighbours(tx, rse, paths))]);

/**
 * Which of these paths are copies of other RSEs: several may be at one host, and one's prefix within
 * another's. Of a neighbour that does not tell names, every path below its prefix may be a copy.
 */
async function pathsOfNeighbours(
  tx: Tx,
  rse: Rse,
  paths: readonly string[],
): Promise<readonly string[]> {
  const all = await listRses(tx);
  const protocols = await protocolsOf(
    tx,
    all.map(({ id }) => id),
  );
  const own = protocols.get(rse.id) ?? [];
  const hosts = new Set(own.map(({ hostname }) => hostname.toLowerCase()));
  const neighbours = all
    .filter(({ id }) => id !== rse.id)
    .map((each) => ({ rse: each, protocols: protocols.get(each.id) ?? [] }))
    .filter((each) => each.protocols.some(({ hostname }) => hosts.has(hostname.toLowerCase())));
  if (neighbours.length === 0) return [];
  const pathOf = new Map(
    paths.flatMap((path) => own.map((protocol) => [pfnOf(protocol, path), path] as const)),
  );
  const pfns = [...pathOf.keys()];
  const copied = (await findByPfns(tx, neighbours, pfns)).filter((found) => found.copied);
  const untold = pfns.filter((pfn) =>
    whereabouts(neighbours, pfn).some((at) => !tellsNames(at.rse)),
  );
  return [...copied.map(({ pfn }) => pfn), ...untold].map((pfn) => pathOf.get(pfn) ?? '');
}

/** Which of these paths are a copy's of this RSE. */
async function knownPaths(tx: Tx, rse: Rse, paths: readonly string[]): Promise<Set<string>> {
  const registered = await rows<{ path: string }>(
    tx,
    sql`SELECT p.path FROM replica_paths p WHERE p.rse_id = ${rse.id} AND p.path = ANY(${[...paths]}::text[])`,
  );
  const known = new Set(registered.map(({ path }) => path));
  if (!rse.deterministic) return known;
  const dids = await didsOfPaths(
    tx,
    paths.map((path) => ({ rse, path })),
  );
  const copies = await rows<{ didId: DidId }>(
    tx,
    sql`SELECT did_id AS "didId" FROM replicas
         WHERE did_id = ANY(${dids.flat().map(({ didId }) => didId)}::bigint[]) AND rse_id = ${rse.id}`,
  );
  const there = new Set(copies.map(({ didId }) => didId));
  for (const [at, path] of paths.entries()) {
    if (dids[at]?.some(({ didId }) => there.has(didId))) known.add(path);
  }
  return known;
}
