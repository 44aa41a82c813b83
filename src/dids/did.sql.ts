import {
  execute,
  ident,
  join,
  lit,
  one,
  prepared,
  rows,
  sql,
  type Sql,
  type Tx,
} from '../db/index.js';
import { type AccountId, type DidId, type DidName, DidType } from '../vocabulary/index.js';
import {
  type Description,
  type DescriptionColumn,
  DescriptionColumns,
  descriptionJson,
} from './description.js';
import { type Did, didColumns } from './did.js';
import { datasetsBelow } from './tree.sql.js';
import { tellCreated } from './told.sql.js';

/** Names as rows (scope, name, at), `at` counting from 1 in the order given; for FROM. */
export const nameRows = (names: readonly DidName[]): Sql =>
  sql`unnest(${names.map(({ scope }) => scope)}::text[], ${names.map(({ name }) => name)}::text[])
      WITH ORDINALITY AS i(scope, name, at)`;

/** The DID of that name, or undefined. */
export async function selectDid(tx: Tx, { scope, name }: DidName): Promise<Did | undefined> {
  return await one<Did>(
    tx,
    prepared(
      'did',
      sql`SELECT ${didColumns} FROM dids d WHERE d.scope = ${scope} AND d.name = ${name}`,
    ),
  );
}

/** The DIDs of these names that exist, in the order given. */
export async function selectDids(tx: Tx, names: readonly DidName[]): Promise<Did[]> {
  return await rows<Did>(
    tx,
    sql`SELECT ${didColumns} FROM ${nameRows(names)}
        JOIN dids d ON d.scope = i.scope AND d.name = i.name ORDER BY i.at`,
  );
}

/** The DIDs of these ids that exist, by id. */
export async function selectDidsById(tx: Tx, ids: readonly DidId[]): Promise<Did[]> {
  return await rows<Did>(
    tx,
    sql`SELECT ${didColumns} FROM dids d WHERE d.id = ANY(${[...ids]}::bigint[]) ORDER BY d.id`,
  );
}

/**
 * The DID of that name, its row locked against closing and erasing until the transaction ends.
 * Several may hold it so at once.
 */
export async function selectDidForShare(tx: Tx, { scope, name }: DidName) {
  return await one<Did>(
    tx,
    sql`SELECT ${didColumns} FROM dids d
        WHERE d.scope = ${scope} AND d.name = ${name} FOR SHARE`,
  );
}

/** Those of these DIDs that exist, held likewise, in the order of their ids. */
export async function selectDidsForShare(tx: Tx, names: readonly DidName[]): Promise<Did[]> {
  return await rows<Did>(
    tx,
    sql`SELECT ${didColumns} FROM dids d
        WHERE d.id = ANY(ARRAY(
          SELECT n.id FROM ${nameRows(names)} CROSS JOIN LATERAL (
            SELECT x.id FROM dids x WHERE x.scope = i.scope AND x.name = i.name OFFSET 0) n))
        ORDER BY d.id FOR SHARE`,
  );
}

const descriptionColumns = Object.entries(DescriptionColumns) as [DescriptionColumn, string][];
const NOT_NULL: readonly DescriptionColumn[] = ['hidden', 'transient'];

/** ", column" or ", value" for each described column of an INSERT. */
const columnList = (piece: (column: DescriptionColumn) => Sql): Sql =>
  join(
    descriptionColumns.map(([column]) => piece(column)),
    ', ',
  );

/** The value of a column from a described row `c`: what must not be null gets its default. */
const described = (column: DescriptionColumn): Sql => {
  if (column === 'purge_replicas') return sql`coalesce(c.purge_replicas, true)`;
  if (NOT_NULL.includes(column)) return sql`coalesce(c.${ident(column)}, false)`;
  return sql`c.${ident(column)}`;
};

/** LATERAL row `c` with a typed column for each key of the jsonb expression. */
const describedRow = (json: Sql): Sql =>
  sql`LEFT JOIN LATERAL jsonb_to_record(${json}) AS c(${join(
    descriptionColumns.map(([column, type]) => sql`${ident(column)} ${ident(type)}`),
    ', ',
  )}) ON true`;

/** A file's name with what must never change about it. */
export interface FileSpec extends DidName {
  readonly bytes: bigint;
  readonly adler32: number | null;
  /** 32 hex digits, dashes at will. */
  readonly md5: string | null;
  readonly guid?: string | null;
  readonly events?: bigint | null;
  /** Further built-in metadata of a new name. */
  readonly description?: Description;
}

/**
 * Makes the file names that are missing; those that are there stay as they are. In name order,
 * whatever order they are given in: two batches of the same names must not lock each other out.
 * Ids are resolved by a later statement of the same transaction, never by this one: a name that
 * another session has just committed is not in this statement's snapshot.
 */
