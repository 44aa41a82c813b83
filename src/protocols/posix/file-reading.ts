import { type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { StorageCause } from '../../vocabulary/index.js';
import { abortedError, StorageError } from '../storage-error.js';
import { posixError } from './failures.js';

const CHUNK_BYTES = 256 * 1024;

export interface Reading {
  readonly handle: FileHandle;
  /** First byte, and the first one that is not read any more. */
  readonly from: bigint;
  readonly to: bigint;
  /** What is read, for messages. */
  readonly what: string;
  readonly signal: AbortSignal | undefined;
}

/** The bytes of an open file. Fails with StorageError, SIZE if the file has become shorter; closes it. */
export class FileReading extends Readable {
  #at: bigint;
  readonly #abort = () => this.destroy(abortedError(this.reading.signal!, this.reading.what));

  constructor(private readonly reading: Reading) {
    super({ highWaterMark: CHUNK_BYTES });
    this.#at = reading.from;
    reading.signal?.addEventListener('abort', this.#abort, { once: true });
  }

  override _read(): void {
    const { handle, to, what } = this.reading;
    const left = to - this.#at;
    if (left === 0n) return void this.push(null);
    const length = left < CHUNK_BYTES ? Number(left) : CHUNK_BYTES;
    const chunk = Buffer.allocUnsafe(length);
    handle.read(chunk, 0, length, Number(this.#at)).then(
      ({ bytesRead }) => {
        if (bytesRead === 0) return void this.destroy(this.#shortened());
        this.#at += BigInt(bytesRead);
        this.push(chunk.subarray(0, bytesRead));
      },
      (error: unknown) => this.destroy(posixError(error, what)),
    );
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.reading.signal?.removeEventListener('abort', this.#abort);
    this.reading.handle.close().then(
      () => done(error),
      (failure: unknown) => done(error ?? posixError(failure, this.reading.what)),
    );
  }

  #shortened(): StorageError {
    const { to, what } = this.reading;
    return new StorageError(StorageCause.SIZE, `${what}: ended at ${this.#at} of ${to} bytes`);
  }
}
