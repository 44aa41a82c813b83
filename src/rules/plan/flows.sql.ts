import { rows, sql, type Sql, type Tx } from '../../db/index.js';
import { ReplicaState, type RseId } from '../../vocabulary/index.js';
import { type Before, copiesOf, isIn, rsesWhere, withBefore } from './alike.sql.js';
import { type Amount } from './plan.js';

const { AVAILABLE, TEMPORARY_UNAVAILABLE, COPYING } = ReplicaState;

/**
 * What becomes of copies: `there` already, `coming` for somebody else, to be moved from a `source`,
 * `awaited` where a source is on its way, `stuck` where there is none.
 */
export type Fate = 'there' | 'coming' | 'source' | 'awaited' | 'stuck';

/** Copies of one fate at one destination, from one source. */
export interface Flow extends Amount {
  readonly destination: RseId;
  readonly fate: Fate;
  readonly source: RseId | null;
  /** Of copies that the RSE does not know yet: they take space. */
  readonly freshBytes: bigint;
}

/** Files that depend on little. */
export interface Risks {
  /** Of those to be moved: only one good copy is there now. */
  readonly single: Amount;
  /** All copies, the planned ones too, are at one site. */
  readonly oneSite: Amount;
}

/** Where copies may come from, for each destination the best first; and which RSEs are near each other. */
export interface Ways {
  readonly sources: ReadonlyMap<RseId, readonly RseId[]>;
  /** Where copies on their way count as sources to be. */
  readonly allowed: readonly RseId[];
  readonly siteOf: ReadonlyMap<RseId, string>;
  /** What is there will not be any more. */
  readonly leaving: RseId | null;
}

interface FlowRow extends Flow {
  readonly risk: 'single' | 'one site' | null;
}

/**
 * Sums up what copies of `wanted` come to: by destination, fate and source. It gives (rses int[], copies,
 * files, bytes): where files are to be and where they are (see `alike.sql.ts`). What leaves the database is
 * some rows for each pair of RSEs, however many files there are.
 */
export async function flowsOf(
  tx: Tx,
  wanted: Sql,
  ways: Ways,
): Promise<{ readonly flows: Flow[]; readonly risks: Risks }> {
  const found = await rows<FlowRow>(tx, statement(wanted, ways));
  const none: Amount = { files: 0n, bytes: 0n };
  const risk = (name: FlowRow['risk']): Amount => found.find((row) => row.risk === name) ?? none;
  return {
    flows: found.filter((row) => row.risk === null),
    risks: { single: risk('single'), oneSite: risk('one site') },
  };
}

/** `{1,2}`: a list of lists has to be of equal lengths in SQL, so each travels as a text. */
const listText = (ids: readonly RseId[]): string => `{${ids.join(',')}}`;

