export {
  type Bucket,
  busyBuckets,
  CLAIM_MAX,
  type ClaimedRequest,
  claimRequests,
  inFlight,
  renewRequests,
  requeueLost,
  type Share,
  type SubmittedRequest,
  submittedRequests,
  unclaimRequests,
} from './claim.sql.js';
export { cancelRequests, keepCancelled, queueCopies } from './queue.sql.js';
export {
  allowOverwrite,
  archiveRequests,
  doneRequests,
  dropRequests,
  type Ending,
  endRequests,
  type FailedRequest,
  failedRequests,
  failedSources,
  requeueDue,
  type Retry,
  retryRequests,
  submitRequests,
  type Submission,
  takeRequests,
} from './settle.sql.js';
export { shareSlots, type SlotLimits } from './share-slots.js';
export { RequestEntity } from './request.entity.js';
export { RequestHistoryEntity } from './request-history.entity.js';
