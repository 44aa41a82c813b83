import { Agent, request } from 'node:http';

/** A request exactly as it goes out: the path is not made tidy, the body is not looked at. */
export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** Everything that was announced has come. */
  readonly whole: boolean;
}

const TIMEOUT_MS = 20_000;
const agent = new Agent({ keepAlive: true, maxSockets: 4 });

/** Sends one request to an http:// server. Rejects where the connection breaks before an answer. */
export function sendRaw(base: string, { method, path, headers, body }: RawRequest) {
  const { hostname, port } = new URL(base);
  const sent = { ...headers, ...(body !== undefined && { 'Content-Length': length(body) }) };
  return new Promise<RawAnswer>((resolve, reject) => {
    const call = request(
      { hostname, port, method, path, headers: sent, agent, timeout: TIMEOUT_MS },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        // A cut answer is told by `complete`: its error says no more.
        answer.on('error', () => undefined);
        answer.on('close', () =>
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            text: Buffer.concat(chunks).toString('utf8'),
            whole: answer.complete,
          }),
        );
      },
    );
    call.on('timeout', () => call.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    call.on('error', reject);
    call.end(body);
  });
}

const length = (text: string): string => String(Buffer.byteLength(text));
