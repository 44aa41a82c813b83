import { Readable } from 'node:stream';
import { StorageCause } from '../../vocabulary/index.js';
import {
  encodePath,
  parentOf,
  pathBelowPrefix,
  pathSegments,
  serverFilePath,
  serverPath,
  urlOfServerPath,
} from '../paths.js';
import {
  type Abilities,
  type CallOptions,
  type DriverFamily,
  type DriverOptions,
  type FarEnd,
  type OpenBytes,
  type OpenFile,
  type OverwriteOptions,
  type ProtocolEndpoint,
  type ReadOptions,
  type StatOptions,
  type StorageDriver,
  type StorageEntry,
  type StorageOperation,
  type ThirdPartyOptions,
} from '../protocol.js';
import { StorageError } from '../storage-error.js';
import { thirdPartyAbilities } from '../third-party-abilities.js';
import { timeoutMs } from '../with-timeout.js';
import { Connections, type Host } from './connections.js';
import { parseDigest } from './digest-header.js';
import { failureOf } from './failures.js';
import { PROPFIND_BODY, type DavEntry, parseMultistatus } from './multistatus.js';
import { followCopy } from './third-party-copy.js';
import { guardedBody } from './guarded-body.js';
import { redirectRulesOf } from './redirects.js';
import { type Line, type StorageAnswer, type StorageRequest, discard, send, text } from './send.js';

const CONNECT_TIMEOUT_MS = 10_000;
/** What is written to see whether anything can be: more than may be left of a block. */
const TRIAL = Buffer.alloc(64 * 1024);
/** When a digest should have been computed, also by a busy server: this, and bytes at that rate. */
const LOST_ANSWER_MS = 10_000;
const DIGEST_BYTES_PER_SECOND = 20_000_000;
/** A listing longer than this is no directory of ours (about 300 bytes an entry). */
const LISTING_MAX = 256 * 1024 * 1024;

/** WebDAV over http and https: XRootD, dCache, EOS, StoRM, and plain WebDAV servers. */
export class WebdavFamily implements DriverFamily {
  readonly #connections = new Connections();

  open(endpoint: ProtocolEndpoint, options: DriverOptions): StorageDriver {
    return new WebdavDriver(endpoint, options, this.#connections.host(endpoint, options));
  }

  close(): void {
    this.#connections.close();
  }
}

class WebdavDriver implements StorageDriver {
  readonly abilities: Abilities;
  readonly #line: Line;

  constructor(
    readonly endpoint: ProtocolEndpoint,
    private readonly options: DriverOptions,
    private readonly host: Host,
  ) {
    this.abilities = {
      checksums: ['adler32', 'md5'],
      rename: endpoint.extendedAttributes['rename'] !== false,
      ranges: true,
      list: true,
      thirdPartyCopy: thirdPartyAbilities(endpoint),
    };
    this.#line = {
      host,
      redirects: redirectRulesOf(endpoint),
      connectTimeoutMs: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    };
  }

  async stat(path: string, options: StatOptions = {}): Promise<StorageEntry | null> {
    const { checksum = false } = options;
    const asked = checksum === 'if cheap' ? this.host.server !== 'xrootd' : checksum;
    const target = serverFilePath(this.endpoint, path);
    const answer = asked
      ? await this.#askForDigest(target, options)
      : await this.#ask('HEAD', target, 'read', options);
    await discard(answer);
    if (answer.status === 404 || answer.status === 410) return null;
    const length = answer.header('content-length');
    // HEAD is no method for everything: a directory, or a server that gives no length.
    if (answer.status === 405 || (answer.status === 200 && length === undefined)) {
      return this.#statByListing(path, options);
    }
    if (answer.status !== 200) throw await failureOf('HEAD', answer);
    return {
      path: pathSegments(path).join('/'),
      directory: false,
      bytes: BigInt(length ?? 0),
      ...(asked ? parseDigest(answer.header('digest')) : { adler32: null, md5: null }),
      modifiedAt: dateOf(answer.header('last-modified')),
    };
  }

