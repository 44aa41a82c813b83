import { Transform, type Readable, type TransformCallback } from 'node:stream';
import { storageErrorOf } from '../storage-error.js';
import { type StorageAnswer } from './send.js';

const BLOCK_BYTES = 256 * 1024;

/** The body of an answer as a stream that fails with StorageError and lets the connection go. */
export function guardedBody(answer: StorageAnswer, signal: AbortSignal | undefined): Readable {
  const what = `GET ${answer.url.origin}${answer.url.pathname}`;
  const out = new Blocks(Number(answer.header('content-length') ?? Infinity));
  const { stream } = answer;
  stream.once('error', (error) => out.destroy(storageErrorOf(error, what, signal)));
  stream.once('close', () => {
    if (stream.complete) return;
    const cut = Object.assign(new Error('cut off'), { code: 'ECONNRESET' });
    out.destroy(storageErrorOf(cut, what, signal));
  });
  out.once('close', () => stream.destroy());
  stream.pipe(out);
  return out;
}

/**
 * Gathers what TLS gives in records of 16 KiB into larger blocks: hashing, counting and writing then
 * happen once where they happened sixteen times, which was half of what a large copy cost. The last
 * of `expected` bytes waits for nothing.
 */
class Blocks extends Transform {
  #block: Buffer | null = null;
  #filled = 0;

  constructor(private expected: number) {
    super({ highWaterMark: BLOCK_BYTES });
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    for (let at = 0; at < chunk.length;) {
      this.#block ??= Buffer.allocUnsafeSlow(this.#size(chunk.length - at));
      const copied = chunk.copy(this.#block, this.#filled, at);
      at += copied;
      this.#filled += copied;
      if (this.#filled === this.#block.length) this.#pass(this.#block);
    }
    done();
  }

  override _flush(done: TransformCallback): void {
    if (this.#block !== null) this.#pass(this.#block.subarray(0, this.#filled));
    done();
  }

  /** Of the next block; a server that sends more than it said is the reader's to refuse. */
  #size(pending: number): number {
    return Math.min(BLOCK_BYTES, this.expected > 0 ? this.expected : pending);
  }

  #pass(block: Buffer): void {
    this.expected -= block.length;
    this.#block = null;
    this.#filled = 0;
    this.push(block);
  }
}
