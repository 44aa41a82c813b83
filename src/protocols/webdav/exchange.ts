import {
  request as httpRequest,
  type Agent,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import { StorageCause } from '../../vocabulary/index.js';
import { abortedError, StorageError } from '../storage-error.js';
import { type UploadBody } from './upload-body.js';

/** What goes over the wire, once. */
export interface Outgoing {
  readonly method: string;
  readonly url: URL;
  readonly headers: Record<string, string>;
  readonly text?: string;
  /** Reads a header of the answer that ends with a bare line feed. */
  readonly lenient?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** An answer whose body is still to be read, and the request that it answers. */
export interface Exchange {
  readonly request: ClientRequest;
  readonly response: IncomingMessage;
}

/** A connection without traffic is tested after so long: a digest takes its time. */
const PROBE_MS = 60_000;

/**
 * One request and its answer by Node's own client: several go out for every copy, and a layer upon it
 * cost a sixth of what a copy costs. Follows no redirect, knows no proxy, decodes nothing. `signal`
 * ends it until the answer has been read. Throws what the connection throws, and StorageError.
 */
export function exchange(
  { headers, lenient, method, signal, text, url }: Outgoing,
  agent: Agent,
  connectTimeoutMs: number,
  body: UploadBody | undefined,
): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    const start = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const options: RequestOptions = { method, headers, agent };
    if (lenient === true) options.insecureHTTPParser = true;
    const request = start(url, options);
    limitConnecting(request, connectTimeoutMs);
    const forget = endWith(request, signal, `${method} ${url.origin}${url.pathname}`);
    request.on('error', (error) => {
      forget();
      reject(Object.assign(error, { reusedSocket: request.reusedSocket }));
    });
    request.once('response', (response) => {
      response.once('close', forget);
      resolve({ request, response });
    });
    if (body === undefined) request.end(text);
    else upload(request, body);
  });
}

/** Whether a kept connection had been closed by the server when this request was given it. */
export function wasStale(cause: unknown): boolean {
  const { code, reusedSocket } = (cause ?? {}) as { code?: unknown; reusedSocket?: unknown };
  return reusedSocket === true && (code === 'ECONNRESET' || code === 'EPIPE');
}

/** Ends a request and its answer with a signal; gives how to let go of the signal. */
function endWith(
  request: ClientRequest,
  signal: AbortSignal | undefined,
  what: string,
): () => void {
  if (signal === undefined) return () => undefined;
  let answer: IncomingMessage | undefined;
  request.once('response', (response) => (answer = response));
  const end = () => (answer ?? request).destroy(abortedError(signal, what));
  signal.addEventListener('abort', end, { once: true });
  return () => signal.removeEventListener('abort', end);
}

/** A body that breaks off breaks the request off: it would hang at the server. */
function upload(request: ClientRequest, body: UploadBody): void {
  const { stream } = body;
  stream.once('error', (error) => request.destroy(error));
  stream.pipe(request);
  body.attach(request);
}

function limitConnecting(request: ClientRequest, timeoutMs: number): void {
  request.once('socket', (socket) => {
    if (!socket.connecting) return;
    socket.setKeepAlive(true, PROBE_MS);
    const tooLong = () =>
      request.destroy(
        new StorageError(StorageCause.CONNECTION, `no connection within ${timeoutMs} ms`),
      );
    const timer = setTimeout(tooLong, timeoutMs);
    socket.once('connect', () => clearTimeout(timer));
    socket.once('close', () => clearTimeout(timer));
  });
}
