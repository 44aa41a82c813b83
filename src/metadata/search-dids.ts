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

const searched = (filter: Filter, from: Sql, conditions: readonly Sql[], end: Sql): Sql => sql`
  SELECT d.id, d.scope, d.name, d.type, d.bytes FROM ${from}
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
    searched(filter, sql`dids d`, inScope, sql`ORDER BY d.scope, d.name LIMIT ${page.limit}`),
  );
}

/** One page of a collection's children that a filter finds, of whatever scope, by id. */
export async function searchContentPage(
  tx: Tx,
  parentId: DidId,
  filter: Filter,
  page: { readonly after: DidId; readonly limit: number },
): Promise<FoundDid[]> {
  const below = [sql`ct.parent_id = ${parentId}`, sql`ct.child_id > ${page.after}`];
  return await rows<FoundDid>(
    tx,
    searched(
      filter,
      sql`contents ct JOIN dids d ON d.id = ct.child_id`,
      below,
      sql`ORDER BY ct.child_id LIMIT ${page.limit}`,
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
