import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { request, type RequestOptions } from 'node:https';
import { pipeline } from 'node:stream/promises';
import { DigestStream } from '../../protocols/index.js';
import { type Files } from './files.js';

/** One third-party copy: the file here, what was asked, and where to tell how it goes. */
export interface CopyAsked {
  files: Files;
  path: string;
  asked: IncomingMessage;
  answer: ServerResponse;
  ca: string;
  markerMs: number;
}

/** Pulls the file that the `Source` header names. */
export async function pull(copy: CopyAsked): Promise<void> {
  await tell(copy, async (counter, signal) => {
    const far = farRequest(copy, 'source', { method: 'GET', signal });
    far.end();
    const source = await answerOf(far);
    await copy.files.write(copy.path, source, [counter]);
  });
}

/** Sends the file to where the `Destination` header says. */
export async function push(copy: CopyAsked, bytes: number): Promise<void> {
  await tell(copy, async (counter, signal) => {
    const headers = { 'Content-Length': bytes };
    const far = farRequest(copy, 'destination', { method: 'PUT', signal, headers });
    const answered = answerOf(far);
    answered.catch(() => far.destroy());
    if (bytes === 0) far.end();
    else {
      const content = copy.files.open(copy.path, 0, bytes - 1);
      // A refusal breaks the body off; it says more than the broken pipe.
      await pipeline(content, counter, far).catch(async (error: unknown) => {
        await answered;
        throw error;
      });
    }
    (await answered).resume();
  });
}

/**
 * Answers as XRootD does: the 201 comes before the outcome, markers tell how far it is, and the last
 * line is `success: Created` or `failure: …`. Whoever asked and goes away ends the copy.
 */
async function tell(
  { answer, markerMs }: CopyAsked,
  work: (counter: DigestStream, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  answer.writeHead(201, { 'Content-Type': 'text/plain' });
  answer.flushHeaders();
  const gone = new AbortController();
  answer.once('close', () => gone.abort());
  // Only counts; its checksum is not compared: verifying is the business of whoever asked.
  const counter = new DigestStream();
  const marker = () => answer.write(markerText(counter.bytes));
  const timer = setInterval(marker, markerMs);
  try {
    await work(counter, gone.signal);
    marker();
    answer.end('success: Created\n');
  } catch (error) {
    const said = inWordsOfCurl(error);
    answer.end(`failure: ${said.replace(/\s+/g, ' ')}\n`);
  } finally {
    clearInterval(timer);
  }
}

/** `TransferHeader…` headers are passed on to the far side, whose certificate our CA vouches for. */
function farRequest(
  { asked, ca }: CopyAsked,
  header: 'source' | 'destination',
  options: RequestOptions,
): ClientRequest {
  const url = new URL(String(asked.headers[header]));
  if (url.protocol !== 'https:') throw new Error(`Unsupported protocol ${url.protocol}`);
  const headers: Record<string, unknown> = { ...options.headers };
  for (const [name, value] of Object.entries(asked.headers)) {
    const passed = /^transferheader(.+)$/.exec(name)?.[1];
    if (passed !== undefined && typeof value === 'string') headers[passed] = value;
  }
  return request(url, { ...options, ca, headers: headers as Record<string, string | number> });
}

async function answerOf(far: ClientRequest): Promise<IncomingMessage> {
  const [response] = (await once(far, 'response')) as [IncomingMessage];
  const { statusCode = 0 } = response;
  if (statusCode >= 200 && statusCode < 300) return response;
  response.resume();
  throw new Error(`Remote side failed with status code ${statusCode}`);
}

const words: readonly [code: RegExp, text: string][] = [
  [/^ECONNREFUSED$/, "Couldn't connect to server"],
  [/^ENOTFOUND$/, "Couldn't resolve host name"],
  [/CERT|SELF_SIGNED|UNABLE_TO/, 'SSL peer certificate or SSH remote key was not OK'],
  [/^ECONNRESET$|PREMATURE_CLOSE/, 'Transferred a partial file'],
];

/** What happened in libcurl's words, which are XRootD's. */
function inWordsOfCurl(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return words.find(([fits]) => fits.test(String(code)))?.[1] ?? String(message);
}

function markerText(bytes: bigint): string {
  return (
    `Perf Marker\nTimestamp: ${Math.floor(Date.now() / 1000)}\nStripe Index: 0\n` +
    `Stripe Bytes Transferred: ${bytes}\nTotal Stripe Count: 1\nEnd\n`
  );
}
