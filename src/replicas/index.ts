/**
 * Where a file is: copies, their states, paths and tombstones; bad ones; what a reaper may take.
 */

export { insertPaths, makeAvailable, reviveCopies } from './arrivals.sql.js';
export {
  type HeldRecovery,
  heldRecoveries,
  lockRecovery,
  type RecoveryTerms,
  replaceBadCopies,
} from './recovery.sql.js';
export { type LostSweep, markLost, regainLost, sweepLost } from './lost-files.sql.js';
export { type Rest, restCopies, wakeRested } from './rest-copies.sql.js';
export {
  claimDark,
  type DarkClaim,
  type DarkFile,
  forgetDark,
  postponeDark,
  rsesWithDark,
} from './quarantine.sql.js';
export { pathsInUse, quarantineFiles } from './quarantine-files.js';
export {
  askVerifications,
  claimVerifications,
  endVerifications,
  markVerified,
  postponeVerifications,
  touchCopies,
  type TracedCopy,
  type VerificationJob,
} from './verification.sql.js';
export { condemnCopies, letCopiesGo } from './condemn.sql.js';
export { closeDeclarations, forgetDeclarations } from './close-declarations.sql.js';
export {
  type FileSpec,
  registerFiles,
  type RegisteredFile,
  type Registration,
} from './register-files.js';
export { type Badness, type Declared, declareBad, suspectCopies } from './declare-bad.js';
export { type Copy, copiesOf, lockCopies, putOffDeletion, setTombstones } from './replica.sql.js';
export {
  addGuards,
  copiesLeft,
  dropGuards,
  dropGuardsOf,
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
  stateToBe,
  upsertCopies,
} from './copies.sql.js';
export {
  adoptFileBytes,
  dueAgain,
  forgetPaths,
  forgetStrays,
  letUnreadableGo,
  missingFromRses,
  recountLocks,
  recountRses,
  remakeCopies,
} from './mend.sql.js';
export { registeredPaths, registeredPathsOf } from './registered-paths.sql.js';
export { ReplicaEntity } from './replica.entity.js';
export { ReplicaPathEntity } from './replica-path.entity.js';
export { GuardedCopyEntity } from './guarded-copy.entity.js';
export { BadReplicaEntity } from './bad-replica.entity.js';
export { QuarantinedReplicaEntity } from './quarantined-replica.entity.js';
export { VerificationEntity } from './verification.entity.js';
export { UploadGrantEntity } from './upload-grant.entity.js';
export { TraceEntity } from './trace.entity.js';
export {
  badReplicaPage,
  insertDeclarations,
  type BadReplica,
  type BadReplicaFilter,
  type BadReplicaSum,
  sumDeclarations,
  type SuspiciousCopy,
  suspiciousCopies,
} from './bad-replica.sql.js';
export {
  assertAvailable,
  assertReadable,
  assertUnavailable,
  condemnByName,
  namedCopies,
  namedCopiesAt,
  type NamedCopy,
  uploadFacts,
  type UploadFacts,
} from './change-states.js';
export { algorithmOf, copyPath, givenPath, namesOfPath } from './copy-path.js';
export { type DatasetReplica, datasetReplicas, datasetReplicasAt } from './dataset-replicas.sql.js';
export {
  findByPfns,
  type FoundPfn,
  type Place,
  type Whereabouts,
  whereabouts,
} from './find-by-pfn.js';
export {
  type Ancestry,
  ancestries,
  archivesOf,
  countListed,
  datasetPage,
  type ListedDids,
  type ListedFile,
  listedFiles,
  randomFiles,
  resolveListed,
  SORTED_MAX,
  sortedFiles,
} from './list-files.sql.js';
export { codedStates, copyCode, type CopyFilter, shownCopies } from './listed-copies.sql.js';
export {
  claimDue,
  type ClaimedCopy,
  type ClaimSpec,
  type VerifiedCopy,
  type VerifySpec,
  verifyClaims,
} from './deletion-claims.sql.js';
export {
  forgetClaims,
  type Forgotten,
  type GiveBack,
  giveBackClaims,
  recallClaims,
  renewClaims,
} from './deletion-ends.sql.js';
export { bytesBeingDeleted, lockSpace, rsesWithDue } from './due-rses.sql.js';
export { type Deletion, type FailedDeletion, tellUndeleted } from './told.sql.js';
export {
  type Access,
  appendAccesses,
  takeAccesses,
  type ToldAccess,
  toldReads,
} from './access.sql.js';
export { AccessEntity } from './access.entity.js';
export { appendTraces } from './trace.sql.js';
export {
  claimRemoval,
  endRemoval,
  forgetGrants,
  grantedPaths,
  grantUpload,
  lockUploadedCopy,
  removalsAt,
  type StoredPath,
} from './upload-grant.sql.js';
