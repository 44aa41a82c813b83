import { once } from 'node:events';
import { createServer } from 'node:https';
import { type AddressInfo } from 'node:net';
import { type Authority } from '../../../src/demo/certificates.js';

/** A door that sends everybody on to the server that has the bytes, as dCache's and EOS's do. */
export interface Front {
  readonly port: number;
  /** How many requests it sent on. */
  readonly asked: number;
  close(): Promise<void>;
}

/** Starts a door at https://localhost:PORT that answers 307 to the same path at `origin`. */
export async function startFront(authority: Authority, origin: string): Promise<Front> {
  const { certificate, key } = await authority.issue('localhost', '127.0.0.1');
  let asked = 0;
  const server = createServer({ cert: certificate, key }, (request, response) => {
    asked += 1;
    response.writeHead(307, { Location: `${origin}${request.url}`, 'Content-Length': '0' }).end();
  });
  // Asked whether a body may come, it says where to instead.
  server.on('checkContinue', (request, response) => server.emit('request', request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get asked() {
      return asked;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
