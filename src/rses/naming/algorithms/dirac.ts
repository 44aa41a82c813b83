import { sql, type Sql } from '../../../db/index.js';
import { scopeOfLfn } from '../../../vocabulary/index.js';
import { identity } from './identity.js';
import { type PathAlgorithm } from './algorithm.js';

/** DIRAC's rule over columns. */
const lfnScope = (name: Sql): Sql =>
  sql`coalesce(nullif(split_part(${name}, '/', 3), ''), split_part(${name}, '/', 2))`;

/**
 * A logical file name of DIRAC stands at its own path, as DIRAC's storage elements have it; any other
 * name below its scope, as `identity` has it.
 */
export const dirac: PathAlgorithm = {
  name: 'dirac',
  path: (scope, name) =>
    name.startsWith('/') && scope === scopeOfLfn(name) ? name.slice(1) : identity.path(scope, name),
  columns: (scope, name) =>
    sql`CASE WHEN ${name} ^@ '/' AND ${scope} = ${lfnScope(name)} THEN substr(${name}, 2)
        ELSE ${identity.columns?.(scope, name)} END`,
  mayMeet: true,
};
