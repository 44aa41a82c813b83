import { codecOf } from './codec.js';

/** The state of one copy on one storage element. */
export const ReplicaState = {
  AVAILABLE: 'A',
  UNAVAILABLE: 'U',
  COPYING: 'C',
  BEING_DELETED: 'B',
  BAD: 'D',
  TEMPORARY_UNAVAILABLE: 'T',
} as const;
export type ReplicaState = (typeof ReplicaState)[keyof typeof ReplicaState];
export const ReplicaStateCodec = codecOf(ReplicaState);

/** The state of a declaration about a copy. */
export const BadFileState = {
  BAD: 'B',
  DELETED: 'D',
  LOST: 'L',
  RECOVERED: 'R',
  SUSPICIOUS: 'S',
  TEMPORARY_UNAVAILABLE: 'T',
} as const;
export type BadFileState = (typeof BadFileState)[keyof typeof BadFileState];
export const BadFileStateCodec = codecOf(BadFileState);
