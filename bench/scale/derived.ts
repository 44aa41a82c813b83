import {
  ARRIVING_EVERY,
  containerId,
  datasetId,
  DATASETS,
  FILES,
  LARGE_FILES,
  LAKE_RSES,
  largeId,
  REMEMBERED_EVERY,
  type Shape,
  topId,
} from './shape.js';

/** Datasets a statement: small enough to show progress, large enough not to count. */
const PART = 500;

/** What the statements need to know of the database. */
export interface Ground {
  readonly shape: Shape;
  readonly accountId: number;
  /** Ids of `LAKE_RSES`, in their order. */
  readonly rseIds: readonly number[];
}

/** A table's rows made in the server, a statement a part; none needs another table's rows. */
export interface Derived {
  readonly table: string;
  readonly statements: readonly string[];
}

/** `bytesOf` in SQL: of the file `at` (0 … 999) of dataset k. */
const fileBytes = `(100000000 + ((k * ${FILES}::bigint + at) * 7919) % 1900000000)`;
const fileId = ({ firstId }: Shape) => `(${firstId} + k * ${FILES + 1}::bigint + 1 + at)`;
const dataset = ({ firstId }: Shape) => `(${firstId} + k * ${FILES + 1}::bigint)`;
const files = `generate_series(0, ${FILES - 1}) at`;

/** Of dataset k: the two places (numbers in `LAKE_RSES`), and whether the second is still empty. */
const FIRST = `(k % ${LAKE_RSES.length})`;
const SECOND = `((${FIRST} + 1 + (k / ${LAKE_RSES.length}) % ${LAKE_RSES.length - 1}) % ${LAKE_RSES.length})`;
const ARRIVING = `(k % ${ARRIVING_EVERY} = 9)`;

/** Per file the two copies: c = 0 and c = 1, in the order of the primary key of replicas and locks. */
const copiesOf = ({ rseIds }: Ground) => `
  CROSS JOIN LATERAL (SELECT c, (ARRAY[${rseIds.join(',')}])[1 + CASE c WHEN 0 THEN ${FIRST} ELSE ${SECOND} END] AS rse_id
                        FROM generate_series(0, 1) c ORDER BY 2) copy`;

const parts = ({ shape }: Ground, statement: (datasets: string) => string): string[] =>
  Array.from({ length: Math.ceil(shape.datasets / PART) }, (_, at) => {
    const last = Math.min((at + 1) * PART, shape.datasets) - 1;
    return statement(`generate_series(${at * PART}, ${last}) k`);
  });

const rule = `k + 1`;

/** Content, copies, locks, requests and history of the files, by arithmetic alone. */
export function derivedTables(ground: Ground): readonly Derived[] {
  const { shape, accountId } = ground;
  const copies = copiesOf(ground);
  return [
    {
      table: 'replicas',
      statements: parts(
        ground,
        (ks) => `
        INSERT INTO replicas (did_id, rse_id, bytes, lock_cnt, accessed_at, state)
        SELECT ${fileId(shape)}, rse_id, ${fileBytes}, 1, now(),
               CASE WHEN c = 1 AND ${ARRIVING} THEN 'C' ELSE 'A' END FROM ${ks}, ${files} ${copies}`,
      ),
    },
    {
      table: 'locks',
      statements: parts(
        ground,
        (ks) => `
        INSERT INTO locks (did_id, rse_id, rule_id, bytes, state)
        SELECT ${fileId(shape)}, rse_id, ${rule}, ${fileBytes},
               CASE WHEN c = 1 AND ${ARRIVING} THEN 'R' ELSE 'O' END FROM ${ks}, ${files} ${copies}`,
      ),
    },
    {
      table: 'contents',
      statements: [
        ...parts(
          ground,
          (ks) => `INSERT INTO contents (parent_id, child_id)
                   SELECT ${dataset(shape)}, ${fileId(shape)} FROM ${ks}, ${files}`,
        ),
        ...collectionContents(shape),
      ],
    },
    {
      table: 'requests',
      statements: [
        `INSERT INTO requests (did_id, rse_id, rule_id, bytes, account_id, activity, state)
         SELECT ${fileId(shape)}, rse_id, ${rule}, ${fileBytes}, ${accountId}, k / ${ARRIVING_EVERY} % 7, 'Q'
           FROM generate_series(0, ${shape.datasets - 1}) k, ${files} ${copies} WHERE ${ARRIVING} AND c = 1`,
      ],
    },
    {
      table: 'requests_history',
      statements: parts(
        ground,
        (ks) => `
        INSERT INTO requests_history (id, did_id, rse_id, rule_id, bytes, bytes_moved, account_id, state, tool,
               source_rse_id, submitted_at, started_at, finished_at, claimed_by)
        SELECT -${fileId(shape)}, ${fileId(shape)}, rse_id, ${rule}, ${fileBytes}, ${fileBytes}, ${accountId}, 'D',
               'stream', ${ground.rseIds[0]}, now(), now(), now(), 'conveyor-1'
          FROM ${ks}, ${files} ${copies} WHERE k % ${REMEMBERED_EVERY} = 5 AND c = 1`,
      ),
    },
  ];
}

