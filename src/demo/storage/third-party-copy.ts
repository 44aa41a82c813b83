import { type IncomingMessage, type ServerResponse } from 'node:http';
import { request } from 'node:https';
import { once } from 'node:events';
import { DigestStream } from '../../protocols/index.js';
import { type Files } from './files.js';

/**
 * Pulls the file that the `Source` header names. The 201 comes before the outcome: markers tell
 * how far it is, and the last line is `success: Created` or `failure: …` (as XRootD answers).
 * `TransferHeader…` headers are passed on to the far side, whose certificate our CA has to vouch
 * for.
 */
export async function pull(
  files: Files,
  path: string,
  asked: IncomingMessage,
  answer: ServerResponse,
  options: { ca: string; markerMs: number },
): Promise<void> {
  answer.writeHead(201, { 'Content-Type': 'text/plain' });
  answer.flushHeaders();
  // Only counts; its checksum is not compared: verifying is the business of whoever asked.
  const counter = new DigestStream();
  const marker = () => answer.write(markerText(counter.bytes));
  const timer = setInterval(marker, options.markerMs);
  try {
    const source = await openSource(asked, options.ca);
    await files.write(path, source, [counter]);
    marker();
    answer.end('success: Created\n');
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    answer.end(`failure: ${said.replace(/\s+/g, ' ')}\n`);
  } finally {
    clearInterval(timer);
  }
}

async function openSource(asked: IncomingMessage, ca: string): Promise<IncomingMessage> {
  const url = new URL(String(asked.headers['source']));
  if (url.protocol !== 'https:') throw new Error(`Unsupported protocol ${url.protocol}`);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(asked.headers)) {
    const passed = /^transferheader(.+)$/.exec(name)?.[1];
    if (passed !== undefined && typeof value === 'string') headers[passed] = value;
  }
  const far = request(url, { ca, headers });
  far.end();
  const [response] = (await once(far, 'response')) as [IncomingMessage];
  if (response.statusCode === 200) return response;
  response.resume();
  throw new Error(`Remote side failed with status code ${response.statusCode}`);
}

function markerText(bytes: bigint): string {
  return (
    `Perf Marker\nTimestamp: ${Math.floor(Date.now() / 1000)}\nStripe Index: 0\n` +
    `Stripe Bytes Transferred: ${bytes}\nTotal Stripe Count: 1\nEnd\n`
  );
}
