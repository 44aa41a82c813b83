import { type Principal } from '../../accounts/index.js';
import { type Tx } from '../../db/index.js';
import { resolveDids } from '../../dids/index.js';
import { ScopeNotFound } from '../../errors/index.js';
import { type Meta } from '../../metadata/index.js';
import { givenPath } from '../../replicas/index.js';
import { findRse, protocolsOf, type Rse } from '../../rses/index.js';
import { demandOpen, scopesByName } from '../../scopes/index.js';
import { type DidName, DidType } from '../../vocabulary/index.js';
import { demandScopes } from '../dids/did-name.js';
import { demandWritable, demandWriter } from '../replicas/write-facts.js';
import { type DiracFile, type DiracFiles } from './dirac.request.js';
import { type Directory, directoriesOf, isDirectory } from './logical-path.js';

/** A file that is not in the catalogue yet. */
export interface FreshFile extends DidName {
  readonly bytes: bigint;
  readonly adler32: number | null;
  readonly meta: Meta;
  /** Below the protocols' prefixes, where the RSE is not deterministic. */
  readonly path: string | null;
  readonly directory: Directory;
}

/** The new files at one storage element. */
export interface FreshFiles {
  readonly rse: Rse;
  readonly files: readonly FreshFile[];
}

export interface DiracFacts {
  /** By the name of the storage element, each with one file at least. */
  readonly groups: readonly FreshFiles[];
  /** The directories of the new files, by path. */
  readonly directories: ReadonlyMap<string, Directory>;
}

/** The storage elements that are named, by name, in its order. Throws RSENotFound. */
export async function rsesOf(tx: Tx, { files }: DiracFiles): Promise<Rse[]> {
  const names = [...new Set(files.map(({ rse }) => rse))].sort();
  const rses: Rse[] = [];
  for (const name of names) rses.push(await findRse(tx, name));
  return rses;
}

/**
 * What a request is about, once the caller may do it: what is new in it. As in Rucio, rights are asked
 * for the files' scopes and storage elements; the directories above them come along.
 *
 * Throws RSENotFound, AccessDenied, ResourceTemporaryUnavailable, ScopeNotFound, UnsupportedOperation
 * (a directory that would be a file, or hold both), InvalidPath (a PFN that is not right).
 */
export async function factsOf(tx: Tx, asked: DiracFiles, caller: Principal): Promise<DiracFacts> {
  const rses = await rsesOf(tx, asked);
  for (const rse of rses) {
    await demandWriter(tx, caller, rse);
    demandWritable(rse, caller, asked.ignoreAvailability);
  }
  await demandScopes(tx, caller, asked.files, 'add files');
  const fresh = await freshOf(tx, asked.files);
  const directories = directoriesOf(fresh.map(({ name }) => name));
  await demandExisting(tx, [...fresh, ...directories.values()], fresh);
  const protocols = await protocolsOf(
    tx,
    rses.map(({ id }) => id),
  );
  const groups = rses.map((rse) => {
    const files = fresh.filter((file) => file.rse === rse.name);
    return { rse, files: files.map((file) => placed(rse, file)) };
  });
  return { groups: groups.filter(({ files }) => files.length > 0), directories };

  function placed(rse: Rse, { pfn, rse: _, ...file }: DiracFile): FreshFile {
    const path = pfn === null ? null : givenPath(rse, protocols.get(rse.id) ?? [], file, pfn);
    const directory = directories.get(file.name.slice(0, file.name.lastIndexOf('/')));
    return { ...file, path: path ?? null, directory: directory as Directory };
  }
}

/** The files that are not known yet. Throws UnsupportedOperation where one is known as a directory. */
async function freshOf(tx: Tx, files: readonly DiracFile[]): Promise<DiracFile[]> {
  const known = await resolveDids(tx, files);
  const other = known.find(({ type }) => type !== DidType.FILE);
  if (other) throw isDirectory(other.name);
  const names = new Set(known.map(({ name }) => name));
  return files.filter(({ name }) => !names.has(name));
}

/** Throws ScopeNotFound, UnsupportedOperation where a new file would be in a closed scope. */
async function demandExisting(
  tx: Tx,
  names: readonly DidName[],
  files: readonly DidName[],
): Promise<void> {
  const asked = [...new Set(names.map(({ scope }) => scope))];
  const scopes = await scopesByName(tx, asked);
  const missing = asked.find((scope) => !scopes.has(scope));
  if (missing === undefined)
    return demandOpen(files.flatMap(({ scope }) => scopes.get(scope) ?? []));
  const { name } = names.find(({ scope }) => scope === missing) as DidName;
  throw new ScopeNotFound(`Scope '${missing}' does not exist, which '${name}' is in`, {
    scope: missing,
  });
}
