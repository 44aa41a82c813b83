import { lit, one, only, sql, type Sql, type Tx } from '../db/index.js';
import { datasetsBelow, findDid } from '../dids/index.js';
import { searchRows } from '../metadata/index.js';
import { type Filter, parseFilter } from '../metadata/query/index.js';
import { type DidId, type DidName, DidType } from '../vocabulary/index.js';
import { type Cursor, type DidChoice, type Job } from './job.js';
import { addItems, type Touched } from './job-item.sql.js';

/** One slice of the DIDs that a job is about. */
interface Page {
  /** Rows (id, type, bytes, place), at most `limit`; without an id where a name names nothing. */
  readonly rows: Sql;
  /** Where the slice after it begins, given the greatest place of a full one; null of a short one. */
  readonly next: (place: string | null) => Cursor | undefined;
}

/** What listing one slice came to. */
export interface Listing {
  readonly added: Touched;
  /** Undefined: that was the last one. */
  readonly next: Cursor | undefined;
}

/**
 * Lists the items of one slice of the DIDs that a job is about. `itemsOf` gives, from rows `d` (id, type,
 * bytes) of DIDs, rows (did_id, rse_id, rule_id, bytes, target_rse_id). No row leaves the database.
 */
export async function listSlice(
  tx: Tx,
  job: Job,
  itemsOf: (dids: Sql) => Sql,
  limit: number,
): Promise<Listing> {
  const page = await pageOf(tx, job, limit);
  if (!page) return { added: { count: 0n, bytes: 0n }, next: undefined };
  const { seen, place, ...added } = await only<Touched & { seen: number; place: string | null }>(
    tx,
    sql`WITH page AS MATERIALIZED (${page.rows}),
      added AS (${addItems(job.id, itemsOf(sql`SELECT id, type, bytes FROM page WHERE id IS NOT NULL`))})
      SELECT (SELECT count(*)::int FROM page) AS seen, (SELECT max(place)::text FROM page) AS place,
             count(*) AS count, coalesce(sum(bytes), 0)::bigint AS bytes FROM added`,
  );
  return { added, next: page.next(seen < limit ? null : place) };
}

async function pageOf(tx: Tx, job: Job, limit: number): Promise<Page | undefined> {
  const { query, content } = job.spec as DidChoice;
  if (query) return found(query.scope, parseFilter(query.filters, query.type), job.cursor, limit);
  if (content) return await contained(tx, content, job.cursor, limit);
  return listed(job.id, job.cursor, limit);
}

/** By name, as a search goes. */
function found(scope: string, filter: Filter, cursor: Cursor | null, limit: number): Page {
  const rows = searchRows(scope, filter, { after: cursor?.name ?? '', limit });
  return {
    rows: sql`SELECT f.id, f.type, f.bytes, f.name AS place FROM (${rows}) f`,
    next: (name) => (name === null ? undefined : { name }),
  };
}

/** File after file of dataset after dataset. */
async function contained(
  tx: Tx,
  name: DidName,
  cursor: Cursor | null,
  limit: number,
): Promise<Page | undefined> {
  const root = await findDid(tx, name);
  if (root.type === DidType.FILE) {
    const rows = sql`SELECT d.id, d.type, d.bytes, d.id AS place FROM dids d WHERE d.id = ${root.id}`;
    return { rows, next: () => undefined };
  }
  const from = cursor?.dataset ?? '-1';
  const dataset = await datasetFrom(tx, root.id, from);
  if (dataset === undefined) return undefined;
  const after = String(dataset) === from ? (cursor?.did ?? '-1') : '-1';
  return {
    rows: sql`SELECT d.id, d.type, d.bytes, ct.child_id AS place FROM contents ct
        CROSS JOIN LATERAL (SELECT n.id, n.type, n.bytes FROM dids n WHERE n.id = ct.child_id OFFSET 0) d
       WHERE ct.parent_id = ${dataset}::bigint AND ct.child_id > ${after}::bigint
       ORDER BY ct.child_id LIMIT ${lit(limit)}`,
    next: (did) =>
      did === null ? { dataset: String(dataset + 1n) } : { dataset: String(dataset), did },
  };
}

/** The first dataset at or below a DID whose id is not smaller. */
async function datasetFrom(tx: Tx, root: DidId, from: string): Promise<DidId | undefined> {
  const next = await one<{ id: DidId }>(
    tx,
    sql`SELECT b.id FROM (${datasetsBelow(root)}) b WHERE b.id >= ${from}::bigint ORDER BY b.id LIMIT 1`,
  );
  return next?.id;
}

/** A part of the list that came with the job. */
function listed(jobId: bigint, cursor: Cursor | null, limit: number): Page {
  const before = cursor?.at ?? 0;
  const part = `$[${before} to ${before + limit - 1}]`;
  return {
    rows: sql`SELECT d.id, d.type, d.bytes, n.at + ${before}::int AS place FROM jobs j
        CROSS JOIN LATERAL jsonb_array_elements(jsonb_path_query_array(j.listed, ${part}::jsonpath))
             WITH ORDINALITY AS n(did, at)
        LEFT JOIN LATERAL (SELECT x.id, x.type, x.bytes FROM dids x
                            WHERE x.scope = n.did ->> 'scope' AND x.name = n.did ->> 'name' OFFSET 0) d ON true
       WHERE j.id = ${jobId}`,
    next: (at) => (at === null ? undefined : { at: Number(at) }),
  };
}

/** The first names of a job's list that name nothing, and how many there are. */
export async function missingNames(
  tx: Tx,
  jobId: bigint,
): Promise<{ readonly count: bigint; readonly first: readonly string[] }> {
  const found = await only<{ count: bigint; first: string[] | null }>(
    tx,
    sql`SELECT count(*) AS count, (array_agg((n.did ->> 'scope') || ':' || (n.did ->> 'name') ORDER BY n.at))[1:5] AS first
          FROM jobs j CROSS JOIN LATERAL jsonb_array_elements(j.listed) WITH ORDINALITY AS n(did, at)
         WHERE j.id = ${jobId}
           AND NOT EXISTS (SELECT FROM dids x WHERE x.scope = n.did ->> 'scope' AND x.name = n.did ->> 'name' OFFSET 0)`,
  );
  return { count: found.count, first: found.first ?? [] };
}

/** The size of DID `d` (id, type, bytes): of a dataset what is in it; a container's is not known. */
export const sizeOf = (d: Sql): Sql => sql`
  CASE ${d}.type WHEN ${lit(DidType.FILE)} THEN coalesce(${d}.bytes, 0)
    WHEN ${lit(DidType.DATASET)} THEN (
      SELECT coalesce(sum(z.bytes), 0)::bigint FROM (
        SELECT c.bytes FROM collections c WHERE c.did_id = ${d}.id
        UNION ALL SELECT e.bytes FROM collection_deltas e WHERE e.did_id = ${d}.id) z)
    ELSE 0 END`;
