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

/**
 * Passes bytes through and counts and hashes them. Adler-32 is computed by zlib in its thread pool
 * (deflate at level 0 keeps it in the stream's trailer, RFC 1950), not on the event loop; memory
 * stays flat. `digest()` is known once the last byte has left.
 */
export class DigestStream extends Transform {
  readonly #deflate: Deflate = createDeflate({ level: 0, chunkSize: 256 * 1024 });
  readonly #md5: Hash | null;
  readonly #onBytes: ((soFar: bigint) => void) | undefined;
  #trailer = Buffer.alloc(0);
  #bytes = 0n;
  #digest: Digest | null = null;

  constructor(options: { md5?: boolean; onBytes?: (soFar: bigint) => void } = {}) {
    super({ highWaterMark: 256 * 1024 });
    this.#onBytes = options.onBytes;
    this.#md5 = options.md5 === true ? createHash('md5') : null;
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
    return this.#digest;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#bytes += BigInt(chunk.length);
    this.#onBytes?.(this.#bytes);
    this.#md5?.update(chunk);
    this.#deflate.write(chunk, (error) => done(error, chunk));
  }

  override _flush(done: TransformCallback): void {
    this.#deflate.once('end', () => {
      this.#digest = {
        bytes: this.#bytes,
        adler32: this.#bytes === 0n ? ADLER32_OF_NOTHING : this.#trailer.toString('hex'),
        md5: this.#md5?.digest('hex') ?? null,
      };
      done();
    });
    this.#deflate.end();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#deflate.destroy();
    done(error);
  }
}

/** Reads a stream to its end and gives its digest. Throws what the stream throws. */
export async function digestOf(
  source: Readable,
  options: { md5?: boolean; onBytes?: (soFar: bigint) => void } = {},
): Promise<Digest> {
  const stream = new DigestStream(options);
  await pipeline(source, stream, async (bytes: AsyncIterable<Buffer>) => {
    for await (const chunk of bytes) void chunk;
  });
  return stream.digest();
}
