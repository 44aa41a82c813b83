/** Wanted transfers: the queue, claims and leases, outcomes, retries, history. */

export {
  type Bucket,
  busyBuckets,
  CLAIM_MAX,
  type ClaimedRequest,
  claimRequests,
  inFlight,
  type Load,
  type Share,
} from './claim.sql.js';
export {
  loseClaims,
  type LostClaims,
  postponeRequests,
  type Postponement,
  renewRequests,
  submittedRequests,
  unclaimRequests,
} from './lease.sql.js';
export {
  lastRequestOf,
  requestHistory,
  requestOf,
  requestPage,
  type RequestFilter,
  type RequestRow,
} from './list-requests.sql.js';
export {
  cancelRequests,
  keepCancelled,
  queueCopies,
  reprioritiseRequests,
  type Urgency,
} from './queue.sql.js';
export {
  archiveRequests,
  doneRequests,
  dropRequests,
  type EarlierFailure,
  type Ending,
  endRequests,
  failedDestinations,
  type FailedRequest,
  failedRequests,
  failedSources,
  leftoversOf,
  requeueAbandoned,
  requeueDue,
  type Retry,
  retryRequests,
  sourceFailures,
  submitRequests,
  type Submission,
  takeRequests,
} from './settle.sql.js';
export {
  deleteTransferLimit,
  type LimitKey,
  type LimitTerms,
  listTransferLimits,
  lockTransferLimits,
  readingFrom,
  type TransferBound,
  transferBounds,
  type TransferLimit,
  upsertTransferLimit,
} from './transfer-limit.sql.js';
export { resolveBounds, type ResolvedBound, TransferRoom } from './transfer-room.js';
export { tellEnded, tellQueued } from './told.sql.js';
export { type Backlog, backlogAt, type RecentRate, recentRates } from './recent-rates.sql.js';
export { compareSources, type SourceTraits } from './source-order.js';
export { shareSlots, type SlotLimits } from './share-slots.js';
export { wakeRequests } from './wake.sql.js';
export { RequestEntity } from './request.entity.js';
export { TransferLimitEntity } from './transfer-limit.entity.js';
export { RequestHistoryEntity } from './request-history.entity.js';
