import {
  ARRIVING_EVERY,
  containerId,
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
export const fileBytes = `(100000000 + ((k * ${FILES}::bigint + at) * 7919) % 1900000000)`;
const fileId = ({ firstId }: Shape) => `(${firstId} + k * ${FILES + 1}::bigint + 1 + at)`;
export const dataset = ({ firstId }: Shape) => `(${firstId} + k * ${FILES + 1}::bigint)`;
export const files = `generate_series(0, ${FILES - 1}) at`;

/** Of dataset k: the two places (numbers in `LAKE_RSES`), and whether the second is still empty. */
export const FIRST = `(k % ${LAKE_RSES.length})`;
export const SECOND = `((${FIRST} + 1 + (k / ${LAKE_RSES.length}) % ${LAKE_RSES.length - 1}) % ${LAKE_RSES.length})`;
export const ARRIVING = `(k % ${ARRIVING_EVERY} = 9)`;

/** By the primary key, which is there already: otherwise its pages stay half empty. */
const IN_ORDER = 'ORDER BY 1, 2';

/** Per file the two copies: c = 0 and c = 1, in the order of the primary key of replicas and locks. */
const copiesOf = ({ rseIds }: Ground) => `
  CROSS JOIN LATERAL (SELECT c, (ARRAY[${rseIds.join(',')}])[1 + CASE c WHEN 0 THEN ${FIRST} ELSE ${SECOND} END] AS rse_id
                        FROM generate_series(0, 1) c ORDER BY 2) copy`;

const parts = ({ shape }: Ground, statement: (datasets: string) => string): string[] =>
  Array.from({ length: Math.ceil(shape.datasets / PART) }, (_, at) => {
    const last = Math.min((at + 1) * PART, shape.datasets) - 1;
    return statement(`generate_series(${at * PART}, ${last}) k`);
  });

export const rule = `k + 1`;

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
               CASE WHEN c = 1 AND ${ARRIVING} THEN 'C' ELSE 'A' END FROM ${ks}, ${files} ${copies} ${IN_ORDER}`,
      ),
    },
    {
      table: 'locks',
      statements: parts(
        ground,
        (ks) => `
        INSERT INTO locks (did_id, rse_id, rule_id, bytes, state)
        SELECT ${fileId(shape)}, rse_id, ${rule}, ${fileBytes},
               CASE WHEN c = 1 AND ${ARRIVING} THEN 'R' ELSE 'O' END FROM ${ks}, ${files} ${copies} ${IN_ORDER}`,
      ),
    },
    {
      table: 'contents',
      statements: [
        ...parts(
          ground,
          (ks) => `INSERT INTO contents (parent_id, child_id)
                   SELECT ${dataset(shape)}, ${fileId(shape)} FROM ${ks}, ${files} ${IN_ORDER}`,
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
