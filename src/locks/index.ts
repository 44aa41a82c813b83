export {
  addLocks,
  confirmLocks,
  followCopies,
  releaseLocks,
  releaseTheseLocks,
  reopenLocks,
  stickLocks,
} from './lock.sql.js';
export {
  clearStuckLocks,
  forgetStuckLocks,
  recordStuckLocks,
  type RetryTerms,
} from './stuck-lock.sql.js';
export { LockEntity } from './lock.entity.js';
export { StuckLockEntity } from './stuck-lock.entity.js';
