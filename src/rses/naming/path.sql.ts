import { sql, type Sql } from '../../db/index.js';
import { ALGORITHMS } from './algorithms/index.js';

/** Whether computedPath knows this way of naming. Names are ASCII, by a CHECK of their tables. */
export const isComputed = (algorithm: string): boolean =>
  ALGORITHMS.get(algorithm)?.columns !== undefined;

/**
 * A piece: pathOf over columns. It does not refuse what pathOf refuses: ask mayClimb first. Throws
 * RangeError for an algorithm that is not isComputed.
 */
export function computedPath(algorithm: string, scope: Sql, name: Sql): Sql {
  const columns = ALGORITHMS.get(algorithm)?.columns;
  if (!columns) throw new RangeError(`no ${algorithm} in SQL`);
  return columns(scope, name);
}

/**
 * A piece: whether the path of a name may have parts `.` or `..`, so that pathOf has to look. True for
 * some harmless names too (`a/.b`).
 */
export const mayClimb = (scope: Sql, name: Sql): Sql =>
  sql`(${name} LIKE '%/.%' OR ${scope} IN ('.', '..'))`;