  async read(path: string, options: ReadOptions = {}): Promise<OpenFile> {
    const target = serverFilePath(this.endpoint, path);
    const range = await this.#range(path, options);
    const answer = await this.#ask('GET', target, 'read', options, {
      // XRootD 5.5 puts `Content-Range: …\nDigest: …` there, if anybody has asked it for a digest.
      ...(range !== null && { headers: { Range: range }, lenient: this.host.server === 'xrootd' }),
    });
    if (answer.status !== (range === null ? 200 : 206)) {
      if (answer.status === 200) answer.stream.destroy();
      throw await failureOf('GET', answer);
    }
    const length = answer.header('content-length');
    return {
      stream: guardedBody(answer, eitherSignal(options.signal, this.options.signal)),
      bytes: length === undefined ? null : BigInt(length),
    };
  }

  async write(
    path: string,
    open: OpenBytes,
    bytes: bigint,
    options: OverwriteOptions = {},
  ): Promise<void> {
    const target = serverFilePath(this.endpoint, path);
    const put = () =>
      this.#ask('PUT', target, options.overwrite === true ? 'modify' : 'create', options, {
        upload: { open, bytes },
      }).catch(async (error: unknown) => {
        throw await this.#explained(error, path, options);
      });
    if (this.host.wantsDirectories) await this.makeDirectories(parentOf(path), options);
    let answer = await put();
    if ((answer.status === 404 || answer.status === 409) && !this.host.wantsDirectories) {
      await discard(answer);
      await this.makeDirectories(parentOf(path), options);
      answer = await put();
      this.host.wantsDirectories = isSuccess(answer);
    }
    if (!isSuccess(answer)) throw await failureOf('PUT', answer);
    await discard(answer);
  }

  async rename(path: string, target: string, options: OverwriteOptions = {}): Promise<void> {
    const from = serverFilePath(this.endpoint, path);
    const to = serverFilePath(this.endpoint, target);
    const overwrite = options.overwrite === true;
    const move = () =>
      this.#ask('MOVE', from, overwrite ? 'modify' : 'create', options, {
        target: to,
        headers: {
          Destination: urlOfServerPath(this.endpoint, to).href,
          Overwrite: overwrite ? 'T' : 'F',
        },
      });
    if (this.host.wantsDirectories) await this.makeDirectories(parentOf(target), options);
    if (!overwrite) await this.#refuseExisting(target, options);
    let answer = await move();
    if (answer.status === 409 && !this.host.wantsDirectories) {
      await discard(answer);
      await this.makeDirectories(parentOf(target), options);
      answer = await move();
    }
    if (!isSuccess(answer)) throw await failureOf('MOVE', answer);
    await discard(answer);
  }

  async remove(path: string, options: CallOptions = {}): Promise<boolean> {
    const target = serverFilePath(this.endpoint, path);
    const answer = await this.#ask('DELETE', target, 'delete', options);
    const missing = answer.status === 404 || answer.status === 410;
    if (!missing && !isSuccess(answer)) throw await failureOf('DELETE', answer);
    await discard(answer);
    return !missing;
  }

  async list(directory: string, options: CallOptions = {}): Promise<StorageEntry[]> {
    const own = pathSegments(directory).join('/');
    const entries = await this.#propfind(directory, '1', options);
    if (entries === null) {
      throw new StorageError(StorageCause.MISSING, `no directory ${own} at ${this.endpoint.rse}`);
    }
    return entries.filter((entry) => entry.path !== own);
  }

  async makeDirectories(directory: string, options: CallOptions = {}): Promise<void> {
    const path = serverPath(this.endpoint, directory);
    await this.#makeDirectory(path, options);
  }

  async thirdPartyCopy(
    path: string,
    { way, url, token }: FarEnd,
    options: ThirdPartyOptions = {},
  ): Promise<void> {
    const near = serverFilePath(this.endpoint, path);
    const overwrite = options.overwrite === true;
    const writes = overwrite ? 'modify' : 'create';
    const answer = await this.#ask('COPY', near, way === 'pull' ? writes : 'read', options, {
      headers: {
        [way === 'pull' ? 'Source' : 'Destination']: url,
        // Without it some servers wait for a delegated certificate.
        Credential: 'none',
        Overwrite: overwrite ? 'T' : 'F',
        ...(token !== undefined && { TransferHeaderAuthorization: `Bearer ${token}` }),
      },
    });
    const signal = eitherSignal(options.signal, this.options.signal);
    await followCopy(answer, { ...options, ...(signal && { signal }) });
  }

  async #ask(
    method: string,
    path: string,
    operation: StorageOperation,
    options: CallOptions,
    extra: Partial<StorageRequest> & { target?: string } = {},
  ): Promise<StorageAnswer> {
    const { target, ...request } = extra;
    const token = await this.#token(operation, path, target);
    const url = urlOfServerPath(this.endpoint, path);
    // Directories end with a slash, or some servers answer with a redirect; Apache refuses files that do.
    const directory = method === 'MKCOL' || request.headers?.['Depth'] === '1';
    if (directory) url.pathname = `${encodePath(path)}/`;
    return send(this.#line, {
      ...request,
      method,
      url,
      token,
      signal: eitherSignal(options.signal, this.options.signal),
    });
  }

  /**
   * A HEAD that wants a digest. XRootD 5.5 that has to compute one mixes up what else comes on the
   * same connection, and dies of it (of one file in some hundred); on a connection of its own it loses
   * one answer in ten thousand, and knows the digest when it is asked again.
   */
  async #askForDigest(path: string, options: StatOptions): Promise<StorageAnswer> {
    const head = ({ signal }: CallOptions) =>
      this.#ask('HEAD', path, 'read', signal === undefined ? {} : { signal }, {
        headers: { 'Want-Digest': 'adler32,md5' },
        alone: this.host.server !== 'other',
      });
    if (this.host.server === 'other') return head(options);
    const baseMs = this.options.lostAnswerMs ?? LOST_ANSWER_MS;
    const rules = { baseMs, floorBytesPerSecond: DIGEST_BYTES_PER_SECOND };
    const soon = AbortSignal.timeout(timeoutMs(rules, options.bytes ?? 0n));
    const signal = options.signal === undefined ? soon : AbortSignal.any([options.signal, soon]);
    try {
      return await head({ signal });
    } catch (error) {
      if (!soon.aborted || options.signal?.aborted === true) throw error;
      return await head(options);
    }
  }

  /**
   * A connection that XRootD 5.5 ends in the middle of a PUT is all that it says of a full disk. It
   * then ends that of a small file too, as long as what it took of this one stands there.
   */
  async #explained(error: unknown, path: string, options: CallOptions): Promise<unknown> {
    if (this.host.server !== 'xrootd' || !wasCutOff(error)) return error;
    const trial = `${path}.trial`;
    const upload = { open: () => Readable.from([TRIAL]), bytes: BigInt(TRIAL.length) };
    try {
      const target = serverFilePath(this.endpoint, trial);
      await discard(await this.#ask('PUT', target, 'create', options, { upload }));
      return error;
    } catch (again) {
      if (!wasCutOff(again)) return error;
      const message = `${error.message}; so did a small file: XRootD says no more of a full disk`;
      return new StorageError(StorageCause.FULL, message, { cause: error });
    } finally {
      await this.remove(trial, options).catch(() => false);
    }
  }

  /** XRootD ignores `Overwrite: F`; looking first is not as good, but the best there is. */
  async #refuseExisting(path: string, options: CallOptions): Promise<void> {
    if (this.host.server !== 'xrootd' || (await this.stat(path, options)) === null) return;
    throw new StorageError(StorageCause.EXISTS, `${path} exists at ${this.endpoint.rse}`);
  }

  /** The Range header of a reading; with its end, because XRootD gives nothing for `bytes=7-`. */
  async #range(path: string, { from = 0n, signal }: ReadOptions): Promise<string | null> {
    if (from === 0n) return null;
    const entry = await this.stat(path, signal === undefined ? {} : { signal });
    const bytes = entry?.bytes ?? 0n;
    if (entry !== null && from < bytes) return `bytes=${from}-${bytes - 1n}`;
    throw entry === null
      ? new StorageError(StorageCause.MISSING, `no ${path} at ${this.endpoint.rse}`)
      : new StorageError(StorageCause.SIZE, `${path} has ${bytes} bytes: none from ${from} on`);
  }

  async #token(
    operation: StorageOperation,
    path: string,
    target: string | undefined,
  ): Promise<string | undefined> {
    const fixed = this.endpoint.extendedAttributes['token'];
    try {
      const given = await this.options.authorize?.(operation, path, target);
      return given ?? (typeof fixed === 'string' ? fixed : undefined);
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      throw new StorageError(StorageCause.AUTH, `no token to ${operation} ${path}: ${said}`, {
        cause: error,
      });
    }
  }

  async #statByListing(path: string, options: CallOptions): Promise<StorageEntry | null> {
    const own = pathSegments(path).join('/');
    const entries = await this.#propfind(path, '0', options);
    return entries?.find((entry) => entry.path === own) ?? null;
  }

  async #propfind(
    directory: string,
    depth: '0' | '1',
    options: CallOptions,
  ): Promise<StorageEntry[] | null> {
    const path = serverPath(this.endpoint, directory);
    const answer = await this.#ask('PROPFIND', path, 'read', options, {
      text: PROPFIND_BODY,
      headers: { Depth: depth },
    });
    if (answer.status === 404) {
      await discard(answer);
      return null;
    }
    if (answer.status !== 207) throw await failureOf('PROPFIND', answer);
    const entries = parseMultistatus(await text(answer, LISTING_MAX));
    return entries.flatMap((entry) => this.#entryOf(entry));
  }

  #entryOf(entry: DavEntry): StorageEntry[] {
    const path = pathBelowPrefix(this.endpoint, entry.path);
    if (path === null) return [];
    const { directory, modifiedAt } = entry;
    const bytes = directory ? 0n : (entry.bytes ?? 0n);
    return [{ path, directory, bytes, adler32: null, md5: null, modifiedAt }];
  }

  async #makeDirectory(path: string, options: CallOptions): Promise<void> {
    const make = () => this.#ask('MKCOL', path, 'create', options);
    let answer = await make();
    const above = path.slice(0, path.lastIndexOf('/'));
    if ((answer.status === 409 || answer.status === 404) && above !== '') {
      await discard(answer);
      await this.#makeDirectory(above, options);
      answer = await make();
    }
    // 405: it stands there already (RFC 4918, section 9.3.1).
    if (!isSuccess(answer) && answer.status !== 405) throw await failureOf('MKCOL', answer);
    await discard(answer);
  }
}

function isSuccess(answer: StorageAnswer): boolean {
  return answer.status >= 200 && answer.status < 300 && answer.status !== 207;
}

/** Whether the storage ended the connection of our own request (the source's failures begin with GET). */
function wasCutOff(error: unknown): error is StorageError {
  if (!(error instanceof StorageError) || error.code !== StorageCause.CONNECTION) return false;
  const { code } = (error.cause ?? {}) as { code?: unknown };
  return error.message.startsWith('PUT ') && (code === 'ECONNRESET' || code === 'EPIPE');
}

function dateOf(header: string | undefined): Date | null {
  const date = new Date(header ?? '');
  return Number.isNaN(date.getTime()) ? null : date;
}

function eitherSignal(
  a: AbortSignal | undefined,
  b: AbortSignal | undefined,
): AbortSignal | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return AbortSignal.any([a, b]);
}
