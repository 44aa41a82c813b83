import { lit, only, rows, sql, type Sql, type Tx } from '../../db/index.js';
import { datasetsBelowEach, type Did, didsBelowEach, sizesOf } from '../../dids/index.js';
import {
  type DidId,
  DidType,
  ReplicaState,
  RuleGrouping,
  type RseId,
} from '../../vocabulary/index.js';
import { held } from '../spread.sql.js';
import { type Presence, type Unit } from './choose-units.js';
import { type Amount, NOTHING } from './plan.js';

/** What some rules are about: units that stay together, and files that are placed by themselves. */
export interface Content {
  readonly units: readonly PlacedUnit[];
  /** Collections whose files are placed one by one. */
  readonly alone: readonly DidId[];
}

/** A unit before anybody has looked into it. */
export interface PlacedUnit extends Pick<Unit, 'id' | 'root' | 'sliced'> {
  /** Its place in the list of units, from 0. */
  readonly at: number;
  /** `all`: every file below the DID. */
  readonly kind: 'file' | 'dataset' | 'all';
}

type NewUnit = Omit<PlacedUnit, 'at'>;

/** What rules of a grouping on these DIDs are about. A split container is one rule a dataset. */
export async function contentOf(
  tx: Tx,
  dids: readonly Did[],
  { grouping, split }: { readonly grouping: RuleGrouping; readonly split: boolean },
): Promise<Content> {
  const isSplit = (did: Did) => split && did.type === DidType.CONTAINER;
  const alone = dids.filter(
    (did) => did.type !== DidType.FILE && grouping === RuleGrouping.NONE && !isSplit(did),
  );
  const opened = dids.filter(
    (did) => did.type === DidType.CONTAINER && (isSplit(did) || grouping === RuleGrouping.DATASET),
  );
  const datasets = await datasetsOf(tx, opened);
  const units = dids
    .filter((did) => !alone.includes(did))
    .flatMap((did): NewUnit[] => {
      const { id, type } = did;
      if (type === DidType.FILE) return [{ id, root: id, kind: 'file', sliced: false }];
      if (type === DidType.DATASET) return [{ id, root: id, kind: 'dataset', sliced: false }];
      if (!opened.includes(did)) return [{ id, root: id, kind: 'all', sliced: true }];
      const inside = datasets.get(id) ?? [];
      const root = (dataset: DidId) => (isSplit(did) ? dataset : id);
      return inside.map((dataset) => ({
        id: dataset,
        root: root(dataset),
        kind: 'dataset',
        sliced: !isSplit(did),
      }));
    })
    .map((unit, at) => ({ ...unit, at }));
  return { units, alone: alone.map(({ id }) => id) };
}

/** The datasets below each container, in the order in which creation takes them. */
async function datasetsOf(tx: Tx, containers: readonly Did[]): Promise<Map<DidId, DidId[]>> {
  const found = new Map(containers.map(({ id }) => [id, [] as DidId[]]));
  if (containers.length === 0) return found;
  const below = await rows<{ at: number; id: DidId }>(
    tx,
    sql`SELECT b.at, b.id FROM (${datasetsBelowEach(containers.map(({ id }) => id))}) b ORDER BY b.at, b.id`,
  );
  for (const { at, id } of below) {
    const container = containers[at - 1];
    if (container) found.get(container.id)?.push(id);
  }
  return found;
}

/** SQL: every file of the units (unit, did_id), `unit` being its place in the whole list. */
export function filesOfUnits(units: readonly PlacedUnit[]): Sql {
  const of = (kind: PlacedUnit['kind']) => units.filter((unit) => unit.kind === kind);
  const [files, datasets, all] = [of('file'), of('dataset'), of('all')];
  // OFFSET 0: a probe a dataset. As a join, all contents there are would be read.
  return sql`
    SELECT f.at AS unit, f.id AS did_id
      FROM unnest(${files.map(({ at }) => at)}::int[], ${files.map(({ id }) => id)}::bigint[]) f(at, id)
    UNION ALL
    SELECT u.at, ct.child_id
      FROM unnest(${datasets.map(({ at }) => at)}::int[], ${datasets.map(({ id }) => id)}::bigint[]) u(at, id)
     CROSS JOIN LATERAL (SELECT x.child_id FROM contents x WHERE x.parent_id = u.id OFFSET 0) ct
    UNION ALL
    SELECT (${all.map(({ at }) => at)}::int[])[b.at], b.id
      FROM (${didsBelowEach(all.map(({ id }) => id))}) b
     WHERE EXISTS (SELECT FROM dids n WHERE n.id = b.id AND n.type = ${lit(DidType.FILE)} OFFSET 0)`;
}

