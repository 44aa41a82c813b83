import { Readable } from 'node:stream';
import { StorageCause } from '../../vocabulary/index.js';
import { digestOf } from '../digest.js';
import { pathBelowPrefix, pathSegments, serverFilePath, serverPath } from '../paths.js';
import {
  type Abilities,
  type CallOptions,
  type DriverFamily,
  type DriverOptions,
  type OpenBytes,
  type OpenFile,
  type OverwriteOptions,
  type ProtocolEndpoint,
  type ReadOptions,
  type StatOptions,
  type StorageDriver,
  type StorageEntry,
} from '../protocol.js';
import { StorageError, storageErrorOf } from '../storage-error.js';
import { memoryStorage, type MemoryFile, type MemoryStorage } from './memory-storage.js';

/** Storages inside this process, one per hostname: for tests of whatever stands on storages. */
export class MemoryFamily implements DriverFamily {
  open(endpoint: ProtocolEndpoint, options: DriverOptions): StorageDriver {
    return new MemoryDriver(endpoint, options, memoryStorage(endpoint.hostname));
  }

  close(): void {}
}

class MemoryDriver implements StorageDriver {
  readonly abilities: Abilities;

  constructor(
    readonly endpoint: ProtocolEndpoint,
    private readonly options: DriverOptions,
    private readonly storage: MemoryStorage,
  ) {
    this.abilities = {
      checksums: storage.hidesChecksums ? [] : ['adler32', 'md5'],
      rename: endpoint.extendedAttributes['rename'] !== false,
      ranges: true,
      list: true,
      thirdPartyCopy: { pull: false, push: false },
    };
  }

  async stat(path: string, options: StatOptions = {}): Promise<StorageEntry | null> {
    const absolute = serverFilePath(this.endpoint, path);
    await this.#enter('stat', options);
    const file = this.storage.files.get(absolute);
    const own = pathSegments(path).join('/');
    if (file === undefined) {
      const holds = this.storage.list().some((other) => other.startsWith(`${absolute}/`));
      return holds ? directoryEntry(own) : null;
    }
    if (options.checksum !== true || this.storage.hidesChecksums) return entryOf(own, file);
    const { adler32, md5 } = await digestOf(Readable.from([file.content]), { md5: true });
    return { ...entryOf(own, file), adler32, md5 };
  }

  async read(path: string, options: ReadOptions = {}): Promise<OpenFile> {
    const absolute = serverFilePath(this.endpoint, path);
    await this.#enter('read', options);
    const { content } = this.#file(absolute);
    const from = Number(options.from ?? 0n);
    if (from > 0 && from >= content.length) {
      const message = `${path} has ${content.length} bytes: none from ${from} on`;
      throw new StorageError(StorageCause.SIZE, message);
    }
    const rest = content.subarray(from);
    return { stream: Readable.from(chunks(rest)), bytes: BigInt(rest.length) };
  }

  async write(
    path: string,
    open: OpenBytes,
    bytes: bigint,
    options: OverwriteOptions = {},
  ): Promise<void> {
    const absolute = serverFilePath(this.endpoint, path);
    await this.#enter('write', options);
    const { capacity, files } = this.storage;
    const used = [...files.values()].reduce((sum, file) => sum + BigInt(file.content.length), 0n);
    if (capacity !== null && used + bytes > capacity) {
      throw new StorageError(StorageCause.FULL, `${this.storage.hostname} is full`);
    }
    const content = await this.#collect(open, options);
    if (BigInt(content.length) !== bytes) {
      const message = `the source gave ${content.length} bytes instead of ${bytes}`;
      throw new StorageError(StorageCause.SIZE, message);
    }
    if (this.storage.corruptWrites && content.length > 0) content.writeUInt8(content[0]! ^ 1, 0);
    this.storage.put(absolute, content);
  }

  async rename(path: string, target: string, options: OverwriteOptions = {}): Promise<void> {
    const from = serverFilePath(this.endpoint, path);
    const to = serverFilePath(this.endpoint, target);
    await this.#enter('rename', options);
    const file = this.#file(from);
    if (options.overwrite !== true && this.storage.files.has(to)) {
      throw new StorageError(StorageCause.EXISTS, `${to} exists at ${this.storage.hostname}`);
    }
    this.storage.files.delete(from);
    this.storage.files.set(to, file);
  }

  async remove(path: string, options: CallOptions = {}): Promise<boolean> {
    const absolute = serverFilePath(this.endpoint, path);
    await this.#enter('remove', options);
    return this.storage.files.delete(absolute);
  }

  async list(directory: string, options: CallOptions = {}): Promise<StorageEntry[]> {
    const own = pathSegments(directory);
    const top = serverPath(this.endpoint, directory);
    await this.#enter('list', options);
    const entries = new Map<string, StorageEntry>();
    for (const [absolute, file] of this.storage.files) {
      if (!absolute.startsWith(top === '/' ? '/' : `${top}/`)) continue;
      const below = pathBelowPrefix(this.endpoint, absolute) ?? '';
      const path = below.split('/', own.length + 1).join('/');
      entries.set(path, path === below ? entryOf(path, file) : directoryEntry(path));
    }
    if (entries.size === 0 && own.length > 0) {
      throw new StorageError(StorageCause.MISSING, `no directory ${top}`);
    }
    return [...entries.values()];
  }

  async makeDirectories(directory: string, options: CallOptions = {}): Promise<void> {
    serverPath(this.endpoint, directory);
    await this.#enter('makeDirectories', options);
  }

  thirdPartyCopy(): Promise<void> {
    const message = 'a memory storage copies nothing by itself';
    return Promise.reject(new StorageError(StorageCause.NO_PROTOCOL, message));
  }

  #file(absolute: string): MemoryFile {
    const file = this.storage.files.get(absolute);
    if (file !== undefined) return file;
    throw new StorageError(StorageCause.MISSING, `no ${absolute} at ${this.storage.hostname}`);
  }

  async #collect(open: OpenBytes, options: CallOptions): Promise<Buffer> {
    const { signal } = options;
    try {
      const parts: Buffer[] = [];
      for await (const part of await open()) {
        signal?.throwIfAborted();
        parts.push(Buffer.from(part as Buffer));
      }
      return Buffer.concat(parts);
    } catch (error) {
      throw storageErrorOf(error, `write at ${this.storage.hostname}`, signal);
    }
  }

  async #enter(
    operation: Parameters<MemoryStorage['enter']>[0],
    options: CallOptions,
  ): Promise<void> {
    const signals = [options.signal, this.options.signal].filter((signal) => signal !== undefined);
    const signal = signals.length === 2 ? AbortSignal.any(signals) : signals[0];
    try {
      await this.storage.enter(operation, signal);
    } catch (error) {
      throw storageErrorOf(error, `${operation} at ${this.storage.hostname}`, signal);
    }
  }
}

function entryOf(path: string, file: MemoryFile): StorageEntry {
  return {
    path,
    directory: false,
    bytes: BigInt(file.content.length),
    adler32: null,
    md5: null,
    modifiedAt: file.modifiedAt,
  };
}

function directoryEntry(path: string): StorageEntry {
  return { path, directory: true, bytes: 0n, adler32: null, md5: null, modifiedAt: null };
}

function* chunks(content: Buffer): Generator<Buffer> {
  for (let at = 0; at < content.length; at += 65_536) yield content.subarray(at, at + 65_536);
}
