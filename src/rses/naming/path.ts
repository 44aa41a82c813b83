import { InvalidPath } from '../../errors/index.js';
import { ALGORITHMS } from './algorithms/index.js';

/** A part that a server could read as "here" or "one up", or as more than one part. */
function climbs(part: string): boolean {
  const plain = part.replace(/%2e/gi, '.');
  return plain === '.' || plain === '..' || /[\\\x00-\x1f\x7f]|%2f|%5c/i.test(plain);
}

/** What every path has that holds a part that climbs; most have nothing of it. */
const SUSPECT = /[\\%\x00-\x1f\x7f]|(?:^|\/)\.\.?(?:\/|$)/;

/**
 * Refuses a path that may leave its directory: parts `.` and `..` (also percent-encoded), encoded
 * slashes, backslashes and control characters. Gives the path unchanged. Throws InvalidPath.
 */
export function safePath(path: string): string {
  if (SUSPECT.test(path) && path.split('/').some(climbs))
    throw new InvalidPath(`Path '${path}' leaves its directory`, { path });
  return path;
}

/** One spelling per path: a single slash in front and between. Throws InvalidPath as safePath. */
export const normalisePath = (path: string): string => safePath(`/${path}`.replace(/\/+/g, '/'));

/**
 * The path of a file at a deterministic RSE, below the prefix, letter for letter as clients compute
 * it: a name with a leading slash gives a double one (`data/ab/cd//a/b`), which matters where a
 * storage keeps both spellings apart (S3). Compare paths by normalisePath. Throws InvalidPath for an
 * unknown algorithm and for names that would leave the directory.
 */
export function pathOf(algorithm: string, scope: string, name: string): string {
  const known = ALGORITHMS.get(algorithm);
  if (!known) {
    const names = [...ALGORITHMS.keys()].join(', ');
    throw new InvalidPath(`No lfn2pfn algorithm '${algorithm}'; there are ${names}`, { algorithm });
  }
  return safePath(known.path(scope, name));
}

/** Whether two names may get one path by this algorithm; false for one that is not known. */
export const mayMeet = (algorithm: string): boolean => ALGORITHMS.get(algorithm)?.mayMeet ?? false;
