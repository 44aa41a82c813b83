/*
 * A storage that answers and moves nothing: https on two ports, a source that has every file and a
 * destination that has what was copied to it. What remains of a copy is what Sluice does for it. Runs
 * in a process of its own, so that nobody counts its CPU: see start-answering.ts.
 */
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo } from 'node:net';
import { type AnsweringOrder } from './start-answering.js';

/** Size and checksum of every file here: those that the catalogue of the bench has. */
const FILE = { 'Content-Length': '1000', Digest: 'adler32=00000001' };

const VERDICT = 'success: Created\n';

type Answer = readonly [status: number, headers?: Readonly<Record<string, string>>, body?: string];

/** What one server answers; `files` are those that stand there, undefined: all. */
function answer({ method, url = '/', headers }: IncomingMessage, files?: Set<string>): Answer {
  switch (method ?? '') {
    case 'HEAD':
      return files?.has(url) === false ? [404] : [200, FILE];
    case 'COPY':
      files?.add(url);
      return [201, { 'Content-Type': 'text/perf-marker-stream' }, VERDICT];
    case 'MOVE':
      files?.delete(url);
      files?.add(new URL(String(headers['destination'])).pathname);
      return [201];
    case 'MKCOL':
      return [405];
    case 'DELETE':
      return files?.delete(url) === true ? [204] : [404];
    default:
      return [501];
  }
}

function serve(order: AnsweringOrder, files?: Set<string>): Promise<number> {
  const server = createServer(
    { cert: order.certificate, key: order.key, keepAliveTimeout: 60_000 },
    (request: IncomingMessage, response: ServerResponse) => {
      const [status, headers = {}, body = ''] = answer(request, files);
      request.resume();
      response.writeHead(status, { 'Content-Length': String(body.length), ...headers });
      response.end(request.method === 'HEAD' ? undefined : body);
    },
  );
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

process.once('message', (order: AnsweringOrder) => {
  void Promise.all([serve(order), serve(order, new Set())]).then((ports) => process.send?.(ports));
});
process.once('disconnect', () => process.exit());
