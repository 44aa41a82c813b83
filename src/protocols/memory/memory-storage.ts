import { type StorageCause } from '../../vocabulary/index.js';
import { StorageError } from '../storage-error.js';

export interface MemoryFile {
  content: Buffer;
  modifiedAt: Date;
}

/** The methods of a driver that can be made to fail. */
export type MemoryOperation =
  'stat' | 'read' | 'write' | 'rename' | 'remove' | 'list' | 'makeDirectories';

/**
 * The files of one storage in this process, and its fault switches. Paths are absolute, as the
 * storage sees them (`/prefix/a/b`).
 */
export class MemoryStorage {
  readonly files = new Map<string, MemoryFile>();
  /** Every byte that is written comes out changed. */
  corruptWrites = false;
  /** `stat` tells no checksums, as plain WebDAV servers do. */
  hidesChecksums = false;
  /** Bytes that fit; a write beyond them is FULL. */
  capacity: bigint | null = null;
  readonly #failures: { operation: MemoryOperation; cause: StorageCause; times: number }[] = [];
  readonly #holds = new Map<MemoryOperation, Promise<void>>();

  constructor(readonly hostname: string) {}

  /** The next calls (one, unless told) of this operation fail with this cause. */
  failNext(operation: MemoryOperation, cause: StorageCause, times = 1): void {
    this.#failures.push({ operation, cause, times });
  }

  /** Calls of this operation wait until the function that comes back is called. */
  hold(operation: MemoryOperation): () => void {
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    this.#holds.set(operation, held);
    return () => {
      this.#holds.delete(operation);
      release();
    };
  }

  /** Puts a file there, whatever the switches say. */
  put(path: string, content: Buffer | string): void {
    this.files.set(path, { content: Buffer.from(content), modifiedAt: new Date() });
  }

  /** The content of a file, or undefined. */
  get(path: string): Buffer | undefined {
    return this.files.get(path)?.content;
  }

  /** The paths of all files, sorted. */
  list(): string[] {
    return [...this.files.keys()].sort();
  }

  /** No files, no faults. Calls that are held go on. */
  clear(): void {
    this.files.clear();
    this.#failures.length = 0;
    this.#holds.clear();
    this.corruptWrites = false;
    this.hidesChecksums = false;
    this.capacity = null;
  }

  /** Waits and fails as the switches say; every driver call begins with it. */
  async enter(operation: MemoryOperation, signal: AbortSignal | undefined): Promise<void> {
    await unlessAborted(this.#holds.get(operation), signal);
    const failure = this.#failures.find((entry) => entry.operation === operation);
    if (failure === undefined) return;
    failure.times -= 1;
    if (failure.times === 0) this.#failures.splice(this.#failures.indexOf(failure), 1);
    throw new StorageError(failure.cause, `${operation} at ${this.hostname} was made to fail`);
  }
}

const storages = new Map<string, MemoryStorage>();

/** The storage of a hostname; the first who asks makes it. */
export function memoryStorage(hostname: string): MemoryStorage {
  let storage = storages.get(hostname);
  if (storage === undefined) storages.set(hostname, (storage = new MemoryStorage(hostname)));
  return storage;
}

async function unlessAborted(
  held: Promise<void> | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  if (held === undefined) return;
  await new Promise<void>((resolve, reject) => {
    const aborted = () => reject(signal?.reason as Error);
    signal?.addEventListener('abort', aborted, { once: true });
    void held.then(() => {
      signal?.removeEventListener('abort', aborted);
      resolve();
    });
  });
}
