import { type BigIntStats, constants } from 'node:fs';
import { lstat, open, readdir, unlink } from 'node:fs/promises';
import pLimit from 'p-limit';
import { StorageCause } from '../../vocabulary/index.js';
import { digestOf } from '../digest.js';
import { pathSegments, serverFilePath } from '../paths.js';
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
import { isMissing, posixError } from './failures.js';
import { FileReading } from './file-reading.js';
import { Mount, refused } from './mount.js';
import { moveTo, type Place, refuseExisting, writeFile } from './place-file.js';
import { type Spot, using } from './spot.js';
import { unlessAborted } from './unless-aborted.js';

/** Entries of a directory that are looked at together. */
const LIST_PARALLEL = 16;

/** Whether a prefix, as it is written, is one of these directories or lies below one. */
export function isAllowed(prefix: string, roots: readonly string[]): boolean {
  const parts = (path: string) => path.split('/').filter((part) => part !== '');
  const own = parts(prefix);
  return roots.some((root) => parts(root).every((part, i) => own[i] === part));
}

/**
 * Mounted file systems. The prefix is a directory of this machine, in or below one of the
 * directories that the operator of this process allows.
 */
export class PosixFamily implements DriverFamily {
  constructor(private readonly roots: readonly string[]) {}

  open(endpoint: ProtocolEndpoint, options: DriverOptions): StorageDriver {
    return new PosixDriver(endpoint, options, this.roots);
  }

  close(): void {}
}

class PosixDriver implements StorageDriver {
  readonly abilities: Abilities;

  constructor(
    readonly endpoint: ProtocolEndpoint,
    private readonly options: DriverOptions,
    private readonly roots: readonly string[],
  ) {
    this.abilities = {
      checksums: ['adler32'],
      rename: endpoint.extendedAttributes['rename'] !== false,
      ranges: true,
      list: true,
      thirdPartyCopy: { pull: false, push: false },
    };
  }

