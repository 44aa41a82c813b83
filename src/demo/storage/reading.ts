import { type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { answer, type Exchange } from './exchange.js';
import { cutter, damage, staller } from './damage.js';
import { multistatus } from './multistatus.js';

/** HEAD: 200 with size and, if it was wanted, digest. Any directory may be asked for. */
export async function head(exchange: Exchange): Promise<void> {
  const { stats, asDirectory, response } = exchange;
  if (stats?.isFile() === true) {
    response.writeHead(200, await fileHeaders(exchange, told(exchange, stats.size)));
  } else {
    // PUT makes directories, so every one is as good as there.
    response.writeHead(stats !== null || asDirectory ? 200 : 404);
  }
  response.end();
}

/** GET: 200, or 206 for one range. */
export async function get(exchange: Exchange): Promise<void> {
  const { files, fault, path, request, response, stats } = exchange;
  if (stats === null) return answer(exchange, 404, 'not found\n');
  if (!stats.isFile()) return answer(exchange, 403, 'a directory\n');
  const range = rangeOf(request.headers.range, stats.size);
  if (range === 'unsatisfiable') {
    return answer(exchange, 416, '', { 'Content-Range': `bytes */${stats.size}` });
  }
  const [start, last] = range ?? [0, stats.size - 1];
  const length = last - start + 1;
  response.writeHead(range === null ? 200 : 206, {
    ...(await fileHeaders(exchange, told(exchange, length))),
    ...(range !== null && { 'Content-Range': `bytes ${start}-${last}/${stats.size}` }),
  });
  if (length === 0) return void response.end();
  const half = Math.floor(length / 2);
  const end = fault?.kind === 'truncate' ? start + half - 1 : last;
  const change: Transform[] = [];
  if (fault?.kind === 'corrupt') change.push(damage());
  if (fault?.kind === 'slow') change.push(staller(half));
  if (fault?.kind === 'cut') change.push(cutter(half));
  await pipeline([files.open(path, start, end), ...change, response]).catch(() => {
    request.socket.destroy();
  });
  // More was told than was sent: only the end of the connection ends this answer.
  if (fault?.kind === 'size') request.socket.destroy();
}

/** PROPFIND: 207 for what stands there and, with Depth 1, what stands in it. */
export async function propfind(exchange: Exchange): Promise<void> {
  const { files, path, request, stats } = exchange;
  request.resume();
  if (stats === null) return answer(exchange, 404, 'not found\n');
  const entries = [{ path, stats: falseSize(exchange, stats) }];
  if (stats.isDirectory() && request.headers['depth'] !== '0') {
    for (const name of await files.children(path)) {
      const below = `${path === '/' ? '' : path}/${name}`;
      const found = await files.stat(below);
      if (found !== null) entries.push({ path: below, stats: falseSize(exchange, found) });
    }
  }
  answer(exchange, 207, multistatus(entries), { 'Content-Type': 'application/xml; charset=utf-8' });
}

async function fileHeaders(exchange: Exchange, length: number): Promise<Record<string, string>> {
  const { fault, files, path, request, stats } = exchange;
  const wanted = /\badler32\b/i.test(String(request.headers['want-digest'] ?? ''));
  const digest = wanted ? await files.adler32(path) : '';
  const lie = fault?.kind === 'checksum';
  return {
    'Content-Length': String(length),
    'Content-Type': 'application/octet-stream',
    'Accept-Ranges': 'bytes',
    'Last-Modified': (stats?.mtime ?? new Date()).toUTCString(),
    ...(wanted && { Digest: `adler32=${lie ? wrong(digest) : digest}` }),
  };
}

/** The size that is told for so many bytes. */
function told({ fault }: Exchange, length: number): number {
  if (fault?.kind === 'truncate') return Math.floor(length / 2);
  return fault?.kind === 'size' ? length + 1 : length;
}

function falseSize(exchange: Exchange, stats: NonNullable<Exchange['stats']>) {
  if (stats.isFile()) stats.size = told(exchange, stats.size);
  return stats;
}

function wrong(digest: string): string {
  return `${digest.startsWith('0') ? '1' : '0'}${digest.slice(1)}`;
}

/** One byte range, null for none, from a Range header (RFC 9110, section 14). */
function rangeOf(
  header: string | undefined,
  size: number,
): [number, number] | 'unsatisfiable' | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  if (match === null || match[0] === 'bytes=-') return null;
  const [, first, last] = match;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  return start > end ? 'unsatisfiable' : [start, end];
}
