/**
 * The events of the outbox, with the keys of their payloads. LOST is Rucio's, by name and keys;
 * the others are ours.
 */
export const EventType = {
  /** A copy is bad: scope, name, rse, reason, cause (of our own read, else null). */
  BAD_REPLICA: 'BAD_REPLICA',
  /** No good copy of a file is left: scope, name, dataset_scope, dataset_name; one for each dataset. */
  LOST: 'LOST',
  /** A lost file has a good copy again: scope, name. */
  FOUND: 'FOUND',
  /** No more bad copies of an RSE are replaced today: rse, limit, waiting. */
  RECOVERY_HELD: 'RECOVERY_HELD',
} as const;
export type EventType = (typeof EventType)[keyof typeof EventType];
