import { lit, sql, type Sql } from '../db/index.js';
import { type DidId, DidType } from '../vocabulary/index.js';

// Measured: the recursion goes through containers only, files come by one join.
// Recursing through the files costs five times as much and does not end at 10^7.

/** WITH part: tree(id, type) of the root, or of several, and every collection below, once each. */
const collections = (root: DidId | readonly DidId[]): Sql => sql`
  WITH RECURSIVE tree(id, type) AS (
    SELECT id, type FROM dids WHERE ${
      typeof root === 'bigint' ? sql`id = ${root}::bigint` : sql`id = ANY(${[...root]}::bigint[])`
    }
    UNION
    SELECT d.id, d.type FROM tree t
    JOIN contents ct ON ct.parent_id = t.id
    JOIN dids d ON d.id = ct.child_id
    WHERE t.type = ${lit(DidType.CONTAINER)})`;

/** CTE body: `id` of every dataset at or below the root, or one of several, once each. */
export const datasetsBelow = (root: DidId | readonly DidId[]): Sql =>
  sql`${collections(root)} SELECT id FROM tree WHERE type = ${lit(DidType.DATASET)}`;

/** `tree(at, id, type)`: each root, by its place in the list from 1, and its collections below. */
const collectionsOfEach = (roots: readonly DidId[]): Sql => sql`
  WITH RECURSIVE tree(at, id, type) AS (
    SELECT r.at::int, d.id, d.type
    FROM unnest(${[...roots]}::bigint[]) WITH ORDINALITY AS r(id, at) JOIN dids d ON d.id = r.id
    UNION
    SELECT t.at, d.id, d.type FROM tree t
    JOIN contents ct ON ct.parent_id = t.id
    JOIN dids d ON d.id = ct.child_id
    WHERE t.type = ${lit(DidType.CONTAINER)})`;

/**
 * CTE body: `at` and `id` of every dataset at or below each of several roots, once a root; `at` is the
 * root's place in the list, from 1.
 */
export const datasetsBelowEach = (roots: readonly DidId[]): Sql => sql`${collectionsOfEach(roots)}
  SELECT at, id FROM tree WHERE type = ${lit(DidType.DATASET)}`;

/** CTE body: `id` of the root, or of several, and of every dataset and container below, once each. */
export const collectionsBelow = (root: DidId | readonly DidId[]): Sql =>
  sql`${collections(root)} SELECT id FROM tree`;

/** CTE body: `did_id` of every file at or below the root, once each. */
export const filesBelow = (rootId: DidId): Sql => sql`${collections(rootId)}
  SELECT ct.child_id AS did_id FROM tree t JOIN contents ct ON ct.parent_id = t.id
  WHERE t.type = ${lit(DidType.DATASET)}
  UNION
  SELECT id FROM tree WHERE type = ${lit(DidType.FILE)}`;

/** CTE body: `id` of the root and of everything below it, files included, once each. */
export const didsBelow = (rootId: DidId): Sql => sql`${collections(rootId)}
  SELECT ct.child_id AS id FROM tree t JOIN contents ct ON ct.parent_id = t.id
  WHERE t.type = ${lit(DidType.DATASET)}
  UNION
  SELECT id FROM tree`;

/**
 * CTE body: `at` and `id` of each of several roots and of everything below it, files included, once a
 * root; `at` is the root's place in the list, from 1.
 */
export const didsBelowEach = (rootIds: readonly DidId[]): Sql => sql`${collectionsOfEach(rootIds)}
  SELECT t.at, ct.child_id AS id FROM tree t JOIN contents ct ON ct.parent_id = t.id
  WHERE t.type = ${lit(DidType.DATASET)}
  UNION
  SELECT at, id FROM tree`;

/**
 * CTE body: `id` of everything above the DIDs that the query `ids` gives (one bigint column), once
 * each; the DIDs themselves only where one is above another. An archive is above its constituents.
 */
export const ancestorsOf = (ids: Sql): Sql => sql`
  WITH RECURSIVE up(id) AS (
    SELECT ct.parent_id FROM contents ct WHERE ct.child_id IN (${ids})
    UNION
    SELECT ct.parent_id FROM up JOIN contents ct ON ct.child_id = up.id)
  SELECT id FROM up`;