/** The units with their sizes and with what the RSEs have of them; no file's row leaves the database. */
export async function lookInto(
  tx: Tx,
  placed: readonly PlacedUnit[],
  rseIds: readonly RseId[],
): Promise<Unit[]> {
  if (placed.length === 0) return [];
  const sizes = await sizesOfUnits(tx, placed);
  const found = await rows<Presence & { unit: number; rseId: RseId }>(
    tx,
    sql`SELECT f.unit, r.rse_id AS "rseId",
               coalesce(sum(r.bytes) FILTER (WHERE r.state IN (${held})), 0)::bigint AS "heldBytes",
               bool_or(r.state = ${lit(ReplicaState.BEING_DELETED)}) AS "inDeletion",
               sum(r.bytes)::bigint AS "knownBytes"
          FROM (${filesOfUnits(placed)}) f CROSS JOIN LATERAL (
            SELECT x.rse_id, x.state, x.bytes FROM replicas x
             WHERE x.did_id = f.did_id AND (x.rse_id + 0) = ANY (${[...rseIds]}::int[]) OFFSET 0) r
         GROUP BY f.unit, r.rse_id`,
  );
  const there = placed.map(() => new Map<RseId, Presence>());
  for (const { unit, rseId, ...presence } of found) there[unit]?.set(rseId, presence);
  return placed.map((unit) => ({
    ...unit,
    ...(sizes.get(unit.at) ?? NOTHING),
    there: there[unit.at] ?? new Map(),
  }));
}

/** Datasets by their counters, the rest by their files. */
async function sizesOfUnits(tx: Tx, units: readonly PlacedUnit[]): Promise<Map<number, Amount>> {
  const datasets = units.filter(({ kind }) => kind === 'dataset');
  const counted = await sizesOf(
    tx,
    datasets.map(({ id }) => id),
  );
  const sizes = new Map<number, Amount>();
  for (const { at, id } of datasets) {
    const size = counted.get(id);
    if (size) sizes.set(at, { files: size.length, bytes: size.bytes });
  }
  const others = units.filter(({ kind }) => kind !== 'dataset');
  if (others.length === 0) return sizes;
  const found = await rows<Amount & { unit: number }>(
    tx,
    sql`SELECT f.unit, count(*) AS files, coalesce(sum(d.bytes), 0)::bigint AS bytes
          FROM (${filesOfUnits(others)}) f
         CROSS JOIN LATERAL (SELECT n.bytes FROM dids n WHERE n.id = f.did_id OFFSET 0) d
         GROUP BY f.unit`,
  );
  for (const { unit, files, bytes } of found) sizes.set(unit, { files, bytes });
  return sizes;
}

/** Of files that are placed by themselves: each as often as it is below one of the roots. */
export const filesAlone = (roots: readonly DidId[]): Sql => sql`
  SELECT b.id AS did_id, coalesce(d.bytes, 0) AS bytes FROM (${didsBelowEach(roots)}) b
   CROSS JOIN LATERAL (
     SELECT n.bytes FROM dids n WHERE n.id = b.id AND n.type = ${lit(DidType.FILE)} OFFSET 0) d`;

/** One of `parts` files of `files`, the same each time. */
export const sampleOf = (files: Sql, parts: number): Sql =>
  parts <= 1
    ? files
    : sql`SELECT f.did_id, f.bytes FROM (${files}) f
           WHERE mod(hashint8(f.did_id)::bigint + 2147483648, ${parts}::bigint) = 0`;

/** How many files, and their bytes. */
export const amountOf = (tx: Tx, files: Sql): Promise<Amount> =>
  only<Amount>(
    tx,
    sql`SELECT count(*) AS files, coalesce(sum(f.bytes), 0)::bigint AS bytes FROM (${files}) f`,
  );

/** How many times a file comes again in another dataset of the same rule. */
export async function repeatedFiles(tx: Tx, units: readonly PlacedUnit[]): Promise<bigint> {
  const together = units.filter(({ sliced, kind }) => sliced && kind === 'dataset');
  if (together.length < 2) return 0n;
  const { repeated } = await only<{ repeated: bigint }>(
    tx,
    sql`SELECT coalesce(sum(n.times - 1), 0)::bigint AS repeated FROM (
          SELECT count(*) AS times FROM (${filesOfUnits(together)}) f
            JOIN unnest(${together.map(({ at }) => at)}::int[], ${together.map(({ root }) => root)}::bigint[])
              r(at, root) ON r.at = f.unit
           GROUP BY f.did_id, r.root HAVING count(*) > 1) n`,
  );
  return repeated;
}
