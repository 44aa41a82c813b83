import { Cause } from '../vocabulary/index.js';
import { type Movement } from './movement.js';
import { at, TransferFailure } from './transfer-failure.js';
import { expectedOf, isComparable, isSame, readDigest, verify } from './verify.js';

/**
 * Refuses a source that is missing or is not the file, before anybody copies it: a third-party copy
 * compares no checksums. A checksum that the storage tells may be a stale one (XRootD keeps it by
 * the second of the last change): only our own reading proves a copy bad. Throws TransferFailure.
 */
export async function checkSource(movement: Movement): Promise<void> {
  const { job, signal, source } = movement;
  const expected = expectedOf(job);
  const entry = await at('source', () =>
    source.stat(job.source.path, { checksum: true, bytes: job.bytes, signal }),
  );
  if (entry === null) {
    const message = `no ${job.source.path} at ${source.endpoint.rse}`;
    throw new TransferFailure(Cause.SOURCE_MISSING, 'source', message);
  }
  verify('source', { ...expected, adler32: null, md5: null }, entry);
  if (isComparable(expected, entry) && !isSame(expected, entry)) await readSource(movement);
}

/** Reads the whole source and compares it with the catalogue. Throws TransferFailure. */
export async function readSource({ job, signal, source, stallMs }: Movement): Promise<void> {
  const expected = expectedOf(job);
  const terms = { md5: expected.md5 !== null, signal, stallMs };
  const found = await at('source', () => readDigest('source', source, job.source.path, terms));
  verify('source', expected, found);
}
