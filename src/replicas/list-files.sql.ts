import { join, lit, only, rows, sql, type Tx } from '../db/index.js';
import {
  type DidId,
  type DidName,
  DidType,
  type ReplicaState,
  type RseId,
} from '../vocabulary/index.js';
import { shownCopies, type CopyFilter, showsAvailableOnly } from './listed-copies.sql.js';

/** What a listing of copies is about: files asked for by name, and datasets below what was asked. */
export interface ListedDids {
  readonly files: readonly DidId[];
  readonly datasets: readonly DidId[];
}

/** Resolves names: files as they are, collections to the datasets at or below them, each once. */
export async function resolveListed(tx: Tx, names: readonly DidName[]): Promise<ListedDids> {
  const found = await rows<{ id: DidId; type: DidType }>(
    tx,
    sql`WITH RECURSIVE tree(id, type) AS (
          SELECT d.id, d.type FROM unnest(${names.map(({ scope }) => scope)}::text[],
                                          ${names.map(({ name }) => name)}::text[]) AS i(scope, name)
          JOIN dids d ON d.scope = i.scope AND d.name = i.name
          UNION
          SELECT d.id, d.type FROM tree t JOIN contents ct ON ct.parent_id = t.id
          JOIN dids d ON d.id = ct.child_id WHERE t.type = ${lit(DidType.CONTAINER)})
        SELECT id, type FROM tree WHERE type <> ${lit(DidType.CONTAINER)} ORDER BY id`,
  );
  const ofType = (type: DidType) => found.filter((row) => row.type === type).map(({ id }) => id);
  return { files: ofType(DidType.FILE), datasets: ofType(DidType.DATASET) };
}

/** Counts what a listing would show, but no further than `limit`. */
export async function countListed(tx: Tx, listed: ListedDids, limit: number): Promise<number> {
  const { n } = await only<{ n: number }>(
    tx,
    sql`SELECT count(*)::int AS n FROM (
          SELECT FROM contents WHERE parent_id = ANY(${[...listed.datasets]}::bigint[])
          LIMIT ${lit(limit)}) held`,
  );
  return n + listed.files.length;
}

/** Listings up to this size are sorted by scope and name; larger ones come dataset by dataset. */
export const SORTED_MAX = 20_000;

/**
 * All files of a listing, sorted by scope and name; none at all where its datasets hold more than
 * `limit`. The limit also tells the planner that the keys are few: without it 1,000 datasets were
 * reason enough to read every DID there is.
 */
export async function sortedFiles(
  tx: Tx,
  listed: ListedDids,
  limit = SORTED_MAX,
): Promise<DidId[]> {
  const found = await rows<{ id: DidId }>(
    tx,
    sql`WITH held AS MATERIALIZED (
          SELECT ct.child_id AS id FROM unnest(${[...listed.datasets]}::bigint[]) AS parent(id)
          CROSS JOIN LATERAL (SELECT child_id FROM contents WHERE parent_id = parent.id OFFSET 0) ct
          LIMIT ${lit(limit + 1)})
        SELECT d.id
        FROM (SELECT unnest(${[...listed.files]}::bigint[]) AS id UNION SELECT id FROM held) i
        JOIN dids d ON d.id = i.id
        WHERE (SELECT count(*) FROM held) <= ${lit(limit)} ORDER BY d.scope, d.name`,
  );
  return found.map(({ id }) => id);
}

/** Some files of a listing, drawn at random. */
export async function randomFiles(tx: Tx, listed: ListedDids, count: number): Promise<DidId[]> {
  const found = await rows<{ id: DidId }>(
    tx,
    sql`SELECT id FROM (
          SELECT unnest(${[...listed.files]}::bigint[]) AS id
          UNION SELECT child_id FROM contents WHERE parent_id = ANY(${[...listed.datasets]}::bigint[])
        ) every ORDER BY random() LIMIT ${count}`,
  );
  return found.map(({ id }) => id);
}

/**
 * A page of the files of one dataset in order of their ids, without those that `listed` shows before:
 * files asked for by name, and files of datasets earlier in the list.
 */
