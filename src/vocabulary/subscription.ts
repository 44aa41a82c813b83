import { codecOf } from './codec.js';

/** The state of a standing order. Only ACTIVE and UPDATED ones make rules. */
export const SubscriptionState = {
  ACTIVE: 'A',
  INACTIVE: 'I',
  NEW: 'N',
  UPDATED: 'U',
  BROKEN: 'B',
} as const;
export type SubscriptionState = (typeof SubscriptionState)[keyof typeof SubscriptionState];
export const SubscriptionStateCodec = codecOf(SubscriptionState);

/** Where an entry that follows another one puts its copies. */
export const ChainAlgorithms = ['associated_site', 'exclude_site'] as const;
export type ChainAlgorithm = (typeof ChainAlgorithms)[number];

/** Where a backfill stands: it goes on only while it is RUNNING. */
export const BackfillState = {
  RUNNING: 'R',
  PAUSED: 'P',
  DONE: 'D',
  CANCELLED: 'C',
} as const;
export type BackfillState = (typeof BackfillState)[keyof typeof BackfillState];
export const BackfillStateCodec = codecOf(BackfillState);

/**
 * The state of a group of DIDs that a subscription tells its consumer about. WAITING ones are not
 * full yet; from NEW on they are tasks with a number, and the consumer says what becomes of them.
 */
export const TaskState = {
  WAITING: 'W',
  NEW: 'N',
  ASSIGNED: 'A',
  RUNNING: 'R',
  DONE: 'D',
  FAILED: 'F',
} as const;
export type TaskState = (typeof TaskState)[keyof typeof TaskState];
export const TaskStateCodec = codecOf(TaskState);
