import { type Transform } from 'node:stream';
import { cutter, damage, shortener, staller } from './damage.js';
import { answer, type Exchange } from './exchange.js';
import { pull, push } from './third-party-copy.js';

/** PUT: 201. Makes directories; nobody sees the file before it is complete. */
export async function put(exchange: Exchange): Promise<void> {
  const { files, path, request, stats, asDirectory } = exchange;
  if (asDirectory || stats?.isDirectory() === true) return answer(exchange, 409, 'a directory\n');
  const { socket } = request;
  exchange.wantBody();
  try {
    await files.write(path, request, changes(exchange));
  } catch (error) {
    // The rest of the body is still on its way: nothing else can follow on this connection.
    exchange.response.once('finish', () => socket.destroySoon());
    if (exchange.fault?.kind === 'cut') return void socket.destroy();
    return answer(exchange, isFull(error) ? 507 : 500, 'the file could not be written\n');
  }
  answer(exchange, 201, 'created\n');
}

/** MKCOL: 201, or 405 if something stands there. */
export async function mkcol(exchange: Exchange): Promise<void> {
  if (exchange.stats !== null) return answer(exchange, 405, 'exists\n');
  await exchange.files.makeDirectory(exchange.path);
  answer(exchange, 201, 'created\n');
}

/** MOVE: 201. Replaces what stands at the target, unless `Overwrite: F` was said. */
export async function move(exchange: Exchange): Promise<void> {
  const { files, path, request, stats, target } = exchange;
  if (target === null) return answer(exchange, 400, 'Destination is no URL of this storage\n');
  if (stats === null) return answer(exchange, 404, 'not found\n');
  if (target.stats?.isDirectory() === true) return answer(exchange, 409, 'a directory\n');
  if (target.stats !== null && forbidsOverwriting(request.headers['overwrite'])) {
    return answer(exchange, 412, 'the target exists\n');
  }
  await files.move(path, target.path);
  answer(exchange, 201, 'moved\n');
}

/** DELETE: 204; a directory only when it is empty. */
export async function remove(exchange: Exchange): Promise<void> {
  const { files, path, stats } = exchange;
  if (stats === null) return answer(exchange, 404, 'not found\n');
  const directory = stats.isDirectory();
  if (directory && (path === '/' || (await files.children(path)).length > 0)) {
    return answer(exchange, 409, 'a directory that is not empty\n');
  }
  await files.remove(path, directory);
  answer(exchange, 204);
}

/** COPY: this storage pulls a file from a `Source`, or pushes its own to a `Destination`. */
export async function copy(exchange: Exchange): Promise<void> {
  const { ca, files, markerMs, path, request, response, stats } = exchange;
  const asked = { files, path, asked: request, answer: response, ca, markerMs };
  if (request.headers['source'] !== undefined) {
    if (stats !== null && forbidsOverwriting(request.headers['overwrite'])) {
      return answer(exchange, 412, 'the target exists\n');
    }
    return await pull(asked);
  }
  if (request.headers['destination'] === undefined) {
    return answer(exchange, 400, 'No Source or Destination specified\n');
  }
  if (stats === null) return answer(exchange, 404, 'not found\n');
  await push(asked, stats.size);
}

function isFull(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOSPC';
}

function changes({ fault, request }: Exchange): Transform[] {
  const half = Math.floor(Number(request.headers['content-length'] ?? 0) / 2);
  if (fault?.kind === 'truncate') return [shortener(half)];
  if (fault?.kind === 'slow') return [staller(half)];
  if (fault?.kind === 'corrupt') return [damage()];
  return fault?.kind === 'cut' ? [cutter(half)] : [];
}

function forbidsOverwriting(header: string | string[] | undefined): boolean {
  return String(header ?? 'T').toUpperCase() === 'F';
}
