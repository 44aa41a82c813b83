import { codecOf } from './codec.js';

/** What was decided of a wish that a DID outlives its end of life. */
export const LifetimeExceptionState = { APPROVED: 'A', REJECTED: 'R', WAITING: 'W' } as const;
export type LifetimeExceptionState =
  (typeof LifetimeExceptionState)[keyof typeof LifetimeExceptionState];
export const LifetimeExceptionStateCodec = codecOf(LifetimeExceptionState);
