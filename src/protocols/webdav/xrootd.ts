import { Readable } from 'node:stream';
import { StorageCause } from '../../vocabulary/index.js';
import { serverFilePath } from '../paths.js';
import { type CallOptions, type StatOptions } from '../protocol.js';
import { StorageError } from '../storage-error.js';
import { timeoutMs } from '../with-timeout.js';
import { discard, type StorageAnswer } from './send.js';
import { type Session } from './session.js';

// What XRootD 5.5 has to be asked in another way than WebDAV says; found by trying.

/** What is written to see whether anything can be: more than may be left of a block. */
const TRIAL = Buffer.alloc(64 * 1024);
/** When a digest should have been computed, also by a busy server: this, and bytes at that rate. */
const LOST_ANSWER_MS = 10_000;
const DIGEST_BYTES_PER_SECOND = 20_000_000;

/**
 * A HEAD that wants a digest. XRootD 5.5 that has to compute one mixes up what else comes on the
 * same connection, and dies of it (of one file in some hundred); on a connection of its own it loses
 * one answer in ten thousand, and knows the digest when it is asked again.
 */
export async function askForDigest(
  session: Session,
  path: string,
  options: StatOptions,
): Promise<StorageAnswer> {
  const head = ({ signal }: CallOptions) =>
    session.ask('HEAD', path, 'read', signal === undefined ? {} : { signal }, {
      headers: { 'Want-Digest': 'adler32,md5' },
      alone: session.host.server !== 'other',
    });
  if (session.host.server === 'other') return head(options);
  const baseMs = session.options.lostAnswerMs ?? LOST_ANSWER_MS;
  const rules = { baseMs, floorBytesPerSecond: DIGEST_BYTES_PER_SECOND };
  const soon = AbortSignal.timeout(timeoutMs(rules, options.bytes ?? 0n));
  const signal = options.signal === undefined ? soon : AbortSignal.any([options.signal, soon]);
  try {
    return await head({ signal });
  } catch (error) {
    if (!soon.aborted || options.signal?.aborted === true) throw error;
    return await head(options);
  }
}

/**
 * Why a PUT to `path` failed. A connection that XRootD 5.5 ends in the middle of one is all that it says
 * of a full disk. It then ends that of a small file too, as long as what it took of this one stands there.
 */
export async function whyCutOff(
  session: Session,
  error: unknown,
  path: string,
  options: CallOptions,
): Promise<unknown> {
  if (session.host.server !== 'xrootd' || !wasCutOff(error)) return error;
  const trial = serverFilePath(session.endpoint, `${path}.trial`);
  const upload = { open: () => Readable.from([TRIAL]), bytes: BigInt(TRIAL.length) };
  try {
    await discard(await session.ask('PUT', trial, 'create', options, { upload }));
    return error;
  } catch (again) {
    if (!wasCutOff(again)) return error;
    const message = `${error.message}; so did a small file: XRootD says no more of a full disk`;
    return new StorageError(StorageCause.FULL, message, { cause: error });
  } finally {
    await session.ask('DELETE', trial, 'delete', options).then(discard, () => undefined);
  }
}

/** Whether the storage ended the connection of our own request (the source's failures begin with GET). */
function wasCutOff(error: unknown): error is StorageError {
  if (!(error instanceof StorageError) || error.code !== StorageCause.CONNECTION) return false;
  const { code } = (error.cause ?? {}) as { code?: unknown };
  return error.message.startsWith('PUT ') && (code === 'ECONNRESET' || code === 'EPIPE');
}
