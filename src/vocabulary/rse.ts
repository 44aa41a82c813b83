import { codecOf } from './codec.js';

/** What a storage element is made of. */
export const RseType = { DISK: 'D', TAPE: 'T' } as const;
export type RseType = (typeof RseType)[keyof typeof RseType];
export const RseTypeCodec = codecOf(RseType);
