import { hash as digestOf } from 'node:crypto';
import { sql } from '../../../db/index.js';
import { type PathAlgorithm, scopeColumnPath, scopePath } from './algorithm.js';

/** Spreads names over 65,536 directories by the MD5 of `scope:name`. Source: Rucio's `hash`. */
export const hash: PathAlgorithm = {
  name: 'hash',
  path(scope, name) {
    const digest = digestOf('md5', `${scope}:${name}`);
    return `${scopePath(scope)}/${digest.slice(0, 2)}/${digest.slice(2, 4)}/${name}`;
  },
  columns: (scope, name) =>
    sql`${scopeColumnPath(scope)} || '/' ||
        overlay(left(md5(${scope} || ':' || ${name}), 4) PLACING '/' FROM 3 FOR 0) || '/' || ${name}`,
  // The digest differs.
  mayMeet: false,
};
