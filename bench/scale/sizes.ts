import { type Client } from 'pg';

/** What a table takes on disk. */
export interface TableSize {
  readonly table: string;
  readonly rows: number;
  readonly heapBytes: number;
  /** Bytes of every index, the primary key first. */
  readonly indexes: readonly { readonly name: string; readonly bytes: number }[];
}

/** Tables that grow with the catalogue. */
const LARGE = [
  'dids',
  'did_meta',
  'contents',
  'replicas',
  'locks',
  'requests',
  'requests_history',
  'rules',
  'collections',
];

/** Sizes by relation, partitions summed. Rows are those that the last ANALYZE or VACUUM saw. */
export async function tableSizes(client: Client): Promise<TableSize[]> {
  const { rows } = await client.query<TableSize>(
    `WITH leaf AS (
       SELECT root, at, root::regclass::oid AS oid FROM unnest($1::text[]) WITH ORDINALITY AS t(root, at)
       UNION
       SELECT root, at, tree.relid::oid FROM unnest($1::text[]) WITH ORDINALITY AS t(root, at), pg_partition_tree(root) tree)
     SELECT root AS table, sum(greatest(c.reltuples, 0))::float8 AS rows,
            -- With its TOAST table, free space map and visibility map.
            sum(pg_table_size(c.oid))::float8 AS "heapBytes",
            (SELECT coalesce(json_agg(json_build_object('name', name, 'bytes', bytes) ORDER BY is_key DESC, name), '[]')
               FROM (SELECT coalesce(p.inhparent, i.indexrelid)::regclass::text AS name, bool_or(indisprimary) AS is_key,
                            sum(pg_relation_size(i.indexrelid))::float8 AS bytes
                       FROM leaf part JOIN pg_index i ON i.indrelid = part.oid
                       LEFT JOIN pg_inherits p ON p.inhrelid = i.indexrelid
                      WHERE part.root = leaf.root GROUP BY 1) x) AS indexes
       FROM leaf JOIN pg_class c ON c.oid = leaf.oid WHERE c.relkind = 'r'
      GROUP BY root, at ORDER BY at`,
    [LARGE],
  );
  return rows;
}

export const indexBytes = ({ indexes }: TableSize): number =>
  indexes.reduce((sum, { bytes }) => sum + bytes, 0);

/** Bytes a row: of the heap, of the indexes. An empty table has none. */
export function bytesARow(size: TableSize): { heap: number; indexes: number } {
  const rows = Math.max(size.rows, 1);
  return { heap: size.heapBytes / rows, indexes: indexBytes(size) / rows };
}

/** What so many replicas would need, everything in the proportions of the loaded catalogue. */
export interface Need {
  readonly replicas: number;
  readonly diskBytes: number;
  readonly indexBytes: number;
  /** Inner pages of all indexes and both heap and leaves of what is worked on. */
  readonly hotBytes: number;
}

/** Of a B-tree's pages, those above the leaves: 1 in 200 to 400 with keys of 8 to 60 bytes. */
const INNER_PAGES = 1 / 200;
/** The share of the catalogue that registration, transfers and deletion touch in a day. */
export const WORKED_ON = 0.02;

/** Extrapolates linearly: B-trees and heaps have so many bytes a row at any size. */
export function needOf(sizes: readonly TableSize[], replicas: number): Need {
  const loaded = sizes.find(({ table }) => table === 'replicas')?.rows ?? 0;
  if (loaded === 0) throw new RangeError('no replicas to extrapolate from');
  const factor = replicas / loaded;
  const heap = sizes.reduce((sum, { heapBytes }) => sum + heapBytes, 0) * factor;
  const indexes = sizes.reduce((sum, size) => sum + indexBytes(size), 0) * factor;
  return {
    replicas,
    diskBytes: heap + indexes,
    indexBytes: indexes,
    hotBytes: indexes * INNER_PAGES + (heap + indexes) * WORKED_ON,
  };
}
