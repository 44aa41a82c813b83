import { codecOf } from './codec.js';

/** The state of a rule's hold on one copy. */
export const LockState = { REPLICATING: 'R', OK: 'O', STUCK: 'S' } as const;
export type LockState = (typeof LockState)[keyof typeof LockState];
export const LockStateCodec = codecOf(LockState);
