import { execute, one, rows, sql, type Sql, type Tx } from '../db/index.js';
import { type DidId, type DidType } from '../vocabulary/index.js';

/** `child` was made from `parent`. */
export interface Link {
  readonly childId: DidId;
  readonly parentId: DidId;
}

/** Which way a walk goes: to what a DID was made from, or to what was made from it. */
export type Direction = 'ancestors' | 'descendants';

/** One step of a walk. An erased DID has its last name as long as that is kept, then none. */
export interface Relative {
  readonly nearId: DidId;
  readonly farId: DidId;
  readonly scope: string | null;
  readonly name: string | null;
  readonly type: DidType | null;
  readonly deletedAt: Date | null;
}

/**
 * Serialises, until the transaction ends, all declaring of lineage: two sessions that derive A from B
 * and B from A would both see no circle.
 */
export async function lockLineage(tx: Tx): Promise<void> {
  await rows(tx, sql`SELECT pg_advisory_xact_lock(7402613)`);
}

/** Adds links; those that are there already stay. */
export async function insertLinks(tx: Tx, links: readonly Link[]): Promise<void> {
  await execute(
    tx,
    sql`INSERT INTO derived (child_id, parent_id)
        SELECT DISTINCT i.child_id, i.parent_id
        FROM unnest(${links.map(({ childId }) => childId)}::bigint[],
                    ${links.map(({ parentId }) => parentId)}::bigint[]) AS i(child_id, parent_id)
        ORDER BY i.child_id, i.parent_id
        ON CONFLICT DO NOTHING`,
  );
}

/**
 * One of these DIDs that is derived from itself, by however many steps. Only those are followed up
 * from which something is derived, which of new results is none. A probe a DID: a join would read all
 * lineage there is while its statistics are young.
 */
export async function findLoop(tx: Tx, childIds: readonly DidId[]): Promise<DidId | undefined> {
  const found = await one<{ id: DidId }>(
    tx,
    sql`WITH RECURSIVE up(start, node) AS (
          SELECT i.id, p.parent_id FROM unnest(${[...childIds]}::bigint[]) AS i(id)
           CROSS JOIN LATERAL (SELECT k.child_id FROM derived k WHERE k.parent_id = i.id LIMIT 1) made
           CROSS JOIN LATERAL (SELECT d.parent_id FROM derived d WHERE d.child_id = i.id OFFSET 0) p
          UNION
          SELECT u.start, p.parent_id FROM up u
           CROSS JOIN LATERAL (SELECT d.parent_id FROM derived d WHERE d.child_id = u.node OFFSET 0) p
           WHERE u.node <> u.start)
        SELECT start AS id FROM up WHERE node = start LIMIT 1`,
  );
  return found?.id;
}

/** Takes links back; gives those that were there. */
export async function deleteLinks(
  tx: Tx,
  childId: DidId,
  parentIds: readonly DidId[],
): Promise<DidId[]> {
  const gone = await rows<{ id: DidId }>(
    tx,
    sql`DELETE FROM derived WHERE child_id = ${childId} AND parent_id = ANY(${[...parentIds]}::bigint[])
        RETURNING parent_id AS id`,
  );
  return gone.map(({ id }) => id);
}

/** `near_id` and `far_id` of a step in each direction. */
const STEPS: Readonly<Record<Direction, Sql>> = {
  ancestors: sql`SELECT child_id AS near_id, parent_id AS far_id FROM derived`,
  descendants: sql`SELECT parent_id AS near_id, child_id AS far_id FROM derived`,
};

/** One page of the next steps from DIDs, by both ids. `after` is the last of the page before. */
export async function relativePage(
  tx: Tx,
  direction: Direction,
  ids: readonly DidId[],
  page: { readonly after: Pick<Relative, 'nearId' | 'farId'>; readonly limit: number },
): Promise<Relative[]> {
  return await rows<Relative>(
    tx,
    sql`SELECT l.near_id AS "nearId", l.far_id AS "farId", coalesce(d.scope, g.scope) AS scope,
               coalesce(d.name, g.name) AS name, coalesce(d.type, g.type) AS type,
               g.deleted_at AS "deletedAt"
        FROM (
          SELECT s.near_id, s.far_id FROM (${STEPS[direction]}) s
           WHERE s.near_id = ANY(${[...ids]}::bigint[])
             AND (s.near_id, s.far_id) > (${page.after.nearId}::bigint, ${page.after.farId}::bigint)
           ORDER BY s.near_id, s.far_id LIMIT ${page.limit}) l
        LEFT JOIN LATERAL (
          SELECT x.scope, x.name, x.type FROM dids x WHERE x.id = l.far_id OFFSET 0) d ON true
        LEFT JOIN LATERAL (
          SELECT y.scope, y.name, y.type, y.deleted_at FROM deleted_dids y
           WHERE d.scope IS NULL AND y.id = l.far_id ORDER BY y.deleted_at DESC LIMIT 1) g ON true
        ORDER BY l.near_id, l.far_id`,
  );
}

/**
 * DIDs have been erased. One from which something is derived keeps its place, so that a result is
 * traced through what was scratch; else what it was made from is let go, and so on upwards through
 * what had been erased before.
 */
export async function pruneLineage(tx: Tx, erased: readonly DidId[]): Promise<void> {
  const linked = await one(
    tx,
    sql`SELECT 1 AS one FROM derived WHERE child_id = ANY(${[...erased]}::bigint[]) LIMIT 1`,
  );
  if (!linked) return;
  await lockLineage(tx);
  for (let gone = [...erased]; gone.length > 0;) {
    const freed = await rows<{ id: DidId }>(
      tx,
      sql`WITH cut AS (
            DELETE FROM derived d WHERE d.child_id = ANY(${gone}::bigint[])
              AND NOT EXISTS (SELECT FROM derived k WHERE k.parent_id = d.child_id)
            RETURNING d.parent_id)
          SELECT DISTINCT c.parent_id AS id FROM cut c
          WHERE NOT EXISTS (SELECT FROM dids x WHERE x.id = c.parent_id)`,
    );
    gone = freed.map(({ id }) => id);
  }
}
