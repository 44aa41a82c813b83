import { rows, sql, type Sql, type Tx } from '../../db/index.js';

/** A moment as the wire has it. */
const wireMoment = (column: Sql): Sql =>
  sql`to_char(${column} AT TIME ZONE 'UTC', 'Dy, DD Mon YYYY HH24:MI:SS "UTC"')`;

const wireUid = (column: Sql): Sql => sql`replace(${column}::text, '-', '')`;

/** The distances from one storage element, as JSON by the names of their ends. */
export interface DistancesFrom {
  readonly source: string;
  readonly json: string;
}

/**
 * Every distance between storage elements that are not deleted, one row a source. JSON is made where the
 * rows are: a mesh of 400 has 160,000 of them, which would keep this process busy for seconds.
 */
export const distancesAsJson = (tx: Tx): Promise<DistancesFrom[]> =>
  rows<DistancesFrom>(
    tx,
    sql`SELECT s.name AS source, json_object_agg(e.name, json_build_object(
            'src_rse_id', ${wireUid(sql`s.uid`)}, 'dest_rse_id', ${wireUid(sql`e.uid`)},
            'distance', d.distance, 'ranking', d.distance,
            'created_at', ${wireMoment(sql`d.created_at`)},
            'updated_at', ${wireMoment(sql`d.updated_at`)}) ORDER BY e.name)::text AS json
          FROM distances d
          JOIN rses s ON s.id = d.source_id AND s.deleted_at IS NULL
          JOIN rses e ON e.id = d.destination_id AND e.deleted_at IS NULL
         GROUP BY s.id, s.name ORDER BY s.name`,
  );
