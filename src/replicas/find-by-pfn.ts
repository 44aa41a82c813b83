import { rows, sql, type Tx } from '../db/index.js';
import { resolveDids } from '../dids/index.js';
import { parsePfn, pathUnder, type Rse, type RseProtocol } from '../rses/index.js';
import { type DidId, type DidName, type RseId } from '../vocabulary/index.js';
import { namesOfPath } from './copy-path.js';

/** A physical name and the file that it is. */
export interface FoundPfn extends DidName {
  readonly pfn: string;
  readonly didId: DidId;
  readonly rse: Rse;
  /** Below the protocol's prefix, with a leading slash. */
  readonly path: string;
}

export interface Place {
  readonly rse: Rse;
  readonly protocols: readonly RseProtocol[];
}

/**
 * The files behind physical names, looked up among these RSEs: by the registered path, or by every
 * name that could have that path and is in the catalogue. Names that lead nowhere are left out.
 * Throws InvalidPath for what is no physical name.
 */
export async function findByPfns(
  tx: Tx,
  places: readonly Place[],
  pfns: readonly string[],
): Promise<FoundPfn[]> {
  const located = pfns.flatMap((pfn) => {
    const parsed = parsePfn(pfn);
    for (const { rse, protocols } of places) {
      const path = protocols.map((protocol) => pathUnder(protocol, parsed)).find(Boolean);
      if (path !== undefined) return [{ pfn, rse, path }];
    }
    return [];
  });
  const computed = located.filter(({ rse }) => rse.deterministic);
  const registered = located.filter(({ rse }) => !rse.deterministic);
  return [...(await findComputed(tx, computed)), ...(await findRegistered(tx, registered))];
}

interface Located {
  readonly pfn: string;
  readonly rse: Rse;
  readonly path: string;
}

async function findComputed(tx: Tx, located: readonly Located[]): Promise<FoundPfn[]> {
  const candidates = located.map((at) => ({ at, names: namesOfPath(at.rse, at.path) }));
  const dids = await resolveDids(
    tx,
    candidates.flatMap(({ names }) => names),
  );
  const known = new Map(dids.map((did) => [`${did.scope}:${did.name}`, did]));
  return candidates.flatMap(({ at, names }) => {
    const did = names.map(({ scope, name }) => known.get(`${scope}:${name}`)).find(Boolean);
    return did ? [{ ...at, scope: did.scope, name: did.name, didId: did.id }] : [];
  });
}

async function findRegistered(tx: Tx, located: readonly Located[]): Promise<FoundPfn[]> {
  if (located.length === 0) return [];
  const found = await rows<{ rseId: RseId; path: string; didId: DidId } & DidName>(
    tx,
    sql`SELECT p.rse_id AS "rseId", p.path, d.id AS "didId", d.scope, d.name
        FROM unnest(${located.map(({ rse }) => rse.id)}::int[],
                    ${located.map(({ path }) => path)}::text[]) AS w(rse_id, path)
        JOIN replica_paths p ON p.rse_id = w.rse_id AND p.path = w.path
        JOIN dids d ON d.id = p.did_id`,
  );
  const known = new Map(found.map((row) => [`${row.rseId} ${row.path}`, row]));
  return located.flatMap((at) => {
    const row = known.get(`${at.rse.id} ${at.path}`);
    return row ? [{ ...at, scope: row.scope, name: row.name, didId: row.didId }] : [];
  });
}
