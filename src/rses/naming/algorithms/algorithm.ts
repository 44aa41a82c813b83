import { sql, type Sql } from '../../../db/index.js';

/**
 * A way to name files at a deterministic RSE: from a logical name to the path below a protocol's
 * prefix, without a leading slash. Clients compute the same (`hash` and `identity`) or ask for it.
 */
export interface PathAlgorithm {
  /** The value of the RSE attribute `lfn2pfn_algorithm`. */
  readonly name: string;
  path(scope: string, name: string): string;
  /** The same path over columns, letter for letter. Absent: listings compute each path in Node. */
  readonly columns?: ((scope: Sql, name: Sql) => Sql) | undefined;
  /** Two names may get one path, once repeated slashes are one: registrations then look for that. */
  readonly mayMeet: boolean;
}

/** Scopes of people and groups become directories: `user.alice` is `user/alice`. */
export const scopePath = (scope: string): string =>
  /^(user|group)/.test(scope) ? scope.replaceAll('.', '/') : scope;

/** scopePath over a column. */
export const scopeColumnPath = (scope: Sql): Sql =>
  sql`CASE WHEN ${scope} ^@ 'user' OR ${scope} ^@ 'group' THEN replace(${scope}, '.', '/') ELSE ${scope} END`;
