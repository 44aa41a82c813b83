export { makeAvailable, replaceBadCopies, reviveCopies } from './arrivals.sql.js';
export { closeDeclarations } from './close-declarations.sql.js';
export {
  type FileSpec,
  registerFiles,
  type RegisteredFile,
  type Registration,
} from './register-files.js';
export { type Badness, type Declared, declareBad } from './declare-bad.js';
export { type Copy, copiesOf, lockCopies } from './replica.sql.js';
export {
  addGuards,
  dropGuards,
  guardCopies,
  type GuardedCopy,
  guardsOf,
} from './guarded-copy.sql.js';
export {
  CACHED_FROM,
  claimToken,
  EPOCH,
  initialTombstone,
  urgentDue,
  urgentTombstone,
} from './tombstone.js';
export {
  failCopies,
  releaseCopies,
  type ReleaseTerms,
  restartCopies,
  upsertCopies,
} from './copies.sql.js';
export { registeredPaths } from './registered-paths.sql.js';
export { ReplicaEntity } from './replica.entity.js';
export { ReplicaPathEntity } from './replica-path.entity.js';
export { GuardedCopyEntity } from './guarded-copy.entity.js';
export { BadReplicaEntity } from './bad-replica.entity.js';
export { TraceEntity } from './trace.entity.js';
