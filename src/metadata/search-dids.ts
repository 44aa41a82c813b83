import { empty, execute, join, rows, sql, type Sql, type Tx } from '../db/index.js';
import { type DidId, type DidName, type DidType } from '../vocabulary/index.js';
import { compileFilter, type Filter, usesOwnMetadata } from './query/index.js';

/** A DID that a search found. */
export interface FoundDid extends DidName {
  readonly id: DidId;
  readonly type: DidType;
  /** Of files. */
  readonly bytes: bigint | null;
}

/** A DID that a search found in a collection. */
export interface FoundChild extends FoundDid {
  readonly parentId: DidId;
}

const found = sql`d.id, d.scope, d.name, d.type, d.bytes`;

const searched = (
  filter: Filter,
  columns: Sql,
  from: Sql,
  conditions: readonly Sql[],
  end: Sql,
): Sql => sql`
  SELECT ${columns} FROM ${from}
  ${usesOwnMetadata(filter) ? sql`LEFT JOIN did_meta m ON m.did_id = d.id` : empty}
  WHERE ${join([...conditions, sql`NOT d.suppressed`, compileFilter(filter)], ' AND ')} ${end}`;

/**
 * One page of a scope's DIDs that a filter finds, by name. The index on (scope, name) gives the order,
 * so an unselective filter stops at the end of the page and a selective one sorts the little it finds.
 */
export async function searchPage(
  tx: Tx,
  scope: string,
  filter: Filter,
  page: { readonly after: string; readonly limit: number },
): Promise<FoundDid[]> {
  const inScope = [sql`d.scope = ${scope}`, sql`d.name > ${page.after}`];
  return await rows<FoundDid>(
    tx,
    searched(
      filter,
      found,
      sql`dids d`,
      inScope,
      sql`ORDER BY d.scope, d.name LIMIT ${page.limit}`,
    ),
  );
}

/** The same page as rows (id, name, type, bytes), for a statement that takes them further. */
export const searchRows = (
  scope: string,
  filter: Filter,
  page: { readonly after: string; readonly limit: number },
): Sql =>
  searched(
    filter,
    sql`d.id, d.name, d.type, d.bytes`,
    sql`dids d`,
    [sql`d.scope = ${scope}`, sql`d.name > ${page.after}`],
    sql`ORDER BY d.scope, d.name LIMIT ${page.limit}`,
  );

/** One page of the children of collections that a filter finds, of whatever scope, by both ids. */
export async function searchContentPage(
  tx: Tx,
  parentIds: readonly DidId[],
  filter: Filter,
  page: { readonly after: Pick<FoundChild, 'parentId' | 'id'>; readonly limit: number },
): Promise<FoundChild[]> {
  const below = [
    sql`ct.parent_id = ANY(${[...parentIds]}::bigint[])`,
    sql`(ct.parent_id, ct.child_id) > (${page.after.parentId}::bigint, ${page.after.id}::bigint)`,
  ];
  return await rows<FoundChild>(
    tx,
    searched(
      filter,
      sql`${found}, ct.parent_id AS "parentId"`,
      sql`contents ct JOIN dids d ON d.id = ct.child_id`,
      below,
      sql`ORDER BY ct.parent_id, ct.child_id LIMIT ${page.limit}`,
    ),
  );
}

/** The filter as it applies below what it found: all but the name. */
export const belowFilter = ({ groups }: Filter): Filter => ({
  groups: groups.map(({ types, criteria }) => ({
    types,
    criteria: criteria.filter(({ key }) => key !== 'name'),
  })),
});

/** Gives the statements of this transaction a time budget; beyond it the client is told to narrow. */
export async function limitStatements(tx: Tx, milliseconds: number): Promise<void> {
  await execute(tx, sql`SELECT set_config('statement_timeout', ${String(milliseconds)}, true)`);
}
