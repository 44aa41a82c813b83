import { join, lit, lits, only, rows, sql, type Sql, type Tx } from '../db/index.js';
import {
  type DidId,
  type DidName,
  DidType,
  ReplicaState,
  type ReplicaState as State,
  type RseId,
} from '../vocabulary/index.js';

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

/** All files of a listing, sorted by scope and name. For listings that countListed found small. */
export async function sortedFiles(tx: Tx, listed: ListedDids): Promise<DidId[]> {
  const found = await rows<{ id: DidId }>(
    tx,
    sql`SELECT d.id FROM dids d
        WHERE d.id = ANY(${[...listed.files]}::bigint[])
           OR d.id IN (SELECT ct.child_id FROM contents ct
                       WHERE ct.parent_id = ANY(${[...listed.datasets]}::bigint[]))
        ORDER BY d.scope, d.name`,
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

/** Which copies a listing shows. */
export interface CopyFilter {
  readonly rseIds: readonly RseId[];
  /** null: of every state. */
  readonly states: readonly State[] | null;
  /** Only copies written or read since then. */
  readonly since: Date | null;
  /** Whether some of these RSEs are not deterministic. */
  readonly withPaths: boolean;
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
  readonly states: State[] | null;
  /** null where every RSE computes its paths. */
  readonly paths: (string | null)[] | null;
}

/** These files with their copies, in the order given. */
export async function listedFiles(
  tx: Tx,
  didIds: readonly DidId[],
  filter: CopyFilter,
): Promise<ListedFile[]> {
  const states = filter.states ?? ReplicaStates;
  // `+ 0` keeps the planner from the index on (rse_id, did_id), one descent an RSE and file: a page of
  // 1,000 files at 50 RSEs took 580 ms instead of 20 (measured).
  const copies = (value: Sql): Sql => sql`ARRAY(
    SELECT ${value} FROM replicas r
    ${filter.withPaths ? sql`LEFT JOIN replica_paths p ON p.did_id = r.did_id AND p.rse_id = r.rse_id` : sql``}
    WHERE r.did_id = d.id AND (r.rse_id + 0) = ANY(${[...filter.rseIds]}::int[])
      AND r.state IN (${lits(states)})
      ${filter.since === null ? sql`` : sql`AND greatest(r.accessed_at, r.verified_at) >= ${filter.since}`}
    ORDER BY r.rse_id)`;
  const onlyAvailable = states.length === 1 && states[0] === ReplicaState.AVAILABLE;
  return await rows<ListedFile>(
    tx,
    sql`SELECT d.id AS "didId", d.scope, d.name, d.bytes, d.adler32,
          replace(d.md5::text, '-', '') AS md5, d.constituent,
          ${join(
            [
              sql`${copies(sql`r.rse_id`)} AS "rseIds"`,
              sql`${onlyAvailable ? sql`NULL` : copies(sql`r.state::text`)} AS states`,
              sql`${filter.withPaths ? copies(sql`p.path`) : sql`NULL`} AS paths`,
            ],
            ', ',
          )}
        FROM unnest(${[...didIds]}::bigint[]) WITH ORDINALITY AS i(id, at)
        JOIN dids d ON d.id = i.id ORDER BY i.at`,
  );
}

const ReplicaStates = Object.values(ReplicaState);

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