function collectionContents(shape: Shape): string[] {
  const large = Math.min(LARGE_FILES, shape.files) / FILES;
  return [
    `INSERT INTO contents SELECT ${containerId(shape, 0)} + k / ${DATASETS}, ${dataset(shape)}
       FROM generate_series(0, ${shape.datasets - 1}) k`,
    `INSERT INTO contents SELECT ${largeId(shape)}, ${fileId(shape)}
       FROM generate_series(0, ${large - 1}) k, ${files}`,
    `INSERT INTO contents SELECT ${topId(shape)}, ${containerId(shape, 0)} + c
       FROM generate_series(0, ${shape.containers - 1}) c`,
  ];
}

/** The rules themselves, and every sum that the rows above imply. After the tables. */
export const sums = ({ shape, accountId, rseIds }: Ground): readonly string[] => [
  `INSERT INTO rules (id, did_id, locks_ok, locks_replicating, account_id, copies, state, did_grouping,
          rse_expression, expires_at, placement)
   OVERRIDING SYSTEM VALUE
   SELECT ${rule}, ${dataset(shape)}, CASE WHEN ${ARRIVING} THEN ${FILES} ELSE ${2 * FILES} END,
          CASE WHEN ${ARRIVING} THEN ${FILES} ELSE 0 END, ${accountId}, 2,
          CASE WHEN ${ARRIVING} THEN 'R' ELSE 'O' END, 'D', a.name || '|' || b.name,
          CASE WHEN k % 3 = 0 THEN now() + interval '1 year' END,
          jsonb_build_object('datasets', jsonb_build_object(${dataset(shape)}::text, jsonb_build_array(a.id, b.id)))
     FROM generate_series(0, ${shape.datasets - 1}) k
     JOIN rses a ON a.id = (ARRAY[${rseIds.join(',')}])[1 + ${FIRST}]
     JOIN rses b ON b.id = (ARRAY[${rseIds.join(',')}])[1 + ${SECOND}]`,
  `INSERT INTO collections (did_id, length, bytes)
   SELECT ${dataset(shape)}, count(*), sum(${fileBytes})
     FROM generate_series(0, ${shape.datasets - 1}) k, ${files} GROUP BY k`,
  `INSERT INTO collections (did_id, length, bytes)
   SELECT ${largeId(shape)}, sum(length), sum(bytes) FROM collections
    WHERE did_id BETWEEN ${datasetId(shape, 0)}
                     AND ${datasetId(shape, Math.min(LARGE_FILES, shape.files) / FILES - 1)}`,
  `INSERT INTO rse_usage (rse_id, source, files, used)
   SELECT rse_id, 'rucio', count(*), sum(bytes) FROM replicas WHERE rse_id = ANY(ARRAY[${rseIds.join(',')}])
    GROUP BY rse_id
   ON CONFLICT (rse_id, source) DO UPDATE SET files = EXCLUDED.files, used = EXCLUDED.used`,
  `INSERT INTO account_usage (account_id, rse_id, files, bytes)
   SELECT ${accountId}, rse_id, count(*), sum(bytes) FROM locks WHERE rse_id = ANY(ARRAY[${rseIds.join(',')}])
    GROUP BY rse_id
   ON CONFLICT (account_id, rse_id) DO UPDATE SET files = EXCLUDED.files, bytes = EXCLUDED.bytes`,
  ...['dids', 'rules'].map(
    (table) =>
      `SELECT setval(pg_get_serial_sequence('${table}', 'id'), (SELECT max(id) FROM ${table}))`,
  ),
];
