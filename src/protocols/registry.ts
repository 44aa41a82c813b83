import { StorageCause } from '../vocabulary/index.js';
import { MemoryFamily } from './memory/memory-driver.js';
import { serverFilePath } from './paths.js';
import {
  type Authorize,
  type DriverFamily,
  type ProtocolEndpoint,
  type StorageDriver,
  type StorageOperation,
} from './protocol.js';
import { isAllowed, PosixFamily } from './posix/posix-driver.js';
import { StorageError } from './storage-error.js';
import { WebdavFamily } from './webdav/webdav-driver.js';
import { type Lanes, openLanes, withLimit } from './with-limit.js';
import { withRetry } from './with-retry.js';
import { withTimeout } from './with-timeout.js';

type Family = 'webdav' | 'posix' | 'memory';

/** Which driver speaks which scheme. */
export const DRIVERS: Readonly<Record<string, Family>> = {
  http: 'webdav',
  https: 'webdav',
  davs: 'webdav',
  file: 'posix',
  memory: 'memory',
};

export interface StorageRegistryOptions {
  /** Lets storages live on loopback, link-local and private addresses. */
  allowPrivate: boolean;
  /**
   * Gives a bearer token for one operation on one file (and the target of a rename). Of a file that is
   * `arriving`, to read or create it under either name is allowed with the token of its renaming.
   */
  authorize?: (
    endpoint: ProtocolEndpoint,
    operation: StorageOperation,
    path: string,
    target?: string,
    arriving?: readonly [temporaryPath: string, path: string],
  ) => Promise<string | undefined>;
  /** Directories of this machine below which mounted file systems may be used. Default: none. */
  posixRoots?: readonly string[];
  /** Default 10,000. */
  connectTimeoutMs?: number;
  /** When a digest is asked for again that an XRootD has not told. Default 10,000. */
  lostAnswerMs?: number;
  /** A call may take base + bytes / floor rate. Defaults 60,000 ms and 1 MB/s. */
  timeoutBaseMs?: number;
  floorBytesPerSecond?: number;
  /** Reads, writes and short calls at once for each host. Default 32. */
  requestsPerHostMax?: number;
  /** Attempts of a call that may be repeated, and the wait before the second. Defaults 3, 200 ms. */
  attemptsMax?: number;
  retryDelayMs?: number;
}

/** A file under the name that it is written to, and its own; both below the endpoint's prefix. */
export interface ArrivingFile {
  readonly path: string;
  readonly temporaryPath: string;
}

/** Hands out drivers and keeps what they share: connections and limits per host. */
export class StorageRegistry {
  readonly #families: Record<Family, DriverFamily>;
  readonly #lanes = new Map<string, Lanes>();

  constructor(private readonly options: StorageRegistryOptions) {
    this.#families = {
      webdav: new WebdavFamily(),
      posix: new PosixFamily(this.#posixRoots),
      memory: new MemoryFamily(),
    };
  }

  /** Whether a driver speaks this scheme; of a mounted file system also, whether it is one of ours. */
  supports({ scheme, prefix }: Pick<ProtocolEndpoint, 'scheme' | 'prefix'>): boolean {
    if (!Object.hasOwn(DRIVERS, scheme)) return false;
    return DRIVERS[scheme] !== 'posix' || isAllowed(prefix, this.#posixRoots);
  }

  /**
   * A driver bound to one endpoint, with time-outs, retries and limits. `signal` ends all its
   * calls. A file that is `arriving` may be looked at, written and renamed with one token. Throws
   * StorageError NO_PROTOCOL for a scheme that nobody speaks here, and for a mounted file system outside
   * of `posixRoots`.
   */
  driver(
    endpoint: ProtocolEndpoint,
    { signal, arriving }: { signal?: AbortSignal; arriving?: ArrivingFile } = {},
  ): StorageDriver {
    const family = this.#family(endpoint);
    const { allowPrivate, connectTimeoutMs, lostAnswerMs } = this.options;
    const authorize = this.#authorize(endpoint, arriving);
    const driver = this.#families[family].open(endpoint, {
      allowPrivate,
      ...(authorize && { authorize }),
      ...(connectTimeoutMs !== undefined && { connectTimeoutMs }),
      ...(lostAnswerMs !== undefined && { lostAnswerMs }),
      ...(signal && { signal }),
    });
    return this.#wrapped(driver);
  }

  /** A bearer token for one operation at an endpoint, where this process can give one. */
  async token(
    endpoint: ProtocolEndpoint,
    operation: StorageOperation,
    path: string,
  ): Promise<string | undefined> {
    const fixed = endpoint.extendedAttributes['token'];
    const given = await this.options.authorize?.(endpoint, operation, path);
    return given ?? (typeof fixed === 'string' ? fixed : undefined);
  }

  /** Lets go of all connections. */
  close(): void {
    for (const family of Object.values(this.#families)) family.close();
  }

  #authorize(
    endpoint: ProtocolEndpoint,
    arriving: ArrivingFile | undefined,
  ): Authorize | undefined {
    const { authorize } = this.options;
    if (authorize === undefined || arriving === undefined) return authorize?.bind(this, endpoint);
    const [from, to] = [arriving.temporaryPath, arriving.path].map((path) =>
      serverFilePath(endpoint, path),
    ) as [string, string];
    return (operation, path, target) => authorize(endpoint, operation, path, target, [from, to]);
  }

  get #posixRoots(): readonly string[] {
    return this.options.posixRoots ?? [];
  }

  #family(endpoint: ProtocolEndpoint): Family {
    const { rse, scheme, prefix } = endpoint;
    const family = Object.hasOwn(DRIVERS, scheme) ? DRIVERS[scheme] : undefined;
    if (family !== undefined && this.supports(endpoint)) return family;
    const why =
      family === undefined
        ? `no driver for the scheme ${scheme}`
        : `${prefix} is below no directory of storage.posixRoots`;
    throw new StorageError(StorageCause.NO_PROTOCOL, `${rse}: ${why}`);
  }

  #wrapped(driver: StorageDriver): StorageDriver {
    const timed = withTimeout(driver, {
      baseMs: this.options.timeoutBaseMs ?? 60_000,
      floorBytesPerSecond: this.options.floorBytesPerSecond ?? 1_000_000,
    });
    const retried = withRetry(timed, {
      attemptsMax: this.options.attemptsMax ?? 3,
      delayMs: this.options.retryDelayMs ?? 200,
    });
    return withLimit(retried, this.#lanesOf(driver.endpoint));
  }

  #lanesOf({ hostname, port }: ProtocolEndpoint): Lanes {
    const host = `${hostname}:${port}`;
    let lanes = this.#lanes.get(host);
    if (lanes === undefined) {
      this.#lanes.set(host, (lanes = openLanes(this.options.requestsPerHostMax ?? 32)));
    }
    return lanes;
  }
}