const statement = (wanted: Sql, { sources, allowed, siteOf, leaving }: Ways): Sql => sql`
  WITH grouped AS MATERIALIZED (
    SELECT g.rses, g.files, g.bytes, ${rsesWhere(isIn(AVAILABLE))} AS ready,
           ${rsesWhere(isIn(TEMPORARY_UNAVAILABLE))} AS resting,
           ${rsesWhere(isIn(COPYING))} AS copying, ${rsesWhere(sql`true`)} AS known
      FROM (SELECT w.rses, w.copies, sum(w.files) AS files, sum(w.bytes) AS bytes
              FROM (${wanted}) w GROUP BY w.rses, w.copies) g),
  copies AS MATERIALIZED (
    SELECT t.rse_id, g.files, g.bytes, coalesce(t.rse_id = ANY (g.known), false) AS is_known,
           CASE WHEN t.rse_id = ANY (g.ready) OR t.rse_id = ANY (g.resting) THEN 'there'
                WHEN t.rse_id = ANY (g.copying) THEN 'coming'
                WHEN s.source IS NOT NULL THEN 'source'
                WHEN EXISTS (SELECT FROM unnest(coalesce(g.resting, '{}') || coalesce(g.copying, '{}')) c(id)
                              WHERE c.id <> t.rse_id AND c.id = ANY (${[...allowed]}::int[])) THEN 'awaited'
                ELSE 'stuck' END AS fate,
           s.source
      FROM grouped g
     CROSS JOIN LATERAL unnest(g.rses) t(rse_id)
      LEFT JOIN unnest(${[...sources.keys()]}::int[], ${[...sources.values()].map(listText)}::text[]) o(rse_id, ids)
        ON o.rse_id = t.rse_id
      LEFT JOIN LATERAL (
        SELECT x.id AS source FROM unnest(o.ids::int[]) WITH ORDINALITY x(id, place)
         WHERE x.id = ANY (g.ready) ORDER BY x.place LIMIT 1) s ON true)
  SELECT c.rse_id AS destination, c.fate, CASE WHEN c.fate = 'source' THEN c.source END AS source,
         sum(c.files)::bigint AS files, sum(c.bytes)::bigint AS bytes,
         coalesce(sum(c.bytes) FILTER (WHERE NOT c.is_known), 0)::bigint AS "freshBytes", NULL AS risk
    FROM copies c GROUP BY 1, 2, 3
  UNION ALL
  SELECT NULL, NULL, NULL, coalesce(sum(g.files), 0)::bigint, coalesce(sum(g.bytes), 0)::bigint, 0, 'single'
    FROM grouped g
   WHERE cardinality(g.ready) = 1
     AND NOT g.rses <@ (g.ready || coalesce(g.resting, '{}') || coalesce(g.copying, '{}'))
  UNION ALL
  SELECT NULL, NULL, NULL, coalesce(sum(g.files), 0)::bigint, coalesce(sum(g.bytes), 0)::bigint, 0, 'one site'
    FROM grouped g
   WHERE (SELECT count(DISTINCT coalesce(n.site, u.id::text))
            FROM unnest(g.rses || coalesce(g.ready, '{}') || coalesce(g.resting, '{}') || coalesce(g.copying, '{}')) u(id)
            LEFT JOIN unnest(${[...siteOf.keys()]}::int[], ${[...siteOf.values()]}::text[]) n(id, site)
              ON n.id = u.id
           WHERE u.id IS DISTINCT FROM ${leaving}::int) = 1`;

/** SQL for `flowsOf`: groups of files (see `readAlike`), each with the RSEs that its unit was placed on. */
export const wantedByUnits = (
  alike: Sql,
  places: readonly { readonly at: number; readonly rses: readonly RseId[] }[],
): Sql => sql`
  SELECT p.rses, a.copies, a.files, a.bytes FROM (${alike}) a
    JOIN (SELECT i.at, i.ids::int[] AS rses
            FROM unnest(${places.map(({ at }) => at)}::int[],
                        ${places.map(({ rses }) => listText(rses.toSorted((a, b) => a - b)))}::text[]) i(at, ids)
          OFFSET 0) p ON p.at = a.unit`;

/** SQL: (did_id, rses int[]) of the files of units (unit, did_id), for the rules after this one. */
export const copiesOfUnits = (
  files: Sql,
  places: readonly { readonly at: number; readonly rses: readonly RseId[] }[],
): Sql => sql`
  SELECT f.did_id, i.ids::int[] AS rses
    FROM (${files}) f
    JOIN unnest(${places.map(({ at }) => at)}::int[],
                ${places.map(({ rses }) => listText(rses))}::text[]) i(at, ids) ON i.at = f.unit`;

/** SQL: (did_id, bytes, rses int[]) of copies (did_id, rse_id, bytes) that were chosen file by file, from the CTE `slice`. */
export const copiesOfFiles = (files: Sql, copies: Sql): Sql => sql`
  WITH slice AS MATERIALIZED (${files})
  SELECT c.did_id, c.bytes, array_agg(c.rse_id ORDER BY c.rse_id) AS rses
    FROM (${copies}) c GROUP BY c.did_id, c.bytes`;

/** SQL for `flowsOf`: the same. */
export function wantedByFiles(wanted: Sql, before: Before): Sql {
  const all = withBefore(sql`f.did_id`, before);
  return sql`
    SELECT f.rses, ${all.copies} AS copies, 1 AS files, f.bytes
      FROM (${wanted}) f CROSS JOIN ${copiesOf(sql`f.did_id`)} h ${all.join}`;
}
