import { pipeline, type Readable } from 'node:stream';
import { DigestStream, StorageError } from '../../protocols/index.js';
import { Cause, StorageCause } from '../../vocabulary/index.js';
import { type CopyBytes, type Movement } from '../movement.js';
import { abortFailure, at, failureAt, TransferFailure } from '../transfer-failure.js';
import { expectedOf, verify } from '../verify.js';
import { watchStall } from './stall-watch.js';

/**
 * Reads the source and writes the destination through this process, in flat memory, hashing on the
 * way. What was read is compared with the catalogue: a bad source is told as such, and its bytes
 * are not what the destination is blamed for.
 */
export const streamCopy: CopyBytes = async (movement, path) => {
  const stall = new AbortController();
  const signal = AbortSignal.any([movement.signal, stall.signal]);
  const reading = new Reading({ ...movement, signal }, stall);
  const { destination, job } = movement;
  try {
    const { overwrite } = job;
    await destination.write(path, () => reading.open(), job.bytes, { overwrite, signal });
  } catch (error) {
    throw abortFailure(signal) ?? reading.failure(error) ?? failureAt('destination', error);
  }
  const digest = reading.digest();
  verify('source', expectedOf(job), digest);
  return digest;
};

/** The source of one copy; a destination that redirects may open it more than once. */
class Reading {
  #stream: DigestStream | undefined;
  #failure: TransferFailure | undefined;

  constructor(
    private readonly movement: Movement,
    private readonly stall: AbortController,
  ) {}

  async open(): Promise<Readable> {
    const { job, source, signal, stallMs, onBytes } = this.movement;
    try {
      const file = await at('source', () => source.read(job.source.path, { signal }));
      if (file.bytes !== null && file.bytes !== job.bytes) {
        file.stream.destroy();
        throw this.#wrongSize(file.bytes);
      }
      const md5 = job.adler32 === null && job.md5 !== null;
      const stream = new DigestStream({ md5, onBytes, expected: job.bytes });
      watchStall(stream, stallMs, (failure) => this.stall.abort(failure));
      pipeline(file.stream, stream, (error) => {
        // The destination that lets go of the stream ends it early: that is its own failure.
        if (error == null || error.code === 'ERR_STREAM_PREMATURE_CLOSE') return;
        this.#failure ??= failureAt('source', error);
      });
      return (this.#stream = stream);
    } catch (error) {
      throw (this.#failure = failureAt('source', error));
    }
  }

  /** What went wrong at the source, if it is the reason of a failed write. */
  failure(error: unknown): TransferFailure | undefined {
    const { bytes } = this.movement.job;
    const short = error instanceof StorageError && error.code === StorageCause.SIZE;
    if (short && this.#stream !== undefined && this.#stream.bytes !== bytes) {
      return this.#wrongSize(this.#stream.bytes);
    }
    return this.#failure;
  }

  digest() {
    if (this.#stream === undefined) throw new Error('the destination never opened the source');
    return this.#stream.digest();
  }

  #wrongSize(found: bigint): TransferFailure {
    const expected = String(this.movement.job.bytes);
    return new TransferFailure(
      Cause.SOURCE_SIZE,
      'source',
      `size at the source: expected ${expected}, found ${found}`,
      { expected, found: String(found) },
    );
  }
}
