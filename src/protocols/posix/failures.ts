import { StorageCause } from '../../vocabulary/index.js';
import { StorageError } from '../storage-error.js';

const CAUSES: Readonly<Record<string, StorageCause>> = {
  ENOENT: StorageCause.MISSING,
  ENOTDIR: StorageCause.MISSING,
  EEXIST: StorageCause.EXISTS,
  EISDIR: StorageCause.EXISTS,
  ENOTEMPTY: StorageCause.EXISTS,
  ENOSPC: StorageCause.FULL,
  EDQUOT: StorageCause.FULL,
  EACCES: StorageCause.REFUSED,
  EPERM: StorageCause.REFUSED,
  EROFS: StorageCause.REFUSED,
  EFBIG: StorageCause.REFUSED,
  ELOOP: StorageCause.PATH_REFUSED,
  ENAMETOOLONG: StorageCause.PATH_REFUSED,
  ETIMEDOUT: StorageCause.TIMEOUT,
  // The mount is broken: its server is away, or its driver is dead.
  ESTALE: StorageCause.CONNECTION,
  ENOTCONN: StorageCause.CONNECTION,
  ECONNREFUSED: StorageCause.CONNECTION,
  ECONNRESET: StorageCause.CONNECTION,
  EHOSTDOWN: StorageCause.CONNECTION,
  EHOSTUNREACH: StorageCause.CONNECTION,
  ENETUNREACH: StorageCause.CONNECTION,
  ENODEV: StorageCause.CONNECTION,
  ENXIO: StorageCause.CONNECTION,
};

/** The code of a failed system call, '' of anything else. */
export function errnoOf(error: unknown): string {
  const code = error instanceof Error || isObject(error) ? (error as { code?: unknown }).code : '';
  return typeof code === 'string' ? code : '';
}

/** Whether a system call failed because nothing stands there. */
export const isMissing = (error: unknown): boolean =>
  ['ENOENT', 'ENOTDIR'].includes(errnoOf(error));

/** A failed system call as a StorageError, without the way that it took; one that is none stays it. */
export function posixError(error: unknown, what: string): StorageError {
  if (error instanceof StorageError) return error;
  const code = errnoOf(error);
  const said = isObject(error) && 'message' in error ? String(error.message) : String(error);
  const cause = Object.hasOwn(CAUSES, code) ? CAUSES[code] : undefined;
  // Node adds the call and its paths behind a comma; those lead through descriptors of ours.
  const short = code === '' ? said : (said.split(', ')[0] ?? code);
  return new StorageError(cause ?? StorageCause.STORAGE_ERROR, `${what}: ${short}`, {
    cause: error,
  });
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
