import { codecOf } from './codec.js';

/** The kinds of bulk work. */
export const JobKinds = ['replicate', 'drain', 'delete_replicas', 'change', 'rebalance'] as const;
export type JobKind = (typeof JobKinds)[number];

/** The state of a job. DONE says that nothing is left to do; some of it may have failed. */
export const JobState = {
  QUEUED: 'Q',
  RUNNING: 'R',
  WAITING_APPROVAL: 'W',
  DONE: 'D',
  FAILED: 'F',
  CANCELLED: 'C',
} as const;
export type JobState = (typeof JobState)[keyof typeof JobState];
export const JobStateCodec = codecOf(JobState);

/** What became of one item of a job. MOVING: a new copy is on its way to take the place of one. */
export const JobItemState = { PENDING: 'P', MOVING: 'M', DONE: 'D', FAILED: 'F' } as const;
export type JobItemState = (typeof JobItemState)[keyof typeof JobItemState];
export const JobItemStateCodec = codecOf(JobItemState);
