import { sql } from '../../../db/index.js';
import { type PathAlgorithm, scopeColumnPath, scopePath } from './algorithm.js';

/** The name itself below its scope. Names are unique, but `a//b` and `a/b` meet. */
export const identity: PathAlgorithm = {
  name: 'identity',
  path: (scope, name) => `${scopePath(scope)}/${name}`,
  columns: (scope, name) => sql`${scopeColumnPath(scope)} || '/' || ${name}`,
  mayMeet: true,
};
