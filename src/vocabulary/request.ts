import { codecOf } from './codec.js';

/** What kind of movement is wished for. */
export const RequestType = {
  TRANSFER: 'T',
  UPLOAD: 'U',
  DOWNLOAD: 'D',
  STAGEIN: 'I',
  STAGEOUT: 'O',
} as const;
export type RequestType = (typeof RequestType)[keyof typeof RequestType];
export const RequestTypeCodec = codecOf(RequestType);

/** The state of a wish for a transfer. The table of requests is the queue. */
export const RequestState = {
  QUEUED: 'Q',
  SUBMITTING: 'G',
  SUBMITTED: 'S',
  FAILED: 'F',
  DONE: 'D',
  LOST: 'L',
  NO_SOURCES: 'N',
  ONLY_TAPE_SOURCES: 'O',
  SUBMISSION_FAILED: 'A',
  MISMATCH_SCHEME: 'M',
  SUSPEND: 'U',
  WAITING: 'W',
  PREPARING: 'P',
} as const;
export type RequestState = (typeof RequestState)[keyof typeof RequestState];
export const RequestStateCodec = codecOf(RequestState);

/** Which end of its transfers a limit counts. */
export const TransferDirection = { SOURCE: 'S', DESTINATION: 'D' } as const;
export type TransferDirection = (typeof TransferDirection)[keyof typeof TransferDirection];
export const TransferDirectionCodec = codecOf(TransferDirection);
