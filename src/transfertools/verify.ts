import { type Digest, digestOf, type StorageDriver } from '../protocols/index.js';
import { normaliseAdler32, normaliseMd5 } from '../vocabulary/index.js';
import { StorageCause, causeAt, type TransferSide } from '../vocabulary/index.js';
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

/**
 * Size and checksum of a file at a storage, null if it is not there: as the storage tells them, or
 * by reading the file where it tells no checksum that can be compared. A size that is wrong already
 * is not followed by a reading.
 */
export async function inspect(
  driver: StorageDriver,
  path: string,
  expected: Expected,
  signal: AbortSignal,
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
  const { stream } = await driver.read(path, { signal });
  return digestOf(stream, { md5: expected.adler32 === null });
}
