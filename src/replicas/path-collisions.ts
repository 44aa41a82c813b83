import { rows, sql, type Tx } from '../db/index.js';
import { InvalidPath } from '../errors/index.js';
import { mayMeet, normalisePath, type Rse } from '../rses/index.js';
import { type DidId, type DidName } from '../vocabulary/index.js';
import { algorithmOf, copyPath } from './copy-path.js';
import { didsOfPaths } from './dids-of-paths.js';

/**
 * Where names are used as paths, `/a`, `a` and (with more slashes) `//a` would be one file of the
 * storage under several names. Throws InvalidPath for files that would meet, in the batch or with a
 * copy that is there. Algorithms whose paths cannot meet (`hash`) are not asked.
 */
export async function refuseCollisions(tx: Tx, rse: Rse, files: readonly DidName[]): Promise<void> {
  if (!rse.deterministic || !mayMeet(algorithmOf(rse))) return;
  const byPath = new Map<string, DidName>();
  for (const file of files) {
    const path = normalisePath(copyPath(rse, file, null));
    const met = byPath.get(path);
    if (met && nameOf(met) !== nameOf(file)) throw collision(rse, file, met);
    byPath.set(path, file);
  }
  const found = await didsOfPaths(
    tx,
    [...byPath.keys()].map((path) => ({ rse, path })),
  );
  const asked = new Set(files.map(nameOf));
  const dids = found.flat().filter((did) => !asked.has(nameOf(did)));
  const held = await rows<{ didId: DidId }>(
    tx,
    sql`SELECT did_id AS "didId" FROM replicas
        WHERE rse_id = ${rse.id} AND did_id = ANY(${dids.map(({ didId }) => didId)}::bigint[])`,
  );
  const there = dids.find(({ didId }) => held.some((each) => each.didId === didId));
  if (!there) return;
  const path = normalisePath(copyPath(rse, there, null));
  throw collision(rse, byPath.get(path) ?? there, there);
}

const nameOf = ({ scope, name }: DidName): string => `${scope}:${name}`;

const collision = (rse: Rse, file: DidName, other: DidName): InvalidPath =>
  new InvalidPath(`${nameOf(file)} would have the path of ${nameOf(other)} at ${rse.name}`, {
    scope: file.scope,
    name: file.name,
  });