export async function upsertFiles(
  tx: Tx,
  accountId: AccountId,
  files: readonly FileSpec[],
): Promise<void> {
  const column = <Key extends keyof FileSpec>(key: Key) => files.map((file) => file[key] ?? null);
  const plain = files.every(({ description }) => description === undefined);
  const input = sql`unnest(${column('scope')}::text[], ${column('name')}::text[],
    ${column('bytes')}::bigint[], ${column('adler32')}::int[], ${column('md5')}::uuid[]`;
  if (plain) {
    await execute(
      tx,
      sql`INSERT INTO dids (type, account_id, scope, name, bytes, adler32, md5, guid, events)
          SELECT ${lit(DidType.FILE)}, ${accountId}, i.scope, i.name, i.bytes, i.adler32, i.md5, i.guid, i.events
          FROM ${input}, ${column('guid')}::uuid[], ${column('events')}::bigint[])
            AS i(scope, name, bytes, adler32, md5, guid, events)
          ORDER BY i.scope COLLATE "C", i.name COLLATE "C"
          ON CONFLICT (scope, name) DO NOTHING`,
    );
    return;
  }
  const json = files.map(({ guid, events, description }) =>
    descriptionJson({
      ...(guid != null && { guid }),
      ...(events != null && { events }),
      ...description,
    }),
  );
  await execute(
    tx,
    sql`INSERT INTO dids (type, account_id, scope, name, bytes, adler32, md5, ${columnList(ident)})
        SELECT ${lit(DidType.FILE)}, ${accountId}, i.scope, i.name, i.bytes, i.adler32, i.md5,
          ${columnList(described)}
        FROM ${input}, ${json}::jsonb[]) AS i(scope, name, bytes, adler32, md5, json)
        ${describedRow(sql`i.json`)}
        ORDER BY i.scope COLLATE "C", i.name COLLATE "C"
        ON CONFLICT (scope, name) DO NOTHING`,
  );
}

/** A new dataset or container. */
export interface CollectionSpec extends DidName {
  readonly type: typeof DidType.DATASET | typeof DidType.CONTAINER;
  readonly monotonic?: boolean;
  readonly description?: Description;
}

/** Makes collections, open and new, in name order; gives those that were not there before. */
export async function insertCollections(
  tx: Tx,
  accountId: AccountId,
  specs: readonly CollectionSpec[],
): Promise<Did[]> {
  const json = specs.map(({ description = {} }) =>
    descriptionJson({ is_new: true, ...description }),
  );
  return await rows<Did>(
    tx,
    prepared(
      'insert-collections',
      sql`WITH made AS (
        INSERT INTO dids AS d (type, account_id, scope, name, is_open, monotonic, ${columnList(ident)})
        SELECT i.type::"char", ${accountId}, i.scope, i.name, true, i.monotonic, ${columnList(described)}
        FROM unnest(${specs.map(({ type }) => type)}::text[], ${specs.map(({ scope }) => scope)}::text[],
                    ${specs.map(({ name }) => name)}::text[],
                    ${specs.map(({ monotonic }) => monotonic ?? false)}::boolean[], ${json}::jsonb[])
          AS i(type, scope, name, monotonic, json)
        ${describedRow(sql`i.json`)}
        ORDER BY i.scope COLLATE "C", i.name COLLATE "C"
        ON CONFLICT (scope, name) DO NOTHING RETURNING ${didColumns}),
        told AS (${tellCreated(sql`SELECT * FROM made`)})
        SELECT * FROM made`,
    ),
  );
}

/**
 * Writes built-in metadata to each DID of `targets` (rows did_id, json), only the columns named in
 * `columns` and of those only what a row's json holds. Gives the number of DIDs written.
 */
export async function writeDescriptions(
  tx: Tx,
  targets: Sql,
  columns: readonly DescriptionColumn[],
): Promise<number> {
  if (columns.length === 0) return 0;
  const assignments = columns.map((column) => {
    const name = ident(column);
    return sql`${name} = CASE WHEN t.json ? ${column}::text THEN ${described(column)} ELSE d.${name} END`;
  });
  return await execute(
    tx,
    sql`UPDATE dids d SET ${join(assignments, ', ')}, updated_at = now()
        FROM (${targets}) AS t(did_id, json) ${describedRow(sql`t.json`)}
        WHERE d.id = t.did_id`,
  );
}

/** Locks DIDs by id, in key order, before several of them are written. */
export async function lockDids(tx: Tx, ids: readonly DidId[]): Promise<void> {
  await execute(
    tx,
    sql`SELECT FROM dids WHERE id = ANY(${[...ids]}::bigint[]) ORDER BY id FOR NO KEY UPDATE`,
  );
}

/** Opens or closes a collection that is not so yet; false where nothing changed. */
export async function writeOpen(tx: Tx, id: DidId, open: boolean, now: Date): Promise<boolean> {
  const changed = await execute(
    tx,
    sql`UPDATE dids SET is_open = ${open}, closed_at = ${open ? null : now}::timestamptz,
          updated_at = ${now}
        WHERE id = ${id} AND is_open IS NOT NULL AND is_open <> ${open}`,
  );
  return changed === 1;
}

/** Writes down the events of all files in a collection or below; files that tell none have none. */
export async function writeEventsBelow(tx: Tx, id: DidId): Promise<void> {
  await execute(
    tx,
    sql`WITH below AS MATERIALIZED (${datasetsBelow(id)})
        UPDATE dids SET events = (
          SELECT coalesce(sum(f.events), 0) FROM below b
          JOIN contents ct ON ct.parent_id = b.id JOIN dids f ON f.id = ct.child_id)
        WHERE id = ${id}`,
  );
}

/** Marks archives and their constituents, each in the order of their ids. */
export async function writeArchives(
  tx: Tx,
  archiveIds: readonly DidId[],
  childIds: readonly DidId[],
): Promise<void> {
  const held = (ids: readonly DidId[]) =>
    sql`SELECT id FROM dids WHERE id = ANY(${[...ids]}::bigint[]) ORDER BY id FOR NO KEY UPDATE`;
  await execute(
    tx,
    sql`UPDATE dids d SET is_archive = true, updated_at = now() FROM (${held(archiveIds)}) h
        WHERE d.id = h.id AND d.is_archive IS NOT TRUE`,
  );
  await execute(
    tx,
    sql`UPDATE dids d SET constituent = true, updated_at = now() FROM (${held(childIds)}) h
        WHERE d.id = h.id AND d.constituent IS NOT TRUE`,
  );
}
