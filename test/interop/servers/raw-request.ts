import { Agent, request } from 'node:https';
import { request as plainRequest } from 'node:http';
import { type StorageServer } from '../site/storage-server.js';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/**
 * One request as it is written here, header names and all, on a connection of its own: what the
 * server does, without our driver in between. `plain`: over http on the same port.
 */
export function rawRequest(
  server: StorageServer,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body?: string,
  { plain = false } = {},
): Promise<RawAnswer> {
  const url = `${plain ? server.url.replace(/^https/, 'http') : server.url}${path}`;
  return new Promise((resolve, reject) => {
    const asked = plain
      ? plainRequest(url, { method, headers, agent: false })
      : request(url, { method, headers, agent: new Agent({ ca: server.caPem ?? '' }) });
    asked.setTimeout(30_000, () => asked.destroy(new Error(`${method} ${url}: no answer`)));
    asked.once('error', reject);
    asked.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.once('error', reject);
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
    });
    asked.end(body);
  });
}
