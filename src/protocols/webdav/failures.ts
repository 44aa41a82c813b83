import { StorageCause } from '../../vocabulary/index.js';
import { StorageError } from '../storage-error.js';
import { describe, text, type StorageAnswer } from './send.js';

const byStatus: Readonly<Record<number, StorageCause>> = {
  401: StorageCause.AUTH,
  403: StorageCause.REFUSED,
  404: StorageCause.MISSING,
  405: StorageCause.REFUSED,
  408: StorageCause.TIMEOUT,
  410: StorageCause.MISSING,
  412: StorageCause.EXISTS,
  413: StorageCause.REFUSED,
  416: StorageCause.SIZE,
  423: StorageCause.REFUSED,
  429: StorageCause.TIMEOUT,
  451: StorageCause.REFUSED,
  504: StorageCause.TIMEOUT,
  507: StorageCause.FULL,
};

/** The error of an answer that is no success, with the first line of what the storage said. */
export async function failureOf(method: string, answer: StorageAnswer): Promise<StorageError> {
  return failureSaying(method, answer, await text(answer, 2048).catch(() => ''));
}

/** Like failureOf, for an answer whose text has been read. */
export function failureSaying(
  method: string,
  { status, url }: Pick<StorageAnswer, 'status' | 'url'>,
  said: string,
): StorageError {
  return new StorageError(
    causeOf(status, said),
    `${describe({ method, url })}: answered ${status}${firstLine(said)}`,
    { status },
  );
}

/** What a status means that is no success. */
export function causeOfStatus(status: number): StorageCause {
  return byStatus[status] ?? StorageCause.STORAGE_ERROR;
}

function causeOf(status: number, said: string): StorageCause {
  // Servers without 507 tell a full disk in the text of a 500.
  if (status >= 500 && /no space left|quota exceeded/i.test(said)) return StorageCause.FULL;
  // XRootD, of a COPY whose file cannot be opened.
  if (status === 400 && /no such file/i.test(said)) return StorageCause.MISSING;
  if (status >= 300 && status < 400) return StorageCause.REDIRECT_REFUSED;
  return causeOfStatus(status);
}

/** What a storage said, short, in brackets, without tokens; '' if nothing. */
export function firstLine(said: string): string {
  const line = said
    .replace(/<[^>]*>/g, ' ')
    // A storage that echoes the request must not put a token into our logs.
    .replace(/authz=[^\s&"]+/gi, 'authz=…')
    .replace(/\s+/g, ' ')
    .trim();
  return line === '' ? '' : ` (${line.slice(0, 200)})`;
}
