/** Scopes: who owns a part of the name space. */

export { addScope, changeScopeOwner } from './add-scope.js';
export {
  deleteScope,
  demandOpen,
  existingScopes,
  isClosed,
  setScopeStatus,
} from './close-scope.js';
export {
  type DatedScope,
  findDatedScope,
  findScope,
  listScopes,
  type Scope,
  scopesByName,
} from './scope.sql.js';
export { ScopeEntity } from './scope.entity.js';
