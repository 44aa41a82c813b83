import { rows, sql, type Tx } from '../db/index.js';
import { parsePfn, pathUnder, type Rse, type RseProtocol } from '../rses/index.js';
import { type DidId, type DidName, type RseId } from '../vocabulary/index.js';
import { didsOfPaths } from './dids-of-paths.js';

/** A physical name and the file that it is. */
export interface FoundPfn extends DidName {
  readonly pfn: string;
  readonly didId: DidId;
  readonly rse: Rse;
  /** Below the protocol's prefix, with a leading slash. */
  readonly path: string;
  /** Whether the catalogue has a copy of the file there, in whatever state. */
  readonly copied: boolean;
}

export interface Place {
  readonly rse: Rse;
  readonly protocols: readonly RseProtocol[];
}

/** An RSE that a physical name may be at, and its path there. */
export interface Whereabouts {
  readonly pfn: string;
  readonly rse: Rse;
  readonly path: string;
}

/**
 * Where a physical name may be: storage elements may share a host, and one's prefix may lie within
 * another's. The longest prefix, so the shortest path, comes first. Throws InvalidPath for what is no
 * physical name.
 */
export function whereabouts(places: readonly Place[], pfn: string): Whereabouts[] {
  const parsed = parsePfn(pfn);
  return places
    .flatMap(({ rse, protocols }) => {
      const paths = protocols.flatMap((protocol) => pathUnder(protocol, parsed) ?? []);
      const [path] = paths.sort((a, b) => a.length - b.length);
      return path === undefined ? [] : [{ pfn, rse, path }];
    })
    .sort((a, b) => a.path.length - b.path.length);
}

/**
 * The files behind physical names, looked up among these RSEs: by the registered path, or by every
 * name that could have that path and is in the catalogue. Of several the one with a copy there is
 * meant. Names that lead nowhere are left out. Throws InvalidPath for what is no physical name.
 */
export async function findByPfns(
  tx: Tx,
  places: readonly Place[],
  pfns: readonly string[],
): Promise<FoundPfn[]> {
  const located = pfns.flatMap((pfn) => whereabouts(places, pfn));
  const named = [
    ...(await findComputed(
      tx,
      located.filter(({ rse }) => rse.deterministic),
    )),
    ...(await findRegistered(
      tx,
      located.filter(({ rse }) => !rse.deterministic),
    )),
  ];
  const copied = await copiesAmong(tx, named);
  const candidates = named.map((each) => ({ ...each, copied: copied.has(keyOf(each)) }));
  const order = new Map(located.map(({ pfn, rse }, at) => [`${pfn} ${rse.id}`, at]));
  const rank = (each: FoundPfn) =>
    (each.copied ? 0 : located.length) + (order.get(`${each.pfn} ${each.rse.id}`) ?? 0);
  const best = new Map<string, FoundPfn>();
  for (const each of candidates.sort((a, b) => rank(a) - rank(b))) {
    if (!best.has(each.pfn)) best.set(each.pfn, each);
  }
  return pfns.flatMap((pfn) => best.get(pfn) ?? []);
}

type Named = Omit<FoundPfn, 'copied'>;

const keyOf = ({ didId, rse }: Named): string => `${didId}@${rse.id}`;

async function copiesAmong(tx: Tx, named: readonly Named[]): Promise<Set<string>> {
  if (named.length === 0) return new Set();
  const found = await rows<{ didId: DidId; rseId: RseId }>(
    tx,
    sql`SELECT r.did_id AS "didId", r.rse_id AS "rseId"
        FROM unnest(${named.map(({ didId }) => didId)}::bigint[],
                    ${named.map(({ rse }) => rse.id)}::int[]) AS k(did_id, rse_id)
        JOIN replicas r ON r.did_id = k.did_id AND r.rse_id = k.rse_id`,
  );
  return new Set(found.map(({ didId, rseId }) => `${didId}@${rseId}`));
}

/** A path may be several names' (`a.b/c` as scope a.b or as scope a with a slash): all that exist. */
async function findComputed(tx: Tx, located: readonly Whereabouts[]): Promise<Named[]> {
  if (located.length === 0) return [];
  const dids = await didsOfPaths(tx, located);
  return located.flatMap((at, place) => (dids[place] ?? []).map((did) => ({ ...at, ...did })));
}

async function findRegistered(tx: Tx, located: readonly Whereabouts[]): Promise<Named[]> {
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
