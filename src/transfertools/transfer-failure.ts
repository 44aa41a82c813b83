import { StorageError, storageErrorOf } from '../protocols/index.js';
import { Cause, StorageCause, causeAt, type TransferSide } from '../vocabulary/index.js';

/** Why a transfer failed, and at which end. */
export class TransferFailure extends Error {
  readonly expected: string | undefined;
  readonly found: string | undefined;
  /** Bytes may stand under the temporary name, now or in a moment. */
  leftover = false;

  constructor(
    readonly failureCause: Cause,
    readonly side: TransferSide,
    message: string,
    difference: { expected?: string; found?: string } = {},
  ) {
    super(message);
    this.name = 'TransferFailure';
    this.expected = difference.expected;
    this.found = difference.found;
  }
}

/** Any failure at one end as a TransferFailure; one that already is none stays what it is. */
export function failureAt(side: TransferSide, error: unknown): TransferFailure {
  if (error instanceof TransferFailure) return error;
  const storage = storageErrorOf(error, side);
  return new TransferFailure(causeAt(side, storage.code), side, storage.message);
}

/** Runs a call to one end's storage; what it throws is told as a failure of that end. */
export async function at<T>(side: TransferSide, call: () => T | Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw failureAt(side, error);
  }
}

/** The failure of a movement that was ended from outside (cancelled, stalled). */
export function abortFailure(signal: AbortSignal): TransferFailure | undefined {
  if (!signal.aborted) return undefined;
  const reason: unknown = signal.reason;
  if (reason instanceof TransferFailure) return reason;
  return new TransferFailure(
    reason instanceof StorageError && reason.code === StorageCause.TIMEOUT
      ? Cause.TIMEOUT
      : Cause.CANCELLED,
    'destination',
    reason instanceof Error ? reason.message : 'cancelled',
  );
}

/** The reason a transfer is aborted with when its owner no longer wants it. */
export function cancelled(): StorageError {
  return new StorageError(StorageCause.CANCELLED, 'cancelled');
}
