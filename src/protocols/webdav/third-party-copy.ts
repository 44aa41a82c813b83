import { createInterface } from 'node:readline';
import { StorageCause } from '../../vocabulary/index.js';
import { StorageError, storageErrorOf } from '../storage-error.js';
import { type StorageAnswer } from './send.js';

/**
 * Follows a third-party copy to its end. The status comes before the outcome: performance markers
 * arrive every few seconds, and the last line decides, `success: …` or `failure: …`. Throws
 * StorageError for a failure, and for an answer that ends without a verdict.
 */
export async function followCopy(
  answer: StorageAnswer,
  options: { onBytes?: (moved: bigint) => void; signal?: AbortSignal },
): Promise<void> {
  const what = `COPY ${answer.url.origin}${answer.url.pathname}`;
  let verdict = '';
  try {
    for await (const line of createInterface({ input: answer.stream, crlfDelay: Infinity })) {
      const moved = /^\s*Stripe Bytes Transferred:\s*(\d+)/i.exec(line)?.[1];
      if (moved !== undefined) options.onBytes?.(BigInt(moved));
      if (/^\s*(success|failure|aborted)\b/i.test(line)) verdict = line.trim();
    }
  } catch (error) {
    throw storageErrorOf(error, what, options.signal);
  }
  if (/^success\b/i.test(verdict)) return;
  if (verdict !== '' || answer.stream.complete) throw failedCopy(what, verdict);
  throw storageErrorOf(
    Object.assign(new Error('the answer was cut off'), { code: 'ECONNRESET' }),
    what,
    options.signal,
  );
}

/** What a `failure:` line means. Texts of XRootD 5.5 and 5.8; the far side is the source. */
function failedCopy(what: string, verdict: string): StorageError {
  const said = verdict === '' ? 'ended without a verdict' : verdict.slice(0, 300);
  const status = /status code (\d{3})/.exec(verdict)?.[1];
  const local = /no space|quota|write|disk/i.test(verdict);
  return new StorageError(causeOf(verdict, status), `${what}: ${said}`, { farSide: !local });
}

function causeOf(verdict: string, status: string | undefined): StorageCause {
  if (status === '404' || status === '410') return StorageCause.MISSING;
  if (status === '401') return StorageCause.AUTH;
  if (status === '403') return StorageCause.REFUSED;
  if (/no space|quota/i.test(verdict)) return StorageCause.FULL;
  if (/certificate|ssl|tls/i.test(verdict)) return StorageCause.TLS;
  if (/connect|resolve|partial file|timed? ?out|stall/i.test(verdict)) {
    return StorageCause.CONNECTION;
  }
  return StorageCause.STORAGE_ERROR;
}
