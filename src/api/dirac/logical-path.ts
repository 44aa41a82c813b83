import { InvalidPath, UnsupportedOperation } from '../../errors/index.js';
import { type DidName, DidType, scopeOfLfn } from '../../vocabulary/index.js';

/** A directory of DIRAC's name space: a dataset where files are in it, a container above that. */
export interface Directory extends DidName {
  readonly type: typeof DidType.DATASET | typeof DidType.CONTAINER;
  /** The directory it is in; null for the virtual organisation's own. */
  readonly parent: string | null;
}

/**
 * A logical file name as the name of a file. Throws InvalidPath for what is not
 * `/<VO>/<directory>/…/<file>`: the VO's own directory has directories in it, not files.
 */
export function didOfLfn(lfn: string): DidName {
  if (/^(\/[^/]+){3,}$/.test(lfn)) return { scope: scopeOfLfn(lfn), name: lfn };
  throw new InvalidPath(
    `'${lfn.slice(0, 80)}' is no logical file name: /<VO>/<directory>/…/<file> is one`,
    { lfn },
  );
}

/** The directories above a file, nearest first. */
function directoriesAbove(lfn: string): string[] {
  const parts = lfn.split('/').slice(0, -1);
  return parts.slice(1).map((_, at) => parts.slice(0, parts.length - at).join('/'));
}

const conflict = (path: string, problem: string): UnsupportedOperation =>
  new UnsupportedOperation(`'${path}' ${problem}`, { path });

/** The fact that what would be a file is a directory. */
export const isDirectory = (path: string): UnsupportedOperation =>
  conflict(path, 'is a directory, and cannot be a file');

/** The fact that a directory holds files and cannot hold directories, or the other way round. */
export const wrongKind = ({ name, type }: Directory): UnsupportedOperation =>
  type === DidType.DATASET
    ? conflict(name, 'holds directories: files cannot be added to it')
    : conflict(name, 'holds files, or is one: directories cannot be added to it');

/**
 * The directories of files, once each. Throws UnsupportedOperation where one would hold files and
 * directories, or has the name of a file.
 */
export function directoriesOf(lfns: readonly string[]): Map<string, Directory> {
  const files = new Set(lfns);
  const directories = new Map<string, Directory>();
  for (const lfn of files) {
    const above = directoriesAbove(lfn);
    for (const [at, name] of above.entries()) {
      const type = at === 0 ? DidType.DATASET : DidType.CONTAINER;
      const known = directories.get(name);
      // What is above a known directory is known.
      if (known?.type === type) break;
      const directory = { scope: scopeOfLfn(name), name, type, parent: above[at + 1] ?? null };
      if (known) throw conflict(name, 'cannot hold files and directories');
      if (files.has(name)) throw wrongKind(directory);
      directories.set(name, directory);
    }
  }
  return directories;
}
