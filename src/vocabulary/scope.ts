import { codecOf } from './codec.js';

/** Whether a scope takes new names. */
export const ScopeStatus = { OPEN: 'O', CLOSED: 'C', DELETED: 'D' } as const;
export type ScopeStatus = (typeof ScopeStatus)[keyof typeof ScopeStatus];
export const ScopeStatusCodec = codecOf(ScopeStatus);
