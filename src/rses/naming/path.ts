import { hash as digestOf } from 'node:crypto';
import { InvalidPath } from '../../errors/index.js';

/** From a logical name to the path below a protocol's prefix, without a leading slash. */
export type PathAlgorithm = (scope: string, name: string) => string;

/** Scopes of people and groups become directories: `user.alice` is `user/alice`. */
const scopePath = (scope: string): string =>
  /^(user|group)/.test(scope) ? scope.replaceAll('.', '/') : scope;

/** Spreads names over 65,536 directories by the MD5 of `scope:name`. Source: Rucio's `hash`. */
const hash: PathAlgorithm = (scope, name) => {
  const digest = digestOf('md5', `${scope}:${name}`);
  return `${scopePath(scope)}/${digest.slice(0, 2)}/${digest.slice(2, 4)}/${name}`;
};

/** The name itself below its scope. Names are unique, but `a//b` and `a/b` meet. */
const identity: PathAlgorithm = (scope, name) => `${scopePath(scope)}/${name}`;

/** Every way to name files at a deterministic RSE, by the value of its `lfn2pfn_algorithm`. */
export const ALGORITHMS: ReadonlyMap<string, PathAlgorithm> = new Map([
  ['hash', hash],
  ['identity', identity],
]);

/** What an RSE without the attribute `lfn2pfn_algorithm` uses. */
export const DEFAULT_ALGORITHM = 'hash';

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
  const path = ALGORITHMS.get(algorithm);
  if (!path) {
    const known = [...ALGORITHMS.keys()].join(', ');
    throw new InvalidPath(`No lfn2pfn algorithm '${algorithm}'; there are ${known}`, { algorithm });
  }
  return safePath(path(scope, name));
}
