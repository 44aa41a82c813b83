/**
 * Why a transfer, a verification or a deletion failed: one code per thing an operator can act on.
 * Kept on requests, stuck locks and transfer history, so that explanations can group by it.
 */
export const Cause = {
  NO_SOURCE: 'NO_SOURCE',
  FILE_LOST: 'FILE_LOST',
  SOURCE_MISSING: 'SOURCE_MISSING',
  SOURCE_CHECKSUM: 'SOURCE_CHECKSUM',
  SOURCE_SIZE: 'SOURCE_SIZE',
  SOURCE_REFUSED: 'SOURCE_REFUSED',
  SOURCE_LIMIT: 'SOURCE_LIMIT',
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
  PATH_REFUSED: 'PATH_REFUSED',
  CONNECTION: 'CONNECTION',
  TIMEOUT: 'TIMEOUT',
  STALLED: 'STALLED',
  CANCELLED: 'CANCELLED',
  LOST_WORKER: 'LOST_WORKER',
  STORAGE_ERROR: 'STORAGE_ERROR',
} as const;
export type Cause = (typeof Cause)[keyof typeof Cause];

/** What was wrong with the source that was read: these say more than that there is no other one. */
export const SOURCE_CAUSES = [
  Cause.SOURCE_MISSING,
  Cause.SOURCE_CHECKSUM,
  Cause.SOURCE_SIZE,
  Cause.SOURCE_REFUSED,
] as const;

/**
 * Why one call to one storage failed. A storage does not know whether it is the source or the
 * destination of a transfer: `causeAt` adds that.
 */
export const StorageCause = {
  MISSING: 'MISSING',
  EXISTS: 'EXISTS',
  FULL: 'FULL',
  REFUSED: 'REFUSED',
  SIZE: 'SIZE',
  CHECKSUM: 'CHECKSUM',
  AUTH: 'AUTH',
  TLS: 'TLS',
  REDIRECT_REFUSED: 'REDIRECT_REFUSED',
  ADDRESS_REFUSED: 'ADDRESS_REFUSED',
  PATH_REFUSED: 'PATH_REFUSED',
  NO_PROTOCOL: 'NO_PROTOCOL',
  CONNECTION: 'CONNECTION',
  TIMEOUT: 'TIMEOUT',
  STALLED: 'STALLED',
  CANCELLED: 'CANCELLED',
  STORAGE_ERROR: 'STORAGE_ERROR',
} as const;
export type StorageCause = (typeof StorageCause)[keyof typeof StorageCause];

/** The two ends of a transfer. */
export type TransferSide = 'source' | 'destination';

type SidedCause = 'MISSING' | 'EXISTS' | 'FULL' | 'REFUSED' | 'SIZE' | 'CHECKSUM';

const sided: Record<TransferSide, Record<SidedCause, Cause>> = {
  source: {
    MISSING: Cause.SOURCE_MISSING,
    // Reading creates nothing and fills nothing: such an answer is a fault of the storage.
    EXISTS: Cause.STORAGE_ERROR,
    FULL: Cause.STORAGE_ERROR,
    REFUSED: Cause.SOURCE_REFUSED,
    SIZE: Cause.SOURCE_SIZE,
    CHECKSUM: Cause.SOURCE_CHECKSUM,
  },
  destination: {
    MISSING: Cause.DEST_MISSING,
    EXISTS: Cause.DEST_EXISTS,
    FULL: Cause.DEST_FULL,
    REFUSED: Cause.DEST_REFUSED,
    SIZE: Cause.DEST_SIZE,
    CHECKSUM: Cause.DEST_CHECKSUM,
  },
};

function isSided(cause: StorageCause): cause is SidedCause {
  return cause in sided.source;
}

/** The cause of a transfer's failure, from a storage's failure and the end it happened at. */
export function causeAt(side: TransferSide, cause: StorageCause): Cause {
  return isSided(cause) ? sided[side][cause] : cause;
}
