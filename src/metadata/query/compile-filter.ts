import { join, lits, sql, type Sql } from '../../db/index.js';
import { columnCondition } from './compile-column.js';
import { ownCondition } from './compile-own.js';
import { COLUMNS, isOwnKey } from './columns.js';
import { type Criterion, type Filter, type Group } from './filter.js';

function criterionCondition(criterion: Criterion): Sql {
  const column = COLUMNS.get(criterion.key);
  return column ? columnCondition(column, criterion) : ownCondition(criterion);
}

function groupCondition({ types, criteria }: Group): Sql {
  const ofTypes = sql`d.type IN (${lits(types)})`;
  return sql`(${join([ofTypes, ...criteria.map(criterionCondition)], ' AND ')})`;
}

/**
 * Compiles a search to a condition for WHERE over `dids d LEFT JOIN did_meta m ON m.did_id = d.id`
 * (the join is needed only if usesOwnMetadata). Built-in keys and one's own may be mixed. Keys and
 * values of the client are parameters only. Scope and `NOT d.suppressed` are the caller's to add.
 * Throws DIDFilterSyntaxError, naming the key, for a value that the key cannot have.
 */
export function compileFilter({ groups }: Filter): Sql {
  return sql`(${join(groups.map(groupCondition), ' OR ')})`;
}

/** Whether the condition reads `did_meta m`. */
export const usesOwnMetadata = ({ groups }: Filter): boolean =>
  groups.some(({ criteria }) => criteria.some(({ key }) => isOwnKey(key)));
