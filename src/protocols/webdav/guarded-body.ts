import { PassThrough, type Readable } from 'node:stream';
import { storageErrorOf } from '../storage-error.js';
import { type StorageAnswer } from './send.js';

/** The body of an answer as a stream that fails with StorageError and lets the connection go. */
export function guardedBody(answer: StorageAnswer, signal: AbortSignal | undefined): Readable {
  const what = `GET ${answer.url.origin}${answer.url.pathname}`;
  const out = new PassThrough({ highWaterMark: 256 * 1024 });
  const { stream } = answer;
  stream.once('error', (error) => out.destroy(storageErrorOf(error, what, signal)));
  stream.once('close', () => {
    if (stream.complete) return;
    const cut = Object.assign(new Error('cut off'), { code: 'ECONNRESET' });
    out.destroy(storageErrorOf(cut, what, signal));
  });
  out.once('close', () => stream.destroy());
  stream.pipe(out);
  return out;
}
