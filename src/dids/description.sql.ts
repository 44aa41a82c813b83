import { ident, join, rows, sql, type Tx } from '../db/index.js';
import { type DidId } from '../vocabulary/index.js';
import { type Description, type DescriptionColumn, DescriptionColumns } from './description.js';
import { type Did, didColumns } from './did.js';

/** A DID with all its built-in metadata. */
export interface DescribedDid extends Did {
  readonly obsolete: boolean;
  readonly suppressed: boolean;
  readonly complete: boolean | null;
  /** By column name; integers of eight bytes are bigint, guid is a uuid with dashes. */
  readonly description: Required<Description>;
}

const columns = Object.keys(DescriptionColumns) as DescriptionColumn[];
const list = join(
  columns.map((column) => sql`d.${ident(column)}`),
  ', ',
);

type Row = Omit<DescribedDid, 'description'> & Required<Description>;

/** The DIDs of these ids with their built-in metadata; those that exist, by id. */
export async function describedDids(
  tx: Tx,
  ids: readonly DidId[],
): Promise<Map<DidId, DescribedDid>> {
  const found = await rows<Row>(
    tx,
    sql`SELECT ${didColumns}, d.obsolete, d.suppressed, d.complete, ${list}
        FROM dids d WHERE d.id = ANY(${[...ids]}::bigint[])`,
  );
  return new Map(
    found.map((row) => {
      const description = Object.fromEntries(columns.map((column) => [column, row[column]]));
      return [row.id, { ...row, description: description as Required<Description> }];
    }),
  );
}

/** Who is above whom: `depth` 1 is a direct parent; of several ways up the shortest counts. */
export interface Ancestor {
  readonly didId: DidId;
  readonly ancestorId: DidId;
  readonly depth: number;
}

/** The ancestors of each DID, nearest first. */
export async function ancestorsByDepth(tx: Tx, ids: readonly DidId[]): Promise<Ancestor[]> {
  return await rows<Ancestor>(
    tx,
    sql`WITH RECURSIVE up(did_id, node, depth) AS (
          SELECT ct.child_id, ct.parent_id, 1 FROM contents ct WHERE ct.child_id = ANY(${[...ids]}::bigint[])
          UNION
          SELECT up.did_id, ct.parent_id, up.depth + 1 FROM up JOIN contents ct ON ct.child_id = up.node)
        SELECT did_id AS "didId", node AS "ancestorId", min(depth) AS depth FROM up
        GROUP BY did_id, node ORDER BY did_id, min(depth), node`,
  );
}
