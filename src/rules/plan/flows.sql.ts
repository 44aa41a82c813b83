import { lit, rows, sql, type Sql, type Tx } from '../../db/index.js';
import { ReplicaState, type RseId } from '../../vocabulary/index.js';
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
}

interface FlowRow extends Flow {
  readonly risk: 'single' | 'one site' | null;
}

/**
 * Sums up what copies of `wanted` (did_id, bytes, rses int[]) come to: by destination, fate and source.
 * Files are told apart only by where their copies are; what leaves the database is some rows for each
 * pair of RSEs, however many files there are.
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

const arrayOf = (state: string): Sql =>
  sql`array_agg(r.rse_id ORDER BY r.rse_id) FILTER (WHERE r.state = ${lit(state)})`;

/** `{1,2}`: a list of lists has to be of equal lengths in SQL, so each travels as a text. */
const listText = (ids: readonly RseId[]): string => `{${ids.join(',')}}`;

/** OFFSET 0: a probe a file. */
const statement = (wanted: Sql, { sources, allowed, siteOf }: Ways): Sql => sql`
  WITH grouped AS MATERIALIZED (
    SELECT w.rses, h.ready, h.resting, h.copying, h.known, count(*) AS files,
           coalesce(sum(coalesce(w.bytes, h.bytes, (SELECT n.bytes FROM dids n WHERE n.id = w.did_id))), 0) AS bytes
      FROM (${wanted}) w
     CROSS JOIN LATERAL (
       SELECT ${arrayOf(AVAILABLE)} AS ready, ${arrayOf(TEMPORARY_UNAVAILABLE)} AS resting,
              ${arrayOf(COPYING)} AS copying, array_agg(r.rse_id ORDER BY r.rse_id) AS known,
              max(r.bytes) AS bytes
         FROM replicas r WHERE r.did_id = w.did_id OFFSET 0) h
     GROUP BY w.rses, h.ready, h.resting, h.copying, h.known),
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
              ON n.id = u.id) = 1`;

/** SQL for `flowsOf`: the files of units, each with the RSEs that its unit was placed on. */
export const wantedByUnits = (
  files: Sql,
  places: readonly { readonly at: number; readonly rses: readonly RseId[] }[],
): Sql => sql`
  SELECT f.did_id, NULL::bigint AS bytes, p.rses FROM (${files}) f
    JOIN (SELECT i.at, i.ids::int[] AS rses
            FROM unnest(${places.map(({ at }) => at)}::int[],
                        ${places.map(({ rses }) => listText(rses.toSorted((a, b) => a - b)))}::text[]) i(at, ids)
          OFFSET 0) p ON p.at = f.unit`;

/** SQL for `flowsOf`: copies (did_id, rse_id, bytes) that were chosen file by file, from the CTE `slice`. */
export const wantedByFiles = (files: Sql, copies: Sql): Sql => sql`
  WITH slice AS MATERIALIZED (${files})
  SELECT c.did_id, c.bytes, array_agg(c.rse_id ORDER BY c.rse_id) AS rses
    FROM (${copies}) c GROUP BY c.did_id, c.bytes`;
