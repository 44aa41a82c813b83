/*
 * Copies one file at a time between two https storages, in a process of its own so that its memory is
 * that of copying: by the product's stream tool, or by a pipe that looks at nothing.
 */
import { once } from 'node:events';
import { Agent, get, request } from 'node:https';
import { type IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { type ProtocolEndpoint, StorageRegistry } from '../../src/protocols/index.js';
import { streamCopy } from '../../src/transfertools/stream/stream-copy.js';

/** What is to be copied: `/data/file` of one port to `/data/PATH` of the other. */
export interface CopyOrder {
  readonly caPem: string;
  readonly source: number;
  readonly destination: number;
  readonly bytes: string;
  /** 8 hex digits. */
  readonly adler32: string;
  readonly path: string;
  /** By the product; else by a pipe. */
  readonly hashed: boolean;
}

export interface CopierReport {
  readonly error?: string;
}

const endpoint = (rse: string, port: number, ca: string): ProtocolEndpoint => ({
  ...{ rse, scheme: 'https', hostname: 'localhost', port, prefix: '/data/' },
  impl: 'rucio.rse.protocols.webdav.Default',
  extendedAttributes: { ca },
});

async function copyHashed(order: CopyOrder): Promise<void> {
  const registry = new StorageRegistry({ allowPrivate: true });
  const source = endpoint('SOURCE', order.source, order.caPem);
  const destination = endpoint('DESTINATION', order.destination, order.caPem);
  const movement = {
    job: {
      requestId: 1n,
      source: { endpoint: source, path: 'file' },
      destination: { endpoint: destination, path: order.path, temporaryPath: order.path },
      bytes: BigInt(order.bytes),
      ...{ adler32: order.adler32, md5: null, overwrite: true },
    },
    source: registry.driver(source),
    destination: registry.driver(destination),
    signal: new AbortController().signal,
    ...{ stallMs: 60_000, onBytes: () => undefined, onNote: () => undefined },
  };
  await streamCopy(movement, order.path);
  registry.close();
}

async function copyBare({ caPem, source, destination, bytes, path }: CopyOrder): Promise<void> {
  const agent = new Agent({ ca: caPem });
  const reading = get(`https://localhost:${source}/data/file`, { agent });
  const [file] = (await once(reading, 'response')) as [IncomingMessage];
  const writing = request(`https://localhost:${destination}/data/${path}`, {
    ...{ agent, method: 'PUT', headers: { 'Content-Length': bytes } },
  });
  const answered = once(writing, 'response') as Promise<[IncomingMessage]>;
  await pipeline(file, writing);
  const [answer] = await answered;
  answer.resume();
  if (answer.statusCode !== 201) throw new Error(`PUT: ${answer.statusCode}`);
  agent.destroy();
}

process.on('message', (order: CopyOrder) => {
  const copied = order.hashed ? copyHashed(order) : copyBare(order);
  copied.then(
    () => process.send?.({}),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.once('disconnect', () => process.exit());
