import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo } from 'node:net';
import { isAllowed, tokenOf, type TokenOperation, type VerifyToken } from './access.js';
import { answer, type Exchange } from './exchange.js';
import { Faults } from './faults.js';
import { Files } from './files.js';
import { get, head, propfind } from './reading.js';
import { copy, mkcol, move, put, remove } from './writing.js';

export interface StorageOptions {
  /** The directory that holds the files; URL paths are paths below it. */
  root: string;
  /** Trusted when this storage pulls from another one (PEM). */
  ca: string;
  certificate: string;
  key: string;
  /** Checks the token of every request; without it everybody may do everything. */
  verify?: VerifyToken;
  /** Default: any free one. */
  port?: number;
  /** Told of every request before it is answered. */
  onRequest?: (request: IncomingMessage) => void;
  /** Time between the performance markers of a third-party copy; default 5,000. */
  markerMs?: number;
}

/** A running storage. */
export interface DemoStorage {
  /** Its origin: `https://127.0.0.1:port`. */
  readonly url: string;
  readonly port: number;
  readonly root: string;
  readonly faults: Faults;
  /** The paths of all complete files, relative to the root, sorted. */
  list(): Promise<string[]>;
  close(): Promise<void>;
}

const methods: Readonly<Record<string, (exchange: Exchange) => Promise<void>>> = {
  HEAD: head,
  GET: get,
  PUT: put,
  MKCOL: mkcol,
  MOVE: move,
  DELETE: remove,
  PROPFIND: propfind,
  COPY: copy,
};

/**
 * Starts a small WebDAV storage on https at 127.0.0.1: what the official client and a conveyor
 * need, with adler32 digests, tokens and third-party copy, and with faults to switch on.
 */
export async function startStorage(options: StorageOptions): Promise<DemoStorage> {
  const faults = new Faults();
  const files = new Files(options.root);
  const serve = (request: IncomingMessage, response: ServerResponse, wantBody: () => void) => {
    options.onRequest?.(request);
    // A connection that the other side broke is the other side's affair.
    response.on('error', () => undefined);
    respond({ options, faults, files }, request, response, wantBody).catch((error: unknown) => {
      if (response.headersSent) return void request.socket.destroy();
      answer({ response }, 500, `${error instanceof Error ? error.message : String(error)}\n`);
    });
  };
  const server = createServer({ cert: options.certificate, key: options.key, requestTimeout: 0 });
  server.on('request', (request, response) => serve(request, response, () => undefined));
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) =>
    serve(request, response, () => response.writeContinue()),
  );
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}`,
    port,
    root: options.root,
    faults,
    list: () => files.list(),
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Parts {
  options: StorageOptions;
  faults: Faults;
  files: Files;
}

async function respond(
  { options, faults, files }: Parts,
  request: IncomingMessage,
  response: ServerResponse,
  wantBody: () => void,
): Promise<void> {
  const url = urlOf(request);
  const path = url && files.pathOf(url.pathname);
  if (url === null || path === null) return answer({ response }, 400, 'refused path\n');
  const fault = faults.meet(request.method ?? '', path);
  if (fault?.kind === 'hang') return;
  if (fault?.kind === 'refuse') return answer({ response }, 403, 'refused\n');
  if (fault?.kind === 'full') return answer({ response }, 507, 'no space left\n');
  if (fault?.kind === 'unsupported') return answer({ response }, 405, 'no such method here\n');
  if (fault?.kind === 'error') return answer({ response }, 500, 'internal error\n');
  if (fault?.kind === 'redirect') {
    const origin = fault.location ?? 'https://pool.example.org';
    return answer({ response }, 307, '', { Location: `${origin}${url.pathname}` });
  }
  const method = methods[request.method ?? ''];
  if (method === undefined) {
    return answer({ response }, 405, '', { Allow: Object.keys(methods).join(', ') });
  }
  const exchange: Exchange = {
    files,
    request,
    response,
    path,
    asDirectory: url.pathname.endsWith('/'),
    stats: await files.stat(path),
    target: await targetOf(files, request),
    fault,
    wantBody,
    ca: options.ca,
    markerMs: options.markerMs ?? 5000,
  };
  if (!(await isAllowed(options.verify, tokenOf(request, url), wishesOf(exchange)))) {
    return answer(exchange, 403, 'no token that allows this\n');
  }
  await method(exchange);
}

/** What a request has to be allowed to do. To look at a directory needs no token: it tells nothing. */
function wishesOf(exchange: Exchange): [TokenOperation, string][] {
  const { asDirectory, path, request, stats, target } = exchange;
  const creates = (at: string, replaces: boolean): [TokenOperation, string][] => [
    ['storage.create', at],
    ...(replaces ? [['storage.modify', at] as [TokenOperation, string]] : []),
  ];
  switch (request.method ?? '') {
    case 'HEAD':
      return asDirectory || stats?.isDirectory() === true ? [] : [['storage.read', path]];
    case 'COPY':
      if (request.headers['source'] === undefined) return [['storage.read', path]];
      return creates(path, stats !== null);
    case 'PUT':
      return creates(path, stats !== null);
    case 'MKCOL':
      return creates(path, false);
    case 'MOVE':
      return [
        ...creates(path, false),
        ...(target === null ? [] : creates(target.path, target.stats !== null)),
      ];
    case 'DELETE':
      return [['storage.modify', path]];
    default:
      return [['storage.read', path]];
  }
}

function urlOf(request: IncomingMessage): URL | null {
  const origin = `https://${request.headers.host ?? '127.0.0.1'}`;
  const raw = request.url ?? '/';
  // URL resolves `..` by itself, which would hide it from the check of the path.
  if (!raw.startsWith('/') || /(^|\/)(\.|%2e){1,2}(\/|\?|$)/i.test(raw.split('?')[0] ?? '')) {
    return null;
  }
  return URL.canParse(origin + raw) ? new URL(origin + raw) : null;
}

async function targetOf(files: Files, request: IncomingMessage): Promise<Exchange['target']> {
  const text = request.headers['destination'];
  if (typeof text !== 'string' || !URL.canParse(text)) return null;
  const url = new URL(text);
  const path = url.host === request.headers.host ? files.pathOf(url.pathname) : null;
  return path === null || path === '/' ? null : { path, stats: await files.stat(path) };
}
