import { InvalidPath } from '../../errors/index.js';
import { normalisePath, safePath } from './path.js';

/** Where a protocol reaches a storage: what every physical name there begins with. */
export interface Endpoint {
  readonly scheme: string;
  readonly hostname: string;
  /** 0 where the scheme's own port is meant and printed as 0, as clients do. */
  readonly port: number;
  readonly prefix: string;
  /** `web_service_path` of srm stands between port and prefix. */
  readonly extendedAttributes?: Readonly<Record<string, unknown>> | null | undefined;
}

/** The parts of a physical file name. The path has single slashes and one in front. */
export interface Pfn {
  readonly scheme: string;
  readonly hostname: string;
  /** null where the name prints none. */
  readonly port: number | null;
  readonly path: string;
  /** What follows the first `?`, mostly a signature; empty if nothing does. */
  readonly query: string;
}

/** What a name without a port means. */
const STANDARD_PORTS: Readonly<Record<string, number>> = {
  http: 80,
  https: 443,
  dav: 80,
  davs: 443,
  s3: 443,
  root: 1094,
  srm: 8443,
};

/** With the leading and the trailing slash that clients force; further slashes in front stay (root). */
function fullPrefix(prefix: string): string {
  const led = prefix.startsWith('/') ? prefix : `/${prefix}`;
  return led.endsWith('/') ? led : `${led}/`;
}

/**
 * The physical name of a path at an endpoint: `scheme://hostname:port/prefix/path`. The port is
 * always printed, except for `file`, which has none. Throws InvalidPath where the path would leave
 * the prefix.
 */
export function pfnOf(endpoint: Endpoint, path: string): string {
  const { scheme, hostname, port, prefix, extendedAttributes } = endpoint;
  const host = scheme === 'file' ? hostname : `${hostname}:${port}`;
  const servicePath = extendedAttributes?.['web_service_path'];
  const service = scheme === 'srm' && typeof servicePath === 'string' ? servicePath : '';
  const below = safePath(path.startsWith('/') ? path.slice(1) : path);
  return `${scheme}://${host}${service}${fullPrefix(prefix)}${below}`;
}

const PFN =
  /^([a-z][a-z0-9+.-]*):\/\/(\[[0-9a-f:.]+\]|[^/?#:@\s]*)(?::(\d{1,5}))?([^?]*)(?:\?(.*))?$/i;

/**
 * Takes a physical name apart. Repeated slashes are one, as storages read them; of srm the path is
 * what follows `SFN=`. Throws InvalidPath for what is no physical name, or climbs by `..`.
 */
export function parsePfn(pfn: string): Pfn {
  const found = PFN.exec(pfn);
  const [, scheme, hostname, port, path, query = ''] = found ?? [];
  if (scheme === undefined || hostname === undefined || (path !== '' && !path?.startsWith('/'))) {
    throw new InvalidPath(`'${pfn}' is not a physical file name (scheme://host:port/path)`, {
      pfn,
    });
  }
  const sfn = scheme.toLowerCase() === 'srm' ? /(?:^|&)SFN=(.*)$/.exec(query)?.[1] : undefined;
  return {
    scheme: scheme.toLowerCase(),
    hostname: hostname.toLowerCase(),
    port: port === undefined ? null : Number(port),
    path: normalisePath(sfn ?? path),
    query: sfn === undefined ? query : '',
  };
}

function samePort({ scheme, port }: Endpoint, named: number | null): boolean {
  if (scheme === 'file' || named === port) return true;
  const standard = STANDARD_PORTS[scheme] ?? 0;
  return (named ?? standard) === (port || standard);
}

/**
 * The path of a physical name below the prefix of an endpoint, with single slashes and one in front
 * (the form in which copies at non-deterministic RSEs keep it). Undefined where the name belongs to
 * another scheme, host, port or prefix. Signatures behind `?` do not matter.
 */
export function pathUnder(endpoint: Endpoint, pfn: Pfn): string | undefined {
  const prefix = normalisePath(fullPrefix(endpoint.prefix));
  const here =
    pfn.scheme === endpoint.scheme &&
    pfn.hostname === endpoint.hostname.toLowerCase() &&
    samePort(endpoint, pfn.port) &&
    pfn.path.startsWith(prefix) &&
    pfn.path.length > prefix.length;
  return here ? pfn.path.slice(prefix.length - 1) : undefined;
}
