import { StorageCause } from '../../vocabulary/index.js';
import { StorageError, storageErrorOf } from '../storage-error.js';
import { causeOfStatus, failureSaying, firstLine } from './failures.js';
import { describe, type StorageAnswer, text } from './send.js';

const { STORAGE_ERROR } = StorageCause;

/** No line of an answer is as long; more than this is not kept. */
const LINE_MAX = 16 * 1024;

/**
 * Follows a third-party copy to its end. The status comes before the outcome: performance markers
 * arrive every few seconds (`onBytes`), and the last line decides, `success: …` or `failure: …`.
 * Throws StorageError for a refusal, for a failure, and for an answer that ends without a verdict.
 */
export async function followCopy(
  answer: StorageAnswer,
  options: { onBytes?: (moved: bigint) => void; signal?: AbortSignal },
): Promise<void> {
  const { status, stream } = answer;
  if (status < 200 || status > 299) throw await refusedCopy(answer);
  const what = describe({ method: 'COPY', url: answer.url });
  const markers = new Markers();
  let verdict = '';
  try {
    for await (const line of linesOf(stream.setEncoding('utf8'))) {
      if (markers.read(line)) options.onBytes?.(markers.moved);
      if (/^\s*(success|failure|aborted)\b/i.test(line)) verdict = line.trim();
    }
  } catch (error) {
    throw storageErrorOf(error, what, options.signal);
  }
  if (!/^success\b/i.test(verdict)) throw failedCopy(what, verdict);
}

/** Bytes moved so far, over all stripes: each marker tells one stripe. */
class Markers {
  readonly #stripes = new Map<number, bigint>();
  #index = 0;

  get moved(): bigint {
    return [...this.#stripes.values()].reduce((sum, bytes) => sum + bytes, 0n);
  }

  /** Whether the line told how many bytes a stripe has moved. */
  read(line: string): boolean {
    const [, name, value] =
      /^\s*(Stripe Index|Stripe Bytes Transferred):\s*(\d{1,18})\s*$/i.exec(line) ?? [];
    if (name === undefined || value === undefined) return false;
    const tellsIndex = /index/i.test(name);
    if (tellsIndex) this.#index = Number(value);
    else this.#stripes.set(this.#index, BigInt(value));
    return !tellsIndex;
  }
}

async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split(/\r?\n/);
    rest = (lines.pop() ?? '').slice(0, LINE_MAX);
    yield* lines;
  }
  yield rest;
}

/** XRootD 5.8 knows some failures before it answers: then the verdict comes with a status 500. */
async function refusedCopy(answer: StorageAnswer): Promise<StorageError> {
  const said = await text(answer, LINE_MAX).catch(() => '');
  const verdict = /^\s*(failure\b.*)$/im.exec(said)?.[1];
  if (verdict === undefined) return failureSaying('COPY', answer, said);
  return failedCopy(describe({ method: 'COPY', url: answer.url }), verdict);
}

/**
 * What a `failure:` line means, and at which end. Texts of XRootD 5.5 and 5.8 (libcurl's, mostly),
 * and dCache's `rejected GET: 404`.
 */
function failedCopy(what: string, verdict: string): StorageError {
  if (verdict === '') {
    return new StorageError(STORAGE_ERROR, `${what}: ended without a verdict`);
  }
  const status = /(?:status code|rejected \w+:) (\d{3})\b/.exec(verdict)?.[1];
  const [code, where] = status === undefined ? causeOfText(verdict) : meaningOfFar(Number(status));
  return new StorageError(code, `${what}:${firstLine(verdict)}`, where);
}

const NEAR = {};
const FAR = { farSide: true };
const BETWEEN = { farSide: true, unreached: true };

/** Answers that are about how the other server was asked, not about the file. */
const OF_THE_MANNER: readonly number[] = [405, 411, 501, 505];

/** rclone says 405 to whatever XRootD sends it by HTTP/2, and takes the same from others. */
function meaningOfFar(status: number): Meaning {
  return [causeOfStatus(status), OF_THE_MANNER.includes(status) ? BETWEEN : FAR];
}

type Meaning = readonly [code: StorageCause, where: { farSide?: boolean; unreached?: boolean }];

/** The first that fits. */
const texts: readonly [text: RegExp, ...Meaning][] = [
  // XRootD calls it an error of the local file system; it is the other end that gives nothing.
  [/no bytes have been received|stall/i, StorageCause.STALLED, FAR],
  [/no space|quota|disk full/i, StorageCause.FULL, NEAR],
  [/local (file|data)|writing|unable to (write|read|create|open)/i, STORAGE_ERROR, NEAR],
  [/certificate|ssl|tls/i, StorageCause.TLS, BETWEEN],
  [/timeout|timed out/i, StorageCause.TIMEOUT, FAR],
  [/connect|resolve/i, StorageCause.CONNECTION, BETWEEN],
  [/partial file|receiv|send|nothing|peer|reset/i, StorageCause.CONNECTION, FAR],
];

function causeOfText(verdict: string): Meaning {
  const [, ...meaning] = texts.find(([fits]) => fits.test(verdict)) ?? [/^/, STORAGE_ERROR, FAR];
  return meaning;
}
