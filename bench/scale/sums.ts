import {
  ARRIVING,
  dataset,
  fileBytes,
  files,
  FIRST,
  type Ground,
  rule,
  SECOND,
} from './derived.js';
import { datasetId, FILES, LARGE_FILES, largeId } from './shape.js';

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
