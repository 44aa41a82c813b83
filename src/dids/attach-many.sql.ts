import { lit, one, rows, sql, type Tx } from '../db/index.js';
import { type DidId, DidType, Evaluation } from '../vocabulary/index.js';
import { type AttachOptions } from './attachment.js';
import { type AttachProblem, childProblem, type ChildSpec } from './content.sql.js';
import { type Did } from './did.js';
import { tellRegistered } from './told.sql.js';

/** A child with the dataset or container that it comes into. */
export interface ManyChild extends ChildSpec {
  readonly parent: Did;
  /** Which attachment of the request says so, from 0. */
  readonly turn: number;
  /** An earlier attachment of the request says it too. */
  readonly again: boolean;
}

/** Why a child cannot be attached, with the attachment that says so. */
export interface ManyProblem extends AttachProblem {
  readonly turn: number;
}

/**
 * As `insertContents`, for children of many datasets and containers at once: gives the first problem
 * in the order of attachments, and in one of them what is wrong before what is there already, unless
 * that is ignored. A probe a name and an id: a join would read all DIDs while statistics are young.
 */
export async function insertManyContents(
  tx: Tx,
  children: readonly ManyChild[],
  { ignoreDuplicate = false, accountId }: AttachOptions,
): Promise<ManyProblem | undefined> {
  const column = <Value>(of: (child: ManyChild) => Value) => children.map(of);
  const datasets = children.flatMap(({ parent }) =>
    parent.type === DidType.DATASET ? [parent.id] : [],
  );
  // Datasets are told nothing of: without a container there is nothing to look at.
  const registered = children.some(({ parent }) => parent.type === DidType.CONTAINER)
    ? sql`registered AS (${tellRegistered(sql`SELECT parent_id, child_id FROM ins`, accountId ?? null)}),`
    : sql``;
  return await one<ManyProblem>(
    tx,
    sql`WITH input AS MATERIALIZED (
          SELECT i.at, i.turn, i.again, i.parent_id, i.scope, i.name, d.id,
            ${childProblem(
              sql`i.parent_id`,
              sql`(d.type = ${lit(DidType.FILE)}) = i.takes_files`,
            )} AS problem
          FROM unnest(${column(({ parent }) => parent.id)}::bigint[],
                      ${column(({ parent }) => parent.type === DidType.DATASET)}::boolean[],
                      ${column(({ turn }) => turn)}::int[], ${column(({ again }) => again)}::boolean[],
                      ${column(({ scope }) => scope)}::text[], ${column(({ name }) => name)}::text[],
                      ${column(({ bytes }) => bytes ?? null)}::bigint[],
                      ${column(({ adler32 }) => adler32 ?? null)}::int[],
                      ${column(({ md5 }) => md5 ?? null)}::uuid[])
            WITH ORDINALITY AS i(parent_id, takes_files, turn, again, scope, name, bytes, adler32, md5, at)
          LEFT JOIN LATERAL (
            SELECT n.id, n.type, n.availability, n.bytes, n.adler32, n.md5 FROM dids n
             WHERE n.scope = i.scope AND n.name = i.name OFFSET 0) d ON true),
        ins AS (
          INSERT INTO contents (parent_id, child_id)
          SELECT parent_id, id FROM input WHERE problem IS NULL AND NOT again ORDER BY parent_id, id
          ON CONFLICT DO NOTHING RETURNING parent_id, child_id),
        ${registered}
        s AS (
          SELECT x.parent_id, count(*) AS n, coalesce(sum(d.bytes), 0) AS b,
                 min(x.child_id) AS lo, max(x.child_id) AS hi
            FROM ins x CROSS JOIN LATERAL (
              SELECT n.bytes FROM dids n WHERE n.id = x.child_id OFFSET 0) d
           GROUP BY x.parent_id),
        delta AS (
          INSERT INTO collection_deltas (did_id, length, bytes)
          SELECT parent_id, n, b FROM s WHERE parent_id = ANY(${datasets}::bigint[]) ORDER BY parent_id),
        evaluation AS (
          INSERT INTO updated_dids (did_id, child_from, child_to, action)
          SELECT parent_id, lo, hi, ${lit(Evaluation.ATTACH)} FROM s ORDER BY parent_id)
        SELECT turn, scope, name, coalesce(problem, 'duplicate') AS problem FROM input
        WHERE problem IS NOT NULL OR (NOT ${ignoreDuplicate}::boolean
          AND (again OR (parent_id, id) NOT IN (SELECT parent_id, child_id FROM ins)))
        ORDER BY turn, (problem IS NULL), at LIMIT 1`,
  );
}

/** What is directly in what, from these DIDs all the way up. */
export async function edgesAbove(
  tx: Tx,
  ids: readonly DidId[],
): Promise<{ readonly childId: DidId; readonly parentId: DidId }[]> {
  return await rows(
    tx,
    sql`WITH RECURSIVE up(child_id, parent_id) AS (
          SELECT ct.child_id, ct.parent_id FROM contents ct WHERE ct.child_id = ANY(${[...ids]}::bigint[])
          UNION
          SELECT ct.child_id, ct.parent_id FROM up JOIN contents ct ON ct.child_id = up.parent_id)
        SELECT child_id AS "childId", parent_id AS "parentId" FROM up`,
  );
}
