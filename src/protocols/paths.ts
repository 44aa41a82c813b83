import { StorageCause } from '../vocabulary/index.js';
import { type ProtocolEndpoint } from './protocol.js';
import { StorageError } from './storage-error.js';

// CR and LF would end a header line, NUL a file name; the others have no business in a path.

const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * The segments of a path: repeated slashes collapse, `.` and `..` segments, control characters and
 * lone surrogates are refused (PATH_REFUSED) instead of being resolved.
 */
export function pathSegments(path: string): string[] {
  if (CONTROL.test(path)) throw refused(path, 'has a control character');
  if (!isWellFormed(path)) throw refused(path, 'is no Unicode text');
  const segments = path.split('/').filter((segment) => segment !== '');
  if (segments.some((segment) => segment === '.' || segment === '..')) {
    throw refused(path, 'has a relative segment');
  }
  return segments;
}

/**
 * The absolute, decoded path on the server of a path below the prefix: `/prefix/a/b`. Never ends
 * with a slash, always stays under the prefix; only a directory may be the prefix itself ('').
 */
export function serverPath(endpoint: ProtocolEndpoint, path: string): string {
  return absolutePath(endpoint, pathSegments(path));
}

/** Like serverPath, for a file: the empty path is refused. */
export function serverFilePath(endpoint: ProtocolEndpoint, path: string): string {
  const below = pathSegments(path);
  if (below.length === 0) throw refused(path, 'names no file');
  return absolutePath(endpoint, below);
}

const absolutePath = ({ prefix }: ProtocolEndpoint, below: readonly string[]): string =>
  `/${[...pathSegments(prefix), ...below].join('/')}`;

/** The path below the prefix of an absolute server path, or null if it is not below it. */
export function pathBelowPrefix(endpoint: ProtocolEndpoint, absolute: string): string | null {
  const prefix = pathSegments(endpoint.prefix);
  const segments = absolute.split('/').filter((segment) => segment !== '');
  if (prefix.some((segment, i) => segments[i] !== segment)) return null;
  return segments.slice(prefix.length).join('/');
}

/** An absolute server path as it stands in a URL: every segment percent-encoded. */
export function encodePath(absolute: string): string {
  return absolute.split('/').map(encodeURIComponent).join('/');
}

/** The directory of a path below the prefix, '' at the top. */
export function parentOf(path: string): string {
  return pathSegments(path).slice(0, -1).join('/');
}

/** The http(s) URL of a file; `davs` is https, port 0 the scheme's own. */
export function fileUrl(endpoint: ProtocolEndpoint, path: string): URL {
  return urlOfServerPath(endpoint, serverFilePath(endpoint, path));
}

/** `https://host:port` of an endpoint, which is also the audience of its tokens. */
export function endpointOrigin(endpoint: ProtocolEndpoint): string {
  return urlOfServerPath(endpoint, '/').origin;
}

/** The http(s) URL of an absolute server path. Throws NO_PROTOCOL for a host that is none. */
export function urlOfServerPath(endpoint: ProtocolEndpoint, absolute: string): URL {
  const scheme = endpoint.scheme === 'http' ? 'http' : 'https';
  const bare = endpoint.hostname;
  const host = bare.includes(':') && !bare.startsWith('[') ? `[${bare}]` : bare;
  const port = endpoint.port === 0 ? '' : `:${endpoint.port}`;
  const origin = `${scheme}://${host}${port}`;
  if (/[/?#@\s\\]/.test(host) || !URL.canParse(origin)) {
    throw new StorageError(StorageCause.NO_PROTOCOL, `${endpoint.rse}: no such host: ${host}`);
  }
  return new URL(`${origin}${encodePath(absolute)}`);
}

function isWellFormed(text: string): boolean {
  // With the u flag a surrogate matches only where it stands alone.
  return !/[\ud800-\udfff]/u.test(text);
}

function refused(path: string, why: string): StorageError {
  return new StorageError(
    StorageCause.PATH_REFUSED,
    `path ${JSON.stringify(path.slice(0, 300))} ${why}`,
  );
}
