import { rows, sql, type Tx } from '../db/index.js';
import { type DidId } from '../vocabulary/index.js';
import { type Did, didColumns } from './did.js';

/** A child with the place of its parent among those asked, from 0. */
export interface ChildOf extends Did {
  readonly at: number;
}

/**
 * One page of the children of collections: parent by parent in the order given, where one may come
 * twice, each one's children by id; those of the first parent after `after`. The parents are sorted
 * before their children are read: so the page ends the reading, where it would read all and sort.
 */
export async function childrenPage(
  tx: Tx,
  parentIds: readonly DidId[],
  after: DidId,
  limit: number,
): Promise<ChildOf[]> {
  return await rows<ChildOf>(
    tx,
    sql`SELECT (p.at - 1)::int AS at, ${didColumns}
        FROM (SELECT u.id, u.at FROM unnest(${[...parentIds]}::bigint[]) WITH ORDINALITY AS u(id, at)
               ORDER BY u.at) p
        CROSS JOIN LATERAL (
          SELECT ct.child_id FROM contents ct
           WHERE ct.parent_id = p.id AND ct.child_id > CASE p.at WHEN 1 THEN ${after}::bigint ELSE -1 END
           ORDER BY ct.child_id LIMIT ${limit}) c
        CROSS JOIN LATERAL (SELECT x.* FROM dids x WHERE x.id = c.child_id OFFSET 0) d
        ORDER BY p.at, c.child_id LIMIT ${limit}`,
  );
}
