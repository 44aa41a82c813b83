import { createHash, type Hash } from 'node:crypto';
import { Transform, type Readable, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createDeflate, type Deflate } from 'node:zlib';
import { ADLER32_OF_NOTHING } from '../vocabulary/index.js';

/** Size and checksums of bytes that went by; md5 only where it was asked for. */
export interface Digest {
  bytes: bigint;
  adler32: string;
  md5: string | null;
}

export interface DigestOptions {
  md5?: boolean;
  /** How many bytes will come. */
  expected?: bigint;
  onBytes?: (soFar: bigint) => void;
}

/**
 * Passes bytes through and counts and hashes them. Adler-32 is computed by zlib in its thread pool
 * (deflate at level 0 keeps it in the stream's trailer, RFC 1950), not on the event loop; memory
 * stays flat. `digest()` is known once the stream has ended; with `expected` already when the last
 * of so many bytes leaves, as whoever gets them may answer, and let go of the stream, before its end.
 */
export class DigestStream extends Transform {
  readonly #deflate: Deflate = createDeflate({ level: 0, chunkSize: 256 * 1024 });
  readonly #md5: Hash | null;
  readonly #onBytes: ((soFar: bigint) => void) | undefined;
  #trailer = Buffer.alloc(0);
  #bytes = 0n;
  readonly #expected: bigint | null;
  #digest: Omit<Digest, 'bytes'> | null = null;

  constructor(options: DigestOptions = {}) {
    super({ highWaterMark: 256 * 1024 });
    this.#expected = options.expected ?? null;
    this.#onBytes = options.onBytes;
    this.#md5 = options.md5 === true ? createHash('md5') : null;
    if (this.#expected === 0n) this.#digest = this.#told();
    this.#deflate.on('data', (chunk: Buffer) => {
      const last = chunk.length >= 4 ? chunk : Buffer.concat([this.#trailer, chunk]);
      // A copy: keeping the last bytes must not keep the whole chunk.
      this.#trailer = Buffer.from(last.subarray(-4));
    });
    this.#deflate.on('error', (error) => this.destroy(error));
  }

  /** Bytes that have come in so far. */
  get bytes(): bigint {
    return this.#bytes;
  }

  /** The digest of all bytes. Throws while some are still to come. */
  digest(): Digest {
    if (this.#digest === null) throw new Error('the digest of an unfinished stream');
    return { bytes: this.#bytes, ...this.#digest };
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#bytes += BigInt(chunk.length);
    this.#onBytes?.(this.#bytes);
    // More than was expected: the size alone says that these are not the right bytes.
    if (this.#digest !== null) return done(null, chunk);
    this.#md5?.update(chunk);
    this.#deflate.write(chunk, (error) => {
      if (error || this.#bytes !== this.#expected) return done(error, chunk);
      this.#finish(() => done(null, chunk));
    });
  }

  override _flush(done: TransformCallback): void {
    if (this.#digest !== null) return done();
    this.#finish(done);
  }

  #finish(done: () => void): void {
    this.#deflate.once('end', () => {
      this.#digest = this.#told();
      done();
    });
    this.#deflate.end();
  }

  #told(): Omit<Digest, 'bytes'> {
    return {
      adler32: this.#bytes === 0n ? ADLER32_OF_NOTHING : this.#trailer.toString('hex'),
      md5: this.#md5?.digest('hex') ?? null,
    };
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#deflate.destroy();
    done(error);
  }
}

/** Reads a stream to its end and gives its digest. Throws what the stream throws. */
export async function digestOf(source: Readable, options: DigestOptions = {}): Promise<Digest> {
  const stream = new DigestStream(options);
  await pipeline(source, stream, async (bytes: AsyncIterable<Buffer>) => {
    for await (const chunk of bytes) void chunk;
  });
  return stream.digest();
}
