import { StorageCause } from '../vocabulary/index.js';

/** Why one call to one storage failed. `status` is the answer's, where there was one. */
export class StorageError extends Error {
  readonly status: number | undefined;
  /** The failure of the other end of a third-party copy, as this storage tells it. */
  readonly farSide: boolean;
  /** The two ends of a third-party copy have not come together: no connection, or no trust. */
  readonly unreached: boolean;

  constructor(
    readonly code: StorageCause,
    message: string,
    options: { status?: number; cause?: unknown; farSide?: boolean; unreached?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'StorageError';
    this.status = options.status;
    this.farSide = options.farSide === true;
    this.unreached = options.unreached === true;
  }

  /** Whether the same call may succeed a moment later. */
  get transient(): boolean {
    if (this.code === StorageCause.CONNECTION || this.code === StorageCause.TIMEOUT) return true;
    return this.code === StorageCause.STORAGE_ERROR && (this.status ?? 0) >= 500;
  }
}

const TLS_CODE =
  /^(ERR_TLS_|ERR_SSL_|CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO$|INVALID_CA|INVALID_PURPOSE)/;

/** Any failure as a StorageError: network and TLS errors by their code, the rest as STORAGE_ERROR. */
export function storageErrorOf(failure: unknown, what: string, signal?: AbortSignal): StorageError {
  const known = findStorageError(failure);
  if (known !== undefined) return known;
  if (signal?.aborted) return abortedError(signal, what);
  const code = errorCode(failure);
  const said = isError(failure) ? failure.message || code : String(failure);
  return new StorageError(causeOfCode(code), `${what}: ${said}`, { cause: failure });
}

/** A signal's reason as a StorageError: time-outs and cancellations are told apart. */
export function abortedError(signal: AbortSignal, what: string): StorageError {
  const reason: unknown = signal.reason;
  const known = findStorageError(reason);
  if (known !== undefined) return known;
  if (isError(reason) && reason.name === 'TimeoutError') {
    return new StorageError(StorageCause.TIMEOUT, `${what}: took too long`);
  }
  return new StorageError(StorageCause.CANCELLED, `${what}: cancelled`);
}

/** By its shape: an error that another realm of this process made is no instance of our Error. */
function isError(value: unknown): value is Error {
  return typeof value === 'object' && value !== null && 'message' in value;
}

function findStorageError(failure: unknown): StorageError | undefined {
  for (let at = failure, depth = 0; isError(at) && depth < 5; at = at.cause, depth += 1) {
    if (at instanceof StorageError) return at;
  }
  return undefined;
}

function errorCode(failure: unknown): string {
  const code = isError(failure) && 'code' in failure ? failure.code : undefined;
  return typeof code === 'string' ? code : '';
}

function causeOfCode(code: string): StorageCause {
  if (TLS_CODE.test(code)) return StorageCause.TLS;
  if (code === 'ETIMEDOUT') return StorageCause.TIMEOUT;
  if (code === 'ENOSPC' || code === 'EDQUOT') return StorageCause.FULL;
  const network =
    /^(ECONN|EPIPE|EAI_|ENOTFOUND|EHOST|ENET|EADDR|UND_|HPE_|ERR_STREAM_PREMATURE_CLOSE)/;
  return network.test(code) ? StorageCause.CONNECTION : StorageCause.STORAGE_ERROR;
}
