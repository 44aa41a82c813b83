/**
 * What holds a copy for a rule: pieces of statements that add, confirm, stick and release locks.
 */

/** What a rule holds: replica locks and why some are stuck; dataset locks are derived. */
export {
  addLocks,
  confirmLocks,
  followCopies,
  isLockOf,
  isOfRule,
  releaseLocks,
  releaseLocksOfEach,
  releaseTheseLocks,
  reopenLocks,
  resumeLocks,
  stateOfCopy,
  stickLocks,
  stickLocksOfRule,
} from './lock.sql.js';
export {
  clearStuckLocks,
  forgetStuckLocks,
  hurryStuckLocks,
  lacksSource,
  recordStuckLocks,
  retryAtOnce,
  type RetryTerms,
} from './stuck-lock.sql.js';
export {
  addMoves,
  endMoves,
  FIRST_MOVE,
  followMoves,
  isMoving,
  lastMove,
  type Movement,
  movementsOf,
  type MoveKey,
  type MovePage,
  type MoveReason,
  type MoveScope,
  replacedLocks,
} from './lock-move.sql.js';
export {
  adoptLockBytes,
  causeUnknown,
  dropLocks,
  type DroppedLock,
  forgetCauses,
  holdLocks,
  type LockKey,
} from './mend.sql.js';
export { LockEntity } from './lock.entity.js';
export { LockMoveEntity } from './lock-move.entity.js';
export { StuckLockEntity } from './stuck-lock.entity.js';
export {
  type DatasetLock,
  datasetLocksAt,
  datasetLocksOf,
  locksOfRule,
  type NamedLock,
} from './list-locks.sql.js';