export async function datasetPage(
  tx: Tx,
  listed: ListedDids,
  at: { readonly dataset: DidId; readonly after: DidId; readonly limit: number },
): Promise<{ ids: DidId[]; last: DidId | undefined }> {
  const page = await rows<{ id: DidId; repeated: boolean }>(
    tx,
    sql`SELECT ct.child_id AS id,
          ${
            listed.datasets.length > 1
              ? sql`EXISTS (
            SELECT FROM contents o WHERE o.child_id = ct.child_id AND o.parent_id < ct.parent_id
              AND o.parent_id = ANY(${[...listed.datasets]}::bigint[]))`
              : sql`false`
          }
          OR ct.child_id = ANY(${[...listed.files]}::bigint[]) AS repeated
        FROM contents ct WHERE ct.parent_id = ${at.dataset} AND ct.child_id > ${at.after}
        ORDER BY ct.child_id LIMIT ${lit(at.limit)}`,
  );
  return {
    ids: page.filter(({ repeated }) => !repeated).map(({ id }) => id),
    last: page.length < at.limit ? undefined : page.at(-1)?.id,
  };
}

/** A file with its copies: `rseIds`, `states` and `paths` run in parallel. */
export interface ListedFile extends DidName {
  readonly didId: DidId;
  readonly bytes: bigint;
  readonly adler32: number | null;
  readonly md5: string | null;
  readonly constituent: boolean | null;
  readonly rseIds: RseId[];
  /** null where only AVAILABLE ones were asked for. */
  readonly states: ReplicaState[] | null;
  /** null where every RSE computes its paths. */
  readonly paths: (string | null)[] | null;
}

/** These files with their copies, in the order given. */
export async function listedFiles(
  tx: Tx,
  didIds: readonly DidId[],
  filter: CopyFilter,
): Promise<ListedFile[]> {
  return await rows<ListedFile>(
    tx,
    sql`SELECT d.id AS "didId", d.scope, d.name, d.bytes, d.adler32,
          replace(d.md5::text, '-', '') AS md5, d.constituent,
          ${join(
            [
              sql`${shownCopies(filter, sql`r.rse_id`)} AS "rseIds"`,
              sql`${showsAvailableOnly(filter) ? sql`NULL` : shownCopies(filter, sql`r.state::text`)} AS states`,
              sql`${filter.withPaths ? shownCopies(filter, sql`p.path`) : sql`NULL`} AS paths`,
            ],
            ', ',
          )}
        FROM unnest(${[...didIds]}::bigint[]) WITH ORDINALITY AS i(id, at)
        JOIN dids d ON d.id = i.id ORDER BY i.at`,
  );
}

/** One step upwards in the tree of collections. */
export interface Ancestry extends DidName {
  readonly childId: DidId;
  readonly parentId: DidId;
}

/** Every step upwards from these files to the top, parents named, by scope and name. */
export async function ancestries(tx: Tx, didIds: readonly DidId[]): Promise<Ancestry[]> {
  return await rows<Ancestry>(
    tx,
    sql`WITH RECURSIVE up(child_id, parent_id) AS (
          SELECT ct.child_id, ct.parent_id FROM contents ct
          WHERE ct.child_id = ANY(${[...didIds]}::bigint[])
          UNION
          SELECT ct.child_id, ct.parent_id FROM up JOIN contents ct ON ct.child_id = up.parent_id)
        SELECT up.child_id AS "childId", up.parent_id AS "parentId", d.scope, d.name
        FROM up JOIN dids d ON d.id = up.parent_id
        WHERE d.type <> ${lit(DidType.FILE)} ORDER BY d.scope, d.name`,
  );
}

/** The archives that hold these files. */
export async function archivesOf(
  tx: Tx,
  didIds: readonly DidId[],
): Promise<{ childId: DidId; archiveId: DidId }[]> {
  return await rows(
    tx,
    sql`SELECT ct.child_id AS "childId", ct.parent_id AS "archiveId" FROM contents ct
        JOIN dids d ON d.id = ct.parent_id AND d.type = ${lit(DidType.FILE)}
        WHERE ct.child_id = ANY(${[...didIds]}::bigint[]) ORDER BY ct.child_id, ct.parent_id`,
  );
}