  async stat(path: string, options: StatOptions = {}): Promise<StorageEntry | null> {
    const segments = this.#file(path);
    return this.#call('stat', path, options, async (mount, what, signal) => {
      try {
        return await using(mount.at(segments), async (spot) => {
          const entry = this.#entryOf(segments, await spot.handle.stat({ bigint: true }));
          if (entry.directory || options.checksum !== true) return entry;
          const bytes = await reading(spot, { from: 0n, to: entry.bytes, what, signal });
          return { ...entry, adler32: (await digestOf(bytes)).adler32 };
        });
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    });
  }

  async read(path: string, options: ReadOptions = {}): Promise<OpenFile> {
    const segments = this.#file(path);
    return this.#call('read', path, options, (mount, what, signal) =>
      using(mount.at(segments), async (spot) => {
        const { bytes, directory } = this.#entryOf(
          segments,
          await spot.handle.stat({ bigint: true }),
        );
        if (directory) throw refused(this.endpoint.rse, segments, 'is a directory');
        const from = options.from ?? 0n;
        if (from > 0n && from >= bytes) {
          const message = `${what}: it has ${bytes} bytes: none from ${from} on`;
          throw new StorageError(StorageCause.SIZE, message);
        }
        const stream = await reading(spot, { from, to: bytes, what, signal });
        return { stream, bytes: bytes - from };
      }),
    );
  }

  async write(
    path: string,
    open: OpenBytes,
    bytes: bigint,
    options: OverwriteOptions = {},
  ): Promise<void> {
    const segments = this.#file(path);
    const overwrite = options.overwrite === true;
    return this.#call('write', path, options, (mount, what, signal) =>
      using(mount.makeDirectory(segments.slice(0, -1)), (directory) =>
        writeFile(place(directory, segments), { open, bytes, overwrite, what, signal }),
      ),
    );
  }

  async rename(path: string, target: string, options: OverwriteOptions = {}): Promise<void> {
    const [from, to] = [this.#file(path), this.#file(target)];
    return this.#call('rename', path, options, (mount) =>
      using(mount.directory(from.slice(0, -1)), async (directory) => {
        const source = place(directory, from);
        await this.#refuseNonFile(source, from);
        await using(mount.makeDirectory(to.slice(0, -1)), async (targetDirectory) => {
          const destination = place(targetDirectory, to);
          if (options.overwrite !== true) await refuseExisting(destination);
          await moveTo(source, destination, options.overwrite === true);
        });
      }),
    );
  }

  /** Empty directories stay: a client that has just made one counts on it. */
  async remove(path: string, options: CallOptions = {}): Promise<boolean> {
    const segments = this.#file(path);
    return this.#call('remove', path, options, async (mount) => {
      try {
        return await using(mount.directory(segments.slice(0, -1)), async (directory) => {
          await this.#refuseNonFile(place(directory, segments), segments);
          await unlink(directory.to(segments.at(-1)));
          return true;
        });
      } catch (error) {
        if (isMissing(error)) return false;
        throw error;
      }
    });
  }

  /** Without what is no file and no directory, and links that lead out or nowhere. */
  async list(directory: string, options: CallOptions = {}): Promise<StorageEntry[]> {
    const segments = pathSegments(directory);
    return this.#call('list', directory, options, (mount, _what, signal) =>
      using(mount.directory(segments), async (spot) => {
        const limit = pLimit(LIST_PARALLEL);
        const look = async (name: string): Promise<StorageEntry[]> => {
          signal?.throwIfAborted();
          return this.#listed(mount, spot, [...segments, name]);
        };
        const names = await readdir(spot.to());
        return (await Promise.all(names.map((name) => limit(look, name)))).flat();
      }),
    );
  }

  async makeDirectories(directory: string, options: CallOptions = {}): Promise<void> {
    const segments = pathSegments(directory);
    return this.#call('make', directory, options, async (mount) => {
      await (await mount.makeDirectory(segments)).close();
    });
  }

  thirdPartyCopy(): Promise<void> {
    const message = 'a mounted file system copies nothing by itself';
    return Promise.reject(new StorageError(StorageCause.NO_PROTOCOL, message));
  }

  /** The names of a path that is a file's. Throws PATH_REFUSED. */
  #file(path: string): string[] {
    serverFilePath(this.endpoint, path);
    return pathSegments(path);
  }

  /** Runs a call on the mounted prefix; every failure becomes a StorageError. */
  async #call<T>(
    verb: string,
    path: string,
    options: CallOptions,
    work: (mount: Mount, what: string, signal: AbortSignal | undefined) => Promise<T>,
  ): Promise<T> {
    const what = `${verb} ${pathSegments(path).join('/')} at ${this.endpoint.rse}`;
    const signals = [options.signal, this.options.signal].filter((signal) => signal !== undefined);
    const signal = signals.length === 2 ? AbortSignal.any(signals) : signals[0];
    const run = async (): Promise<T> => {
      const mount = await Mount.open(this.endpoint, this.roots);
      return work(mount, what, signal).finally(() => mount.close());
    };
    try {
      return await unlessAborted(run, what, signal);
    } catch (error) {
      throw signal?.aborted ? storageErrorOf(error, what, signal) : posixError(error, what);
    }
  }

  async #listed(mount: Mount, directory: Spot, segments: string[]): Promise<StorageEntry[]> {
    try {
      const own = await lstat(directory.to(segments.at(-1)), { bigint: true });
      if (!own.isSymbolicLink()) return [this.#entryOf(segments, own)];
      return await using(mount.at(segments), async (spot) => [
        this.#entryOf(segments, await spot.handle.stat({ bigint: true })),
      ]);
    } catch (error) {
      const { code } = posixError(error, '');
      if (code === StorageCause.MISSING || code === StorageCause.PATH_REFUSED) return [];
      throw error;
    }
  }

  /** Throws PATH_REFUSED for what is neither a file nor a directory. */
  #entryOf(segments: readonly string[], stats: BigIntStats): StorageEntry {
    const directory = stats.isDirectory();
    if (!directory && !stats.isFile()) {
      throw refused(this.endpoint.rse, segments, 'is neither a file nor a directory');
    }
    return {
      path: segments.join('/'),
      directory,
      bytes: directory ? 0n : stats.size,
      adler32: null,
      md5: null,
      modifiedAt: stats.mtime,
    };
  }

  /** A link is a name that may be taken away; what it leads to is not touched. */
  async #refuseNonFile({ directory, name }: Place, segments: readonly string[]): Promise<void> {
    const stats = await lstat(directory.to(name));
    if (!stats.isFile() && !stats.isSymbolicLink()) {
      throw refused(this.endpoint.rse, segments, 'is no file');
    }
  }
}

const place = (directory: Spot, segments: readonly string[]): Place => ({
  directory,
  name: segments.at(-1) ?? '',
});

/** Opens what the place holds, which was seen to be a file: the same one, whatever happened since. */
async function reading(
  spot: Spot,
  range: { from: bigint; to: bigint; what: string; signal: AbortSignal | undefined },
): Promise<FileReading> {
  const handle = await open(spot.to(), constants.O_RDONLY);
  return new FileReading({ handle, ...range });
}
