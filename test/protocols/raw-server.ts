import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type ProtocolEndpoint } from '../../src/protocols/index.js';

/** One request as it came over the wire. */
export interface Seen {
  method: string;
  url: string;
  /** Names in the case they were sent in. */
  headers: Record<string, string>;
  body: string;
}

export type Reply = (seen: Seen, response: ServerResponse, index: number) => void | Promise<void>;

export interface RawServer {
  endpoint: ProtocolEndpoint;
  url: string;
  seen: Seen[];
  close(): Promise<void>;
}

/** A plain http server that answers as the test says and remembers what it was asked. */
export async function startRaw(reply: Reply): Promise<RawServer> {
  const seen: Seen[] = [];
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const one = {
      method: request.method ?? '',
      url: request.url ?? '',
      headers: pairs(request.rawHeaders),
      body: (await buffer(request)).toString(),
    };
    seen.push(one);
    await reply(one, response, seen.length - 1);
  };
  const server = createServer((request, response) => void serve(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    seen,
    url: `http://127.0.0.1:${port}`,
    endpoint: {
      rse: 'RAW',
      scheme: 'http',
      hostname: '127.0.0.1',
      port,
      prefix: '/data',
      impl: '',
      extendedAttributes: {},
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function pairs(raw: string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let i = 0; i + 1 < raw.length; i += 2) headers[raw[i] ?? ''] = raw[i + 1] ?? '';
  return headers;
}
