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
