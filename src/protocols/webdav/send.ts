import { type IncomingMessage } from 'node:http';
import { StorageCause } from '../../vocabulary/index.js';
import { type OpenBytes } from '../protocol.js';
import { StorageError, abortedError, storageErrorOf } from '../storage-error.js';
import { refusePrivateLiteral } from './addresses.js';
import { type Host } from './connections.js';
import { exchange, type Exchange, wasStale } from './exchange.js';
import { type RedirectRules, redirectTarget } from './redirects.js';
import { UploadBody } from './upload-body.js';

/** One request to a storage; header names are sent in the case they are written in. */
export interface StorageRequest {
  method: string;
  url: URL;
  headers?: Record<string, string>;
  token?: string | undefined;
  text?: string;
  upload?: { open: OpenBytes; bytes: bigint };
  /** Reads a header of the answer that ends with a bare line feed. */
  lenient?: boolean;
  /** On a connection of its own, which ends with the answer. */
  alone?: boolean;
  signal?: AbortSignal | undefined;
}

/** An answer whose body is still to be read: by `text`, by `discard`, or as the stream itself. */
export interface StorageAnswer {
  status: number;
  header(name: string): string | undefined;
  stream: IncomingMessage;
  url: URL;
}

export interface Line {
  host: Host;
  redirects: RedirectRules;
  connectTimeoutMs: number;
}

const REDIRECTS_MAX = 3;

/**
 * Sends a request and follows at most three redirects, each only where the rules allow it. The
 * token goes to the origin that was asked first and to no other. Throws StorageError.
 */
export async function send(line: Line, request: StorageRequest): Promise<StorageAnswer> {
  let url = request.url;
  for (let hop = 0; ; hop += 1) {
    const own = url.origin === request.url.origin;
    const answer = await sendAgain(line, { ...request, url }, own);
    const next = redirectTarget(answer, request, line.redirects);
    if (next === null) return answer;
    await discard(answer);
    if (hop === REDIRECTS_MAX) {
      throw new StorageError(
        StorageCause.REDIRECT_REFUSED,
        `${describe(request)}: more than ${REDIRECTS_MAX} redirects`,
        { status: answer.status },
      );
    }
    url = next;
  }
}

/** What a request is called in messages; the query is left out, it may carry a token. */
export function describe(request: { method: string; url: URL }): string {
  return `${request.method} ${request.url.origin}${request.url.pathname}`;
}

/** Reads at most `limit` characters of an answer's text and lets the rest go. */
export async function text(answer: StorageAnswer, limit: number): Promise<string> {
  let read = '';
  answer.stream.setEncoding('utf8');
  try {
    for await (const chunk of answer.stream as AsyncIterable<string>) {
      read += chunk;
      if (read.length > limit) break;
    }
  } catch (error) {
    throw storageErrorOf(error, `the answer of ${answer.url.host}`);
  }
  return read.slice(0, limit);
}

/** Whether it says that what was asked for is done. A multistatus says nothing by itself. */
export function isSuccess({ status }: StorageAnswer): boolean {
  return status >= 200 && status < 300 && status !== 207;
}

/** Reads an answer to its end, so that its connection can be used again; a long one is cut. */
export async function discard(answer: StorageAnswer): Promise<void> {
  await text(answer, 64 * 1024).catch(() => undefined);
}

/**
 * Sends a request, and once more if the connection it was given had been closed by the server in
 * the meantime: with kept-alive connections that is a matter of chance, not a failure.
 */
async function sendAgain(
  line: Line,
  request: StorageRequest,
  own: boolean,
): Promise<StorageAnswer> {
  try {
    return await sendOnce(line, request, own);
  } catch (error) {
    if (!(error instanceof StorageError) || !wasStale(error.cause)) throw error;
    return await sendOnce(line, request, own);
  }
}

async function sendOnce(line: Line, request: StorageRequest, own: boolean): Promise<StorageAnswer> {
  const { signal } = request;
  if (signal?.aborted) throw abortedError(signal, describe(request));
  if (!line.host.allowPrivate) refusePrivateLiteral(request.url);
  const { host } = line;
  const body =
    request.upload &&
    new UploadBody(
      request.upload.open,
      request.upload.bytes,
      host.servers.get(request.url.origin) === 'other',
    );
  try {
    const sent = { ...request, headers: headersOf(request, own ? request.token : undefined, body) };
    const done = await exchange(sent, agentOf(host, request), line.connectTimeoutMs, body);
    const { response } = done;
    if (body !== undefined) closeAfter(done, body);
    remember(host, request.url.origin, headerText(response, 'server') ?? '');
    return {
      status: response.statusCode ?? 0,
      header: (name) => headerText(response, name),
      stream: response,
      url: request.url,
    };
  } catch (error) {
    body?.close();
    throw storageErrorOf(body?.sourceFailure ?? error, describe(request), signal);
  }
}

/** What is said of itself by who answered; the server of a host is the one that has the files. */
function remember(host: Host, origin: string, name: string): void {
  const server = /^xrootd/i.test(name) ? 'xrootd' : 'other';
  host.servers.set(origin, server);
  if (host.server !== 'xrootd') host.server = server;
}

/**
 * An answer may come before the whole body was sent: a refusal. The body is let go once the answer
 * was read (not before: that would break the answer off), and with it the connection, on which the
 * rest of the body is still owed.
 */
function closeAfter({ request, response }: Exchange, body: UploadBody): void {
  response.once('close', () => {
    if (body.stream.readableEnded) return;
    body.close();
    request.destroy();
  });
}

function agentOf(host: Host, { alone, url }: StorageRequest) {
  const { http, https } = alone === true ? host.once : host;
  return url.protocol === 'https:' ? https : http;
}

function headersOf(
  request: StorageRequest,
  token: string | undefined,
  body: UploadBody | undefined,
): Record<string, string> {
  return {
    Accept: '*/*',
    'Accept-Encoding': 'identity',
    'User-Agent': 'sluice',
    ...(request.upload && {
      'Content-Length': String(request.upload.bytes),
      'Content-Type': 'application/octet-stream',
    }),
    ...(request.text !== undefined && { 'Content-Type': 'application/xml; charset=utf-8' }),
    ...(body?.asksFirst === true && { Expect: '100-continue' }),
    ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    ...request.headers,
  };
}

function headerText(response: IncomingMessage, name: string): string | undefined {
  const value = response.headers[name.toLowerCase()];
  return Array.isArray(value) ? value.join(',') : value;
}
