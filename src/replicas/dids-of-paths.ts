import { rows, sql, type Tx } from '../db/index.js';
import { resolveDids } from '../dids/index.js';
import { type Rse } from '../rses/index.js';
import { type DidId, type DidName } from '../vocabulary/index.js';
import { candidatesOf, isPathOf, namesOfPath } from './copy-path.js';

/** A path at a deterministic RSE. */
export interface ComputedPath {
  readonly rse: Rse;
  readonly path: string;
}

/** A DID of the catalogue. */
export interface PathDid extends DidName {
  readonly didId: DidId;
}

/**
 * The DIDs of the catalogue whose path each of these is, path by path. Mostly none or one; where
 * names are used as paths several names may have the same.
 */
export async function didsOfPaths(
  tx: Tx,
  located: readonly ComputedPath[],
): Promise<readonly (readonly PathDid[])[]> {
  const names = located.map(({ rse, path }) => namesOfPath(rse, path));
  const dids = await resolveDids(tx, names.flat());
  const known = new Map(dids.map(({ id, scope, name }) => [`${scope}:${name}`, id]));
  const candidates = located.map(({ path }) => candidatesOf(path));
  const doubled = await doubledNames(tx, candidates.flat());
  return located.map(({ rse, path }, at) => [
    ...(names[at] ?? []).flatMap(({ scope, name }) => {
      const didId = known.get(`${scope}:${name}`);
      return didId === undefined ? [] : [{ scope, name, didId }];
    }),
    ...new Set(
      (candidates[at] ?? [])
        .flatMap((each) => doubled.get(bareKey(each)) ?? [])
        .filter((did) => isPathOf(rse, path, did)),
    ),
  ]);
}

const bareKey = ({ scope, name }: DidName): string =>
  `${scope}:${name.startsWith('/') ? name.slice(1) : name}`;

/** DIDs with repeated slashes that are these names but for the slashes, by scope and name without them. */
async function doubledNames(
  tx: Tx,
  names: readonly DidName[],
): Promise<ReadonlyMap<string, readonly PathDid[]>> {
  const keys = [...new Map(names.map((each) => [bareKey(each), each])).entries()];
  const scopes = keys.map(([, { scope }]) => scope);
  const bare = keys.map(([key, { scope }]) => key.slice(scope.length + 1));
  const found = await rows<PathDid & { bare: string }>(
    tx,
    // OFFSET 0: a probe a name of an index that is mostly empty, never all the DIDs there are.
    sql`SELECT d.id AS "didId", d.scope, d.name, i.bare
          FROM unnest(${scopes}::text[], ${bare}::text[]) AS i(scope, bare)
         CROSS JOIN LATERAL (
           SELECT n.id, n.scope, n.name FROM dids n
            WHERE n.scope = i.scope AND ltrim(regexp_replace(n.name, '/+', '/', 'g'), '/') = i.bare
              AND n.name LIKE '%//%' OFFSET 0) d`,
  );
  const byName = new Map<string, PathDid[]>();
  for (const { didId, scope, name, bare: plain } of found) {
    const key = `${scope}:${plain}`;
    byName.set(key, [...(byName.get(key) ?? []), { didId, scope, name }]);
  }
  return byName;
}
