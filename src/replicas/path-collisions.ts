import { rows, sql, type Tx } from '../db/index.js';
import { resolveDids } from '../dids/index.js';
import { InvalidPath } from '../errors/index.js';
import { mayMeet, normalisePath, type Rse } from '../rses/index.js';
import { type DidId, type DidName } from '../vocabulary/index.js';
import { algorithmOf, copyPath, namesOfPath } from './copy-path.js';

/**
 * Where names are used as paths, `/a`, `a` and (with more slashes) `//a` would be one file of the
 * storage under several names. Throws InvalidPath for files that would meet, in the batch or with a
 * copy that is there. Algorithms whose paths cannot meet (`hash`) are not asked.
 */
export async function refuseCollisions(tx: Tx, rse: Rse, files: readonly DidName[]): Promise<void> {
  if (!rse.deterministic || !mayMeet(algorithmOf(rse))) return;
  const byPath = new Map<string, DidName>();
  const others: DidName[] = [];
  for (const file of files) {
    const path = normalisePath(copyPath(rse, file, null));
    const met = byPath.get(path);
    if (met && nameOf(met) !== nameOf(file)) throw collision(rse, file, met);
    byPath.set(path, file);
    others.push(...namesOfPath(rse, path).filter((each) => nameOf(each) !== nameOf(file)));
  }
  const dids = await resolveDids(tx, others);
  const held = await rows<{ didId: DidId }>(
    tx,
    sql`SELECT did_id AS "didId" FROM replicas
        WHERE rse_id = ${rse.id} AND did_id = ANY(${dids.map(({ id }) => id)}::bigint[])`,
  );
  const there = dids.find(({ id }) => held.some(({ didId }) => didId === id));
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
