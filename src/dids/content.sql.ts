import { lit, lits, one, only, rows, sql, type Sql, type Tx } from '../db/index.js';
import {
  type AccountId,
  DidAvailability,
  type DidId,
  type DidName,
  DidType,
  Evaluation,
} from '../vocabulary/index.js';
import { type Did } from './did.js';
import { nameRows } from './did.sql.js';
import { tellDetached, tellRegistered } from './told.sql.js';
import { ancestorsOf } from './tree.sql.js';

/** A DID to attach, with what the caller says about it (checked against the catalogue). */
export interface ChildSpec extends DidName {
  readonly bytes?: bigint | null;
  readonly adler32?: number | null;
  /** 32 hex digits, dashes at will. */
  readonly md5?: string | null;
}

/** Why a DID cannot be attached. */
export interface AttachProblem extends DidName {
  readonly problem:
    'missing' | 'self' | 'type' | 'lost' | 'bytes' | 'adler32' | 'md5' | 'duplicate';
}

/**
 * CTEs from the rows (child_id) that `changed` gives, all children of one parent: their sum by key
 * (never by joining two CTEs, measured), the dataset's delta, and the evaluation that the judge owes,
 * with the bounds of the children to look at.
 */
const told = (parent: Did, changed: Sql, action: Evaluation): Sql => {
  const sign = action === Evaluation.ATTACH ? 1 : -1;
  return sql`
    s AS (
      SELECT count(*) AS n, coalesce(sum(d.bytes), 0) AS b, min(d.id) AS lo, max(d.id) AS hi
      FROM (${changed}) AS x(child_id) JOIN dids d ON d.id = x.child_id),
    delta AS (
      INSERT INTO collection_deltas (did_id, length, bytes)
      SELECT ${parent.id}::bigint, ${lit(sign)} * n, ${lit(sign)} * b FROM s
      WHERE n > 0 AND ${parent.type === DidType.DATASET}),
    evaluation AS (
      INSERT INTO updated_dids (did_id, child_from, child_to, action)
      SELECT ${parent.id}::bigint, lo, hi, ${lit(action)} FROM s WHERE n > 0)`;
};

const childRows = (children: readonly ChildSpec[]): Sql => sql`
  unnest(${children.map(({ scope }) => scope)}::text[], ${children.map(({ name }) => name)}::text[],
         ${children.map(({ bytes }) => bytes ?? null)}::bigint[],
         ${children.map(({ adler32 }) => adler32 ?? null)}::int[],
         ${children.map(({ md5 }) => md5 ?? null)}::uuid[])
    WITH ORDINALITY AS i(scope, name, bytes, adler32, md5, at)`;

/** Why DID `d` cannot be what row `i` says of it, in the parent that takes DIDs of some types only. */
export const childProblem = (parentId: Sql, takes: Sql): Sql => sql`
  CASE WHEN d.id IS NULL THEN 'missing'
       WHEN d.id = ${parentId} THEN 'self'
       WHEN NOT (${takes}) THEN 'type'
       WHEN d.availability = ${lit(DidAvailability.LOST)} THEN 'lost'
       WHEN i.bytes IS NOT NULL AND i.bytes IS DISTINCT FROM d.bytes THEN 'bytes'
       WHEN i.adler32 <> d.adler32 THEN 'adler32'
       WHEN i.md5 <> d.md5 THEN 'md5' END`;

/**
 * Attaches children of the given types to a dataset or container, all that can be: names, contents,
 * sums, delta and evaluation in one statement. Gives the first problem in the
 * order of the request, if any: the caller then throws, and the transaction takes everything back.
 */
