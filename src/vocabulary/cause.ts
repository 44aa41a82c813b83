/**
 * Why a transfer, a verification or a deletion failed: one code per thing an operator can act on.
 * Kept on requests, stuck locks and transfer history, so that explanations can group by it.
 */
export const Cause = {
  NO_SOURCE: 'NO_SOURCE',
  SOURCE_MISSING: 'SOURCE_MISSING',
  SOURCE_CHECKSUM: 'SOURCE_CHECKSUM',
  SOURCE_SIZE: 'SOURCE_SIZE',
  SOURCE_REFUSED: 'SOURCE_REFUSED',
  DEST_CHECKSUM: 'DEST_CHECKSUM',
  DEST_SIZE: 'DEST_SIZE',
  DEST_EXISTS: 'DEST_EXISTS',
  DEST_FULL: 'DEST_FULL',
  DEST_REFUSED: 'DEST_REFUSED',
  DEST_MISSING: 'DEST_MISSING',
  NOT_WRITABLE: 'NOT_WRITABLE',
  NO_PROTOCOL: 'NO_PROTOCOL',
  AUTH: 'AUTH',
  TLS: 'TLS',
  REDIRECT_REFUSED: 'REDIRECT_REFUSED',
  ADDRESS_REFUSED: 'ADDRESS_REFUSED',
  CONNECTION: 'CONNECTION',
  TIMEOUT: 'TIMEOUT',
  STALLED: 'STALLED',
  CANCELLED: 'CANCELLED',
  LOST_WORKER: 'LOST_WORKER',
  STORAGE_ERROR: 'STORAGE_ERROR',
} as const;
export type Cause = (typeof Cause)[keyof typeof Cause];
