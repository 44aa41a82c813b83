import { StorageCause } from '../../vocabulary/index.js';
import { parentOf, pathSegments, serverFilePath, serverPath, urlOfServerPath } from '../paths.js';
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
  type ThirdPartyOptions,
} from '../protocol.js';
import { StorageError } from '../storage-error.js';
import { thirdPartyAbilities } from '../third-party-abilities.js';
import { Connections, type Host } from './connections.js';
import { parseDigest } from './digest-header.js';
import { makeDirectory, propfind } from './directories.js';
import { failureOf } from './failures.js';
import { guardedBody } from './guarded-body.js';
import { discard, isSuccess } from './send.js';
import { Session } from './session.js';
import { followCopy } from './third-party-copy.js';
import { askForDigest, whyCutOff } from './xrootd.js';

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
  readonly #session: Session;

  constructor(
    readonly endpoint: ProtocolEndpoint,
    options: DriverOptions,
    private readonly host: Host,
  ) {
    this.#session = new Session(endpoint, options, host);
    this.abilities = {
      checksums: ['adler32', 'md5'],
      rename: endpoint.extendedAttributes['rename'] !== false,
      ranges: true,
      list: true,
      thirdPartyCopy: thirdPartyAbilities(endpoint),
    };
  }

  async stat(path: string, options: StatOptions = {}): Promise<StorageEntry | null> {
    const asked = options.checksum === true;
    const target = serverFilePath(this.endpoint, path);
    const answer = asked
      ? await askForDigest(this.#session, target, options)
      : await this.#session.ask('HEAD', target, 'read', options);
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
    const answer = await this.#session.ask('GET', target, 'read', options, {
      // XRootD 5.5 puts `Content-Range: …\nDigest: …` there, if anybody has asked it for a digest.
      ...(range !== null && { headers: { Range: range }, lenient: this.host.server === 'xrootd' }),
    });
    if (answer.status !== (range === null ? 200 : 206)) {
      if (answer.status === 200) answer.stream.destroy();
      throw await failureOf('GET', answer);
    }
    const length = answer.header('content-length');
    return {
      stream: guardedBody(answer, this.#session.ending(options.signal)),
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
      this.#session
        .ask('PUT', target, options.overwrite === true ? 'modify' : 'create', options, {
          upload: { open, bytes },
        })
        .catch(async (error: unknown) => {
          throw await whyCutOff(this.#session, error, path, options);
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
      this.#session.ask('MOVE', from, overwrite ? 'modify' : 'create', options, {
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
    const answer = await this.#session.ask('DELETE', target, 'delete', options);
    const missing = answer.status === 404 || answer.status === 410;
    if (!missing && !isSuccess(answer)) throw await failureOf('DELETE', answer);
    await discard(answer);
    return !missing;
  }

  async list(directory: string, options: CallOptions = {}): Promise<StorageEntry[]> {
    const own = pathSegments(directory).join('/');
    const entries = await propfind(this.#session, directory, '1', options);
    if (entries === null) {
      throw new StorageError(StorageCause.MISSING, `no directory ${own} at ${this.endpoint.rse}`);
    }
    return entries.filter((entry) => entry.path !== own);
  }

  async makeDirectories(directory: string, options: CallOptions = {}): Promise<void> {
    await makeDirectory(this.#session, serverPath(this.endpoint, directory), options);
  }

  async thirdPartyCopy(
    path: string,
    { way, url, token }: FarEnd,
    options: ThirdPartyOptions = {},
  ): Promise<void> {
    const near = serverFilePath(this.endpoint, path);
    const overwrite = options.overwrite === true;
    const writes = overwrite ? 'modify' : 'create';
    const answer = await this.#session.ask(
      'COPY',
      near,
      way === 'pull' ? writes : 'read',
      options,
      {
        headers: {
          [way === 'pull' ? 'Source' : 'Destination']: url,
          // Without it some servers wait for a delegated certificate.
          Credential: 'none',
          Overwrite: overwrite ? 'T' : 'F',
          ...(token !== undefined && { TransferHeaderAuthorization: `Bearer ${token}` }),
        },
      },
    );
    const signal = this.#session.ending(options.signal);
    await followCopy(answer, { ...options, ...(signal && { signal }) });
  }

  /**
   * A HEAD that wants a digest. XRootD 5.5 that has to compute one mixes up what else comes on the
   * same connection, and dies of it (of one file in some hundred); on a connection of its own it loses
   * one answer in ten thousand, and knows the digest when it is asked again.
   */
  /**
   * A connection that XRootD 5.5 ends in the middle of a PUT is all that it says of a full disk. It
   * then ends that of a small file too, as long as what it took of this one stands there.
   */
  async #statByListing(path: string, options: CallOptions): Promise<StorageEntry | null> {
    const own = pathSegments(path).join('/');
    const entries = await propfind(this.#session, path, '0', options);
    return entries?.find((entry) => entry.path === own) ?? null;
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
}

function dateOf(header: string | undefined): Date | null {
  const date = new Date(header ?? '');
  return Number.isNaN(date.getTime()) ? null : date;
}
