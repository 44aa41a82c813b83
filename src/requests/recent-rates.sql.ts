import { lit, rows, sql, type Tx } from '../db/index.js';
import { RequestState, type RseId } from '../vocabulary/index.js';

/** What came to a storage element lately, from one source or (null) from all of them. */
export interface RecentRate {
  readonly rseId: RseId;
  readonly sourceRseId: RseId | null;
  readonly files: number;
  readonly bytes: bigint;
  /** During so many seconds at least one of the transfers went on. */
  readonly busySeconds: number;
}

/** Enough of them to tell a rate. */
const SAMPLE = 5000;

/** The last transfers to each of these RSEs that ended well after `since`: by source, and together. */
export const recentRates = (tx: Tx, rseIds: readonly RseId[], since: Date): Promise<RecentRate[]> =>
  rows<RecentRate>(
    tx,
    sql`SELECT m.rse_id AS "rseId", m.source_rse_id AS "sourceRseId", m.files, m.bytes,
               (SELECT sum(extract(epoch FROM upper(s) - lower(s)))::float8 FROM unnest(m.spans) s) AS "busySeconds"
          FROM (SELECT t.id AS rse_id, h.source_rse_id, count(*)::int AS files, sum(h.bytes)::bigint AS bytes,
                       range_agg(tstzrange(h.began, h.finished_at)) AS spans
                  FROM unnest(${[...rseIds]}::int[]) t(id) CROSS JOIN LATERAL (
                    SELECT x.source_rse_id, x.bytes, x.finished_at,
                           coalesce(x.started_at, x.submitted_at) AS began
                      FROM requests_history x
                     WHERE x.rse_id = t.id AND x.archived_at > ${since}::timestamptz
                       AND x.state = ${lit(RequestState.DONE)} AND x.source_rse_id IS NOT NULL
                       AND x.finished_at > coalesce(x.started_at, x.submitted_at)
                     ORDER BY x.archived_at DESC LIMIT ${lit(SAMPLE)}) h
                 GROUP BY GROUPING SETS ((t.id, h.source_rse_id), (t.id))) m`,
  );

/** Wanted transfers that are not over. */
export interface Backlog {
  readonly rseId: RseId;
  readonly files: number;
  readonly bytes: bigint;
}

/** What waits for (a next attempt too), or is on its way to, each of these RSEs; one without is not in the list. */
export const backlogAt = (tx: Tx, rseIds: readonly RseId[]): Promise<Backlog[]> =>
  rows<Backlog>(
    tx,
    sql`SELECT q.rse_id AS "rseId", sum(q.files)::int AS files, sum(q.bytes)::bigint AS bytes FROM (
          SELECT rse_id, count(*) AS files, sum(bytes) AS bytes FROM requests
           WHERE state = ${lit(RequestState.QUEUED)} AND rse_id = ANY (${[...rseIds]}::int[]) GROUP BY rse_id
          UNION ALL
          SELECT rse_id, count(*), sum(bytes) FROM requests
           WHERE state IN (${lit(RequestState.SUBMITTING)}, ${lit(RequestState.SUBMITTED)})
             AND rse_id = ANY (${[...rseIds]}::int[]) GROUP BY rse_id
          UNION ALL
          SELECT rse_id, count(*), sum(bytes) FROM requests
           WHERE state = ${lit(RequestState.WAITING)} AND rse_id = ANY (${[...rseIds]}::int[]) GROUP BY rse_id) q
         GROUP BY q.rse_id`,
  );
