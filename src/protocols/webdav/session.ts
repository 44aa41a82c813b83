import { StorageCause } from '../../vocabulary/index.js';
import { encodePath, urlOfServerPath } from '../paths.js';
import {
  type CallOptions,
  type DriverOptions,
  type ProtocolEndpoint,
  type StorageOperation,
} from '../protocol.js';
import { StorageError } from '../storage-error.js';
import { type Host } from './connections.js';
import { redirectRulesOf } from './redirects.js';
import { type Line, send, type StorageAnswer, type StorageRequest } from './send.js';

const CONNECT_TIMEOUT_MS = 10_000;

/** The requests of one driver: each with its token, its URL, and what ends it. */
export class Session {
  readonly #line: Line;

  constructor(
    readonly endpoint: ProtocolEndpoint,
    readonly options: DriverOptions,
    readonly host: Host,
  ) {
    this.#line = {
      host,
      redirects: redirectRulesOf(endpoint),
      connectTimeoutMs: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    };
  }

  /**
   * Asks for a path of the server (prefix included, decoded); `target` is where a rename leads. Throws
   * StorageError where no answer comes; what its status means is the caller's to say.
   */
  async ask(
    method: string,
    path: string,
    operation: StorageOperation,
    { signal }: CallOptions,
    extra: Partial<StorageRequest> & { target?: string } = {},
  ): Promise<StorageAnswer> {
    const { target, ...request } = extra;
    const token = await this.#token(operation, path, target);
    const url = urlOfServerPath(this.endpoint, path);
    // Directories end with a slash, or some servers answer with a redirect; Apache refuses files that do.
    const directory = method === 'MKCOL' || request.headers?.['Depth'] === '1';
    if (directory) url.pathname = `${encodePath(path)}/`;
    return send(this.#line, { ...request, method, url, token, signal: this.ending(signal) });
  }

  /** What ends a call: its own signal, or that of the driver. */
  ending(signal: AbortSignal | undefined): AbortSignal | undefined {
    const whole = this.options.signal;
    if (signal === undefined || whole === undefined) return signal ?? whole;
    return AbortSignal.any([signal, whole]);
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
}
