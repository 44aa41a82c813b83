import { InvalidPath } from '../errors/index.js';
import {
  chooseProtocols,
  DEFAULT_ALGORITHM,
  normalisePath,
  parsePfn,
  pathOf,
  pathUnder,
  pfnOf,
  type Rse,
  type RseProtocol,
} from '../rses/index.js';
import { type DidName, scopeOfLfn } from '../vocabulary/index.js';

/**
 * The path of a file at an RSE below any protocol's prefix: computed where the RSE is deterministic,
 * else the one that was registered. Throws InvalidPath where there is none.
 */
export function copyPath(rse: Rse, file: DidName, registered: string | null): string {
  if (registered !== null) return registered;
  if (rse.deterministic) return pathOf(algorithmOf(rse), file.scope, file.name);
  throw new InvalidPath(`The path of ${file.scope}:${file.name} at ${rse.name} is not known`, {
    scope: file.scope,
    name: file.name,
    rse: rse.name,
  });
}

/** How names become paths at this RSE. */
export const algorithmOf = (rse: Rse): string =>
  rse.attributes['lfn2pfn_algorithm'] ?? DEFAULT_ALGORITHM;

/**
 * The path that a registration's PFN names, for an RSE that is not deterministic (undefined where it
 * is: there the PFN only has to be the right one). Throws InvalidPath.
 */
export function givenPath(
  rse: Rse,
  protocols: readonly RseProtocol[],
  file: DidName,
  pfn: string,
): string | undefined {
  const parsed = parsePfn(pfn);
  const below = protocols
    .map((protocol) => pathUnder(protocol, parsed))
    .find((path) => path !== undefined);
  if (below === undefined) {
    throw new InvalidPath(`The PFN ${pfn} is below no protocol of ${rse.name}`, { pfn });
  }
  if (!rse.deterministic) return below;
  const path = copyPath(rse, file, null);
  if (normalisePath(path) === below) return undefined;
  const [right] = expectedPfns(protocols, path, parsed.scheme);
  throw new InvalidPath(
    `The PFN ${pfn} is not the one of ${file.scope}:${file.name} at ${rse.name}` +
      (right === undefined ? '' : `, which is ${right}`),
    { pfn, ...(right !== undefined && { expected: right }) },
  );
}

function expectedPfns(protocols: readonly RseProtocol[], path: string, scheme: string): string[] {
  return (['wan', 'lan'] as const).flatMap((domain) =>
    chooseProtocols(protocols, { domain, operation: 'write', schemes: [scheme] }).map((protocol) =>
      pfnOf(protocol, path),
    ),
  );
}

/**
 * The names that a path at a deterministic RSE may stand for, letter for letter checked by the
 * naming itself. Single slashes lose a name's leading one, so there may be two. Names with repeated
 * slashes are not among them: only the catalogue knows those (didsOfPaths).
 */
export const namesOfPath = (rse: Rse, path: string): DidName[] =>
  candidatesOf(path).filter((file) => isPathOf(rse, path, file));

/** Every name that a path may stand for by some naming, with single slashes. */
export function candidatesOf(path: string): DidName[] {
  const parts = path.split('/').filter((part) => part !== '');
  // A logical file name of DIRAC may be a path whole.
  const whole = `/${parts.join('/')}`;
  const found: DidName[] = [{ scope: scopeOfLfn(whole), name: whole }];
  for (let at = 1; at < parts.length; at++) {
    for (const scope of new Set([parts.slice(0, at).join('.'), parts.slice(0, at).join('/')])) {
      for (const skip of [0, 2]) {
        const rest = parts.slice(at + skip).join('/');
        if (rest === '') continue;
        found.push({ scope, name: rest }, { scope, name: `/${rest}` });
      }
    }
  }
  return found;
}

/** Whether a path is the file's at a deterministic RSE, repeated slashes taken for one. */
export function isPathOf(rse: Rse, path: string, { scope, name }: DidName): boolean {
  try {
    return normalisePath(pathOf(algorithmOf(rse), scope, name)) === normalisePath(path);
  } catch {
    return false;
  }
}

/** Names as different as names may be. */
const PROBES: readonly DidName[] = [
  { scope: 'user.a.b', name: '/c/d' },
  { scope: 'group.e', name: 'f' },
  { scope: 'g.2026', name: 'h/i' },
  { scope: scopeOfLfn('/vo/user/k'), name: '/vo/user/k' },
];

/**
 * Whether the names behind every path of an RSE can be told: the registered ones always, computed ones
 * where namesOfPath undoes the naming. Where it cannot, nobody knows of a path that it is no copy's.
 */
export const tellsNames = (rse: Rse): boolean =>
  !rse.deterministic ||
  PROBES.every((file) => {
    try {
      const found = namesOfPath(rse, normalisePath(copyPath(rse, file, null)));
      return found.some(({ scope, name }) => scope === file.scope && name === file.name);
    } catch {
      return false;
    }
  });