export async function insertContents(
  tx: Tx,
  parent: Did,
  children: readonly ChildSpec[],
  types: readonly DidType[],
  accountId: AccountId = parent.accountId,
): Promise<AttachProblem | undefined> {
  const registered =
    parent.type === DidType.CONTAINER
      ? sql`registered AS (${tellRegistered(sql`SELECT ${parent.id}::bigint AS parent_id, child_id FROM ins`, accountId)}),`
      : sql``;
  return await one<AttachProblem>(
    tx,
    sql`WITH input AS MATERIALIZED (
          SELECT i.at, i.scope, i.name, d.id,
            ${childProblem(sql`${parent.id}::bigint`, sql`d.type IN (${lits(types)})`)} AS problem
          FROM ${childRows(children)}
          LEFT JOIN dids d ON d.scope = i.scope AND d.name = i.name),
        ins AS (
          INSERT INTO contents (parent_id, child_id)
          SELECT DISTINCT ${parent.id}::bigint, id FROM input WHERE problem IS NULL ORDER BY id
          ON CONFLICT DO NOTHING RETURNING child_id),
        ${registered}
        ${told(parent, sql`SELECT child_id FROM ins`, Evaluation.ATTACH)}
        SELECT scope, name, coalesce(problem, 'duplicate') AS problem FROM input
        WHERE problem IS NOT NULL OR id NOT IN (SELECT child_id FROM ins)
        ORDER BY (problem IS NULL), at LIMIT 1`,
  );
}

/**
 * Attaches constituents to archives, each of `children` to the archive beside it: no size and no rule
 * depends on it. Gives the place of the first that was attached already, if any.
 */
export async function insertConstituents(
  tx: Tx,
  archiveIds: readonly DidId[],
  childIds: readonly DidId[],
): Promise<number | undefined> {
  const found = await one<{ at: number }>(
    tx,
    sql`WITH input AS MATERIALIZED (
          SELECT i.parent_id, i.child_id, i.at
          FROM unnest(${[...archiveIds]}::bigint[], ${[...childIds]}::bigint[])
            WITH ORDINALITY AS i(parent_id, child_id, at)),
        ins AS (
          INSERT INTO contents (parent_id, child_id)
          SELECT DISTINCT parent_id, child_id FROM input ORDER BY parent_id, child_id
          ON CONFLICT DO NOTHING RETURNING parent_id, child_id)
        SELECT (at - 1)::int AS at FROM (
          SELECT i.at, (i.parent_id, i.child_id) NOT IN (SELECT parent_id, child_id FROM ins)
                   OR row_number() OVER (PARTITION BY i.parent_id, i.child_id ORDER BY i.at) > 1 AS again
          FROM input i) x
        WHERE again ORDER BY at LIMIT 1`,
  );
  return found?.at;
}

/**
 * Detaches children; gives the first name that was not attached, if any: the caller then throws, and
 * the transaction takes everything back.
 */
export async function deleteContents(
  tx: Tx,
  parent: Did,
  names: readonly DidName[],
): Promise<DidName | undefined> {
  return await one<DidName>(
    tx,
    sql`WITH input AS MATERIALIZED (
          SELECT i.at, i.scope, i.name, d.id FROM ${nameRows(names)}
          LEFT JOIN dids d ON d.scope = i.scope AND d.name = i.name),
        gone AS (
          DELETE FROM contents WHERE parent_id = ${parent.id} AND child_id IN (SELECT id FROM input)
          RETURNING child_id),
        history AS (
          INSERT INTO contents_history (parent_id, child_id)
          SELECT ${parent.id}::bigint, child_id FROM gone),
        detached AS (${tellDetached(parent, sql`SELECT child_id FROM gone`)}),
        ${told(parent, sql`SELECT child_id FROM gone`, Evaluation.DETACH)}
        SELECT scope, name FROM input
        WHERE id IS NULL OR id NOT IN (SELECT child_id FROM gone) ORDER BY at LIMIT 1`,
  );
}

/**
 * Serialises, until the transaction ends, all attaching of containers: two sessions that attach A to B
 * and B to A would both see no cycle.
 */
export async function lockContainers(tx: Tx): Promise<void> {
  await rows(tx, sql`SELECT pg_advisory_xact_lock(7402612)`);
}

/** Whether any of these DIDs is above the parent (so that attaching it there would make a cycle). */
export async function isAbove(
  tx: Tx,
  parentId: DidId,
  childIds: readonly DidId[],
): Promise<boolean> {
  const { above } = await only<{ above: boolean }>(
    tx,
    sql`WITH ancestors AS (${ancestorsOf(sql`SELECT ${parentId}::bigint`)})
        SELECT EXISTS (SELECT FROM ancestors WHERE id = ANY(${[...childIds]}::bigint[])) AS above`,
  );
  return above;
}
