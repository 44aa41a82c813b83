/**
 * The events of the outbox. Names and keys of payloads are Rucio's (docs/events.md has them all),
 * unless said to be ours.
 */
export const EventType = {
  CREATE_CNT: 'CREATE_CNT',
  CREATE_DTS: 'CREATE_DTS',
  /** A collection was attached to a container. */
  REGISTER_CNT: 'REGISTER_CNT',
  /** A DID was detached from a collection; a collection from a container also as ERASE_CNT. */
  DETACH: 'DETACH',
  ERASE_CNT: 'ERASE_CNT',
  OPEN: 'OPEN',
  CLOSE: 'CLOSE',
  /** A DID was erased. */
  ERASE: 'ERASE',
  /** A dataset holds files that have no copy any more. */
  INCOMPLETE: 'INCOMPLETE',
  RULE_OK: 'RULE_OK',
  RULE_PROGRESS: 'RULE_PROGRESS',
  /** Ours: a rule whose policy is to tell so is stuck: scope, name, rule_id, account, stuck_at, attempts, stuck, error. */
  RULE_STUCK: 'RULE_STUCK',
  DATASETLOCK_OK: 'DATASETLOCK_OK',
  /** A letter to somebody: to (a list of addresses), subject, body. */
  EMAIL: 'email',
  /** Ours: a rule's next phase began: scope, name, rule_id, phase (from 1), phases (how many). */
  RULE_PHASE: 'RULE_PHASE',
  DELETION_DONE: 'deletion-done',
  DELETION_NOT_FOUND: 'deletion-not-found',
  DELETION_FAILED: 'deletion-failed',
  /** Ours: a copy is bad: scope, name, rse, reason, cause (of our own read, else null). */
  BAD_REPLICA: 'BAD_REPLICA',
  /** No good copy of a file is left: scope, name, dataset_scope, dataset_name; one for each dataset. */
  LOST: 'LOST',
  /** Ours: a lost file has a good copy again: scope, name. */
  FOUND: 'FOUND',
  /** Ours: no more bad copies of an RSE are replaced today: rse, limit, waiting. */
  RECOVERY_HELD: 'RECOVERY_HELD',
  /**
   * Ours: a subscription has DIDs for its consumer: account, subscription, subscription_id, task,
   * attempts, key, did_count, files, bytes, dids.
   */
  SUBSCRIPTION_TASK: 'SUBSCRIPTION_TASK',
  /**
   * Ours: a job has ended: job_id, kind, account, state (DONE, FAILED, CANCELLED), comment, error,
   * schedule_id, items and bytes (total, done, failed), created_at, ended_at.
   */
  JOB_ENDED: 'JOB_ENDED',
  /** Ours: something that must be true of the catalogue is not: check, says, found, mended, examples. */
  DOCTOR_FOUND: 'DOCTOR_FOUND',
} as const;
export type EventType = (typeof EventType)[keyof typeof EventType];

/**
 * What is not told unless the setting `messages.untold` says otherwise: one event for each copy that
 * is wished for is more than all the others together, and as much as the wish itself costs.
 */
export const UNTOLD = [
  'transfer-queued',
  'transfer-waiting',
  'stagein-queued',
  'stagein-waiting',
] as const;
