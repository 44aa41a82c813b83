import { type ClientRequest } from 'node:http';
import { pipeline, Transform, type TransformCallback } from 'node:stream';
import { StorageCause } from '../../vocabulary/index.js';
import { type OpenBytes } from '../protocol.js';
import { StorageError } from '../storage-error.js';

/** From this size on the server is asked first (Expect: 100-continue). */
const ASK_FIRST_BYTES = 256n * 1024n;
/** A server that does not know the question is sent the bytes after this long, as curl does. */
const ANSWER_WAIT_MS = 1000;

/**
 * The body of one PUT. A large one is opened only when the server has said that it wants it (where
 * the server can be asked): a refusal, a full disk or a redirect then costs no byte, and its answer
 * is not lost in a broken pipe. XRootD cannot: it answers the question with `100 Continue` and
 * `Connection: Close`, after which Node's parser, rightly, accepts nothing more.
 */
export class UploadBody {
  readonly stream: Transform;
  readonly asksFirst: boolean;
  /** What opening or reading the source threw; it is the reason of the failure, not the server. */
  sourceFailure: unknown;
  #opened = false;

  constructor(
    private readonly open: OpenBytes,
    bytes: bigint,
    mayBeAsked: boolean,
  ) {
    this.asksFirst = mayBeAsked && bytes >= ASK_FIRST_BYTES;
    this.stream = new ExactLength(bytes);
  }

  /** Whether any byte may have been read from the source. */
  get opened(): boolean {
    return this.#opened;
  }

  /** Starts the body when the request may carry it. */
  attach(request: ClientRequest): void {
    if (!this.asksFirst) return void this.#flow();
    const timer = setTimeout(() => void this.#flow(), ANSWER_WAIT_MS);
    request.once('continue', () => void this.#flow());
    request.once('response', () => clearTimeout(timer));
    request.once('close', () => clearTimeout(timer));
    request.flushHeaders();
  }

  /** Lets go of the source, whatever state it is in. */
  close(): void {
    this.stream.destroy();
  }

  async #flow(): Promise<void> {
    if (this.#opened || this.stream.destroyed) return;
    this.#opened = true;
    try {
      const source = await this.open();
      pipeline(source, this.stream, (error) => {
        // close() and a broken connection end here too: those are not the source's failures.
        if (error?.code !== 'ERR_STREAM_PREMATURE_CLOSE') this.sourceFailure ??= error ?? undefined;
      });
    } catch (error) {
      this.sourceFailure = error;
      this.stream.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

/** Lets through exactly so many bytes: a request that ends early would hang at the server. */
class ExactLength extends Transform {
  #seen = 0n;

  constructor(private readonly expected: bigint) {
    super({ highWaterMark: 256 * 1024 });
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#seen += BigInt(chunk.length);
    done(this.#seen > this.expected ? this.#mismatch() : null, chunk);
  }

  override _flush(done: TransformCallback): void {
    done(this.#seen < this.expected ? this.#mismatch() : null);
  }

  #mismatch(): StorageError {
    const message = `the source gave ${this.#seen} bytes instead of ${this.expected}`;
    return new StorageError(StorageCause.SIZE, message);
  }
}
