import { lit, only, rows, sql, type Sql, type Tx } from '../../db/index.js';
import { datasetsBelowEach, type Did, didsBelowEach } from '../../dids/index.js';
import {
  type DidId,
  DidType,
  ReplicaState,
  RuleGrouping,
  type RseId,
} from '../../vocabulary/index.js';
import { HELD } from '../spread.sql.js';
import { presences, sizesAlike } from './alike.sql.js';
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
  /** Whose files it is; undefined for a file by itself. */
  readonly datasets: readonly DidId[] | undefined;
}

type NewUnit = Omit<PlacedUnit, 'at'>;

/** The same with what is in it. */
export type SeenUnit = Unit & Pick<PlacedUnit, 'at'>;

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
  const together = dids.filter((did) => !alone.includes(did));
  const datasets = await datasetsOf(
    tx,
    together.filter(({ type }) => type === DidType.CONTAINER),
  );
  const units = together.flatMap((did): NewUnit[] => {
    const { id, type } = did;
    if (type === DidType.FILE) return [{ id, root: id, datasets: undefined, sliced: false }];
    if (type === DidType.DATASET) return [{ id, root: id, datasets: [id], sliced: false }];
    const inside = datasets.get(id) ?? [];
    if (isSplit(did)) {
      return inside.map((it) => ({ id: it, root: it, datasets: [it], sliced: false }));
    }
    if (grouping === RuleGrouping.ALL) return [{ id, root: id, datasets: inside, sliced: true }];
    return inside.map((it) => ({ id: it, root: id, datasets: [it], sliced: true }));
  });
  const filled = units.filter((unit) => unit.datasets?.length !== 0);
  return {
    units: filled.map((unit, at) => ({ ...unit, at })),
    alone: alone.map(({ id }) => id),
  };
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

/** Every file of some units, and how often one comes again in another dataset of its rule. */
export interface UnitFiles {
  /** SQL: (unit, did_id), a file once a unit; `unit` is the unit's place in the list. */
  readonly files: Sql;
  readonly repeated: bigint;
}

/** The files of units. Those of a unit with several datasets are told apart only where some repeat. */
export async function filesOfUnits(tx: Tx, units: readonly PlacedUnit[]): Promise<UnitFiles> {
  const repeated = await repeatedFiles(tx, units);
  const several = units.some(({ datasets }) => (datasets?.length ?? 0) > 1);
  const distinct = repeated > 0n && several ? sql`DISTINCT` : sql``;
  return {
    files: sql`SELECT ${distinct} f.unit, f.did_id FROM (${contentsOf(units)}) f`,
    repeated,
  };
}

function contentsOf(units: readonly PlacedUnit[]): Sql {
  const single = units.filter(({ datasets }) => datasets === undefined);
  const whole = units.flatMap(({ at, datasets = [] }) => datasets.map((id) => ({ at, id })));
  // OFFSET 0: a probe a dataset. As a join, all contents there are would be read.
  return sql`
    SELECT f.at AS unit, f.id AS did_id
      FROM unnest(${single.map(({ at }) => at)}::int[], ${single.map(({ id }) => id)}::bigint[]) f(at, id)
    UNION ALL
    SELECT u.at, ct.child_id
      FROM unnest(${whole.map(({ at }) => at)}::int[], ${whole.map(({ id }) => id)}::bigint[]) u(at, id)
     CROSS JOIN LATERAL (SELECT x.child_id FROM contents x WHERE x.parent_id = u.id OFFSET 0) ct`;
}

/** The units with their sizes and with what the RSEs have of them, from their files (see `readAlike`). */
export async function lookInto(
  tx: Tx,
  placed: readonly PlacedUnit[],
  alike: Sql,
  rseIds: readonly RseId[],
): Promise<SeenUnit[]> {
  if (placed.length === 0) return [];
  const sizes = new Map<number, Amount>();
  for (const { unit, ...size } of await sizesAlike(tx, alike)) sizes.set(unit, size);
  const there = placed.map(() => new Map<RseId, Presence>());
  const states = { held: HELD, going: ReplicaState.BEING_DELETED };
  for (const { unit, rseId, ...presence } of await presences(tx, alike, rseIds, states)) {
    there[unit]?.set(rseId, presence);
  }
  return placed.map((unit) => ({
    ...unit,
    ...(sizes.get(unit.at) ?? NOTHING),
    there: there[unit.at] ?? new Map(),
  }));
}

/** How many times a file comes again in another DID of the request. */
export async function sharedFiles(tx: Tx, units: readonly PlacedUnit[]): Promise<bigint> {
  const datasets = units.flatMap(({ root, datasets: some = [] }) =>
    some.map((id) => ({ root, id })),
  );
  if (new Set(datasets.map(({ root }) => root)).size < 2) return 0n;
  const { shared } = await only<{ shared: bigint }>(
    tx,
    sql`SELECT coalesce(sum(n.roots - 1), 0)::bigint AS shared FROM (
          SELECT count(DISTINCT u.root) AS roots
            FROM unnest(${datasets.map(({ root }) => root)}::bigint[], ${datasets.map(({ id }) => id)}::bigint[])
                   u(root, id)
           CROSS JOIN LATERAL (SELECT x.child_id FROM contents x WHERE x.parent_id = u.id OFFSET 0) ct
           GROUP BY ct.child_id HAVING count(*) > 1) n`,
  );
  return shared;
}

/** Of files that are placed by themselves: each as often as it is below one of the roots. */
export const filesAlone = (roots: readonly DidId[]): Sql => sql`
  SELECT b.id AS did_id, coalesce(d.bytes, 0) AS bytes FROM (${didsBelowEach(roots)}) b
   CROSS JOIN LATERAL (
     SELECT n.bytes FROM dids n WHERE n.id = b.id AND n.type = ${lit(DidType.FILE)} OFFSET 0) d`;

/** One of `parts` of `files` (did_id, …), the same each time. */
export const sampleOf = (files: Sql, parts: number): Sql =>
  parts <= 1
    ? files
    : sql`SELECT f.* FROM (${files}) f
           WHERE mod(hashint8(f.did_id)::bigint + 2147483648, ${parts}::bigint) = 0`;

/** How many files (bytes), and their bytes. */
export const amountOf = (tx: Tx, files: Sql): Promise<Amount> =>
  only<Amount>(
    tx,
    sql`SELECT count(*) AS files, coalesce(sum(f.bytes), 0)::bigint AS bytes FROM (${files}) f`,
  );

/** How many times a file comes again in another dataset of the same rule. */
async function repeatedFiles(tx: Tx, units: readonly PlacedUnit[]): Promise<bigint> {
  const datasets = units.flatMap(({ root, sliced, datasets: some = [] }) =>
    sliced ? some.map((id) => ({ root, id })) : [],
  );
  if (datasets.length < 2) return 0n;
  const { repeated } = await only<{ repeated: bigint }>(
    tx,
    sql`SELECT coalesce(sum(n.times - 1), 0)::bigint AS repeated FROM (
          SELECT count(*) AS times
            FROM unnest(${datasets.map(({ root }) => root)}::bigint[], ${datasets.map(({ id }) => id)}::bigint[])
                   u(root, id)
           CROSS JOIN LATERAL (SELECT x.child_id FROM contents x WHERE x.parent_id = u.id OFFSET 0) ct
           GROUP BY ct.child_id, u.root HAVING count(*) > 1) n`,
  );
  return repeated;
}
