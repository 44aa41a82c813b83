import { type Digest, digestOf, type StorageDriver } from '../protocols/index.js';
import {
  Cause,
  causeAt,
  normaliseAdler32,
  normaliseMd5,
  StorageCause,
  type TransferSide,
} from '../vocabulary/index.js';
import { TransferFailure } from './transfer-failure.js';

/** What a file has to be. Null: not known, so not compared. */
export interface Expected {
  bytes: bigint;
  adler32: string | null;
  md5: string | null;
}

/** What was found. Null: not told. */
export type Found = Pick<Digest, 'bytes'> & { adler32: string | null; md5: string | null };

/** What the catalogue says, its checksums in their one form. */
export function expectedOf(job: Expected): Expected {
  return {
    bytes: job.bytes,
    adler32: job.adler32 === null ? null : normaliseAdler32(job.adler32),
    md5: job.md5 === null ? null : normaliseMd5(job.md5),
  };
}

/** Whether two known checksums can be compared at all. */
export function isComparable(expected: Expected, found: Found): boolean {
  if (expected.adler32 !== null && found.adler32 !== null) return true;
  return expected.md5 !== null && found.md5 !== null;
}

/** Whether this is known to be the file: the size, and a checksum at least. */
export function isSame(expected: Expected, found: Found): boolean {
  if (!isComparable(expected, found) || expected.bytes !== found.bytes) return false;
  return (['adler32', 'md5'] as const).every((algorithm) => {
    const wanted = expected[algorithm];
    const got = found[algorithm];
    return wanted === null || got === null || wanted === got;
  });
}

/** Throws SIZE or CHECKSUM of this side, with what was expected and what was found. */
export function verify(side: TransferSide, expected: Expected, found: Found): void {
  const fail = (cause: StorageCause, what: string, wanted: string, got: string) => {
    throw new TransferFailure(
      causeAt(side, cause),
      side,
      `${what} at the ${side}: expected ${wanted}, found ${got}`,
      { expected: wanted, found: got },
    );
  };
  if (expected.bytes !== found.bytes) {
    fail(StorageCause.SIZE, 'size', String(expected.bytes), String(found.bytes));
  }
  for (const algorithm of ['adler32', 'md5'] as const) {
    const wanted = expected[algorithm];
    const got = found[algorithm];
    if (wanted !== null && got !== null && wanted !== got) {
      fail(StorageCause.CHECKSUM, algorithm, `${algorithm}:${wanted}`, `${algorithm}:${got}`);
    }
  }
}

/** How a file is read that is only to be hashed. */
export interface ReadingTerms {
  md5: boolean;
  signal: AbortSignal;
  stallMs: number;
}

/** Reads a whole file through this process. Throws STALLED of this side when no byte comes. */
export async function readDigest(
  side: TransferSide,
  driver: StorageDriver,
  path: string,
  { md5, signal, stallMs }: ReadingTerms,
): Promise<Digest> {
  const { stream } = await driver.read(path, { signal });
  let soFar = 0n;
  let seen = -1n;
  const timer = setInterval(() => {
    if (soFar !== seen) return void (seen = soFar);
    const message = `no byte for ${stallMs} ms after ${soFar} bytes: the ${side} stands still`;
    stream.destroy(new TransferFailure(Cause.STALLED, side, message));
  }, stallMs);
  try {
    return await digestOf(stream, { md5, onBytes: (bytes) => void (soFar = bytes) });
  } finally {
    clearInterval(timer);
  }
}

/**
 * Size and checksum of a file at a destination, null if it is not there: as the storage tells them, or
 * by reading the file where it tells no checksum that can be compared. A size that is wrong already
 * is not followed by a reading.
 */
export async function inspect(
  driver: StorageDriver,
  path: string,
  expected: Expected,
  { signal, stallMs }: Pick<ReadingTerms, 'signal' | 'stallMs'>,
): Promise<Found | null> {
  const entry = await driver.stat(path, { checksum: true, bytes: expected.bytes, signal });
  if (entry === null) return null;
  const knows = expected.adler32 !== null || expected.md5 !== null;
  if (
    entry.directory ||
    entry.bytes !== expected.bytes ||
    !knows ||
    isComparable(expected, entry)
  ) {
    return entry;
  }
  const terms = { md5: expected.adler32 === null, signal, stallMs };
  return readDigest('destination', driver, path, terms);
}
