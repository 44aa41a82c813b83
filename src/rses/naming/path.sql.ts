import { sql, type Sql } from '../../db/index.js';

/** ALGORITHMS in SQL, letter for letter the same. Names are ASCII, by a CHECK of their tables. */
const COMPUTED: ReadonlyMap<string, (scope: Sql, name: Sql) => Sql> = new Map([
  [
    'hash',
    (scope, name) =>
      sql`${scopePath(scope)} || '/' ||
          overlay(left(md5(${scope} || ':' || ${name}), 4) PLACING '/' FROM 3 FOR 0) || '/' || ${name}`,
  ],
  ['identity', (scope, name) => sql`${scopePath(scope)} || '/' || ${name}`],
]);

const scopePath = (scope: Sql): Sql =>
  sql`CASE WHEN ${scope} ^@ 'user' OR ${scope} ^@ 'group' THEN replace(${scope}, '.', '/') ELSE ${scope} END`;

/** Whether computedPath knows this way of naming. */
export const isComputed = (algorithm: string): boolean => COMPUTED.has(algorithm);

/**
 * A piece: pathOf over columns. It does not refuse what pathOf refuses: ask mayClimb first. Throws
 * RangeError for an algorithm that is not isComputed.
 */
export function computedPath(algorithm: string, scope: Sql, name: Sql): Sql {
  const path = COMPUTED.get(algorithm);
  if (!path) throw new RangeError(`no ${algorithm} in SQL`);
  return path(scope, name);
}

/**
 * A piece: whether the path of a name may have parts `.` or `..`, so that pathOf has to look. True for
 * some harmless names too (`a/.b`).
 */
export const mayClimb = (scope: Sql, name: Sql): Sql =>
  sql`(${name} LIKE '%/.%' OR ${scope} IN ('.', '..'))`;
