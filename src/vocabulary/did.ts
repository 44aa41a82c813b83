import { codecOf } from './codec.js';

/** What a data identifier names. */
export const DidType = { FILE: 'F', DATASET: 'D', CONTAINER: 'C' } as const;
export type DidType = (typeof DidType)[keyof typeof DidType];
export const DidTypeCodec = codecOf(DidType);

/** Whether any good copy of a file is left. */
export const DidAvailability = { AVAILABLE: 'A', LOST: 'L', DELETED: 'D' } as const;
export type DidAvailability = (typeof DidAvailability)[keyof typeof DidAvailability];
export const DidAvailabilityCodec = codecOf(DidAvailability);

/** Why a collection waits for the judge: something was attached or detached. */
export const Evaluation = { ATTACH: 'A', DETACH: 'D' } as const;
export type Evaluation = (typeof Evaluation)[keyof typeof Evaluation];
export const EvaluationCodec = codecOf(Evaluation);
