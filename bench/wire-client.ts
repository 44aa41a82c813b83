import { once } from 'node:events';
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { PASSWORD } from './lab.js';

/** An answer of the service. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The whole body. */
  readonly text: string;
  /** Milliseconds from the request to the first byte of the body (of an empty one: to its end). */
  readonly firstByteMs: number;
  /** Milliseconds from the request to its end. */
  readonly ms: number;
}

/**
 * A client on connections that are kept open, one unless told otherwise, with as little work of its
 * own as Node lets it: what the times of single requests are taken with.
 */
export class WireClient {
  readonly #agent: Agent;
  #token = '';

  constructor(
    private readonly url: string,
    connections = 1,
  ) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** Logs in as an account whose user name is its own. Rejects where the answer is not 200. */
  async login(account: string, password = PASSWORD): Promise<this> {
    const { headers } = await this.ask('GET', '/auth/userpass', undefined, {
      'X-Rucio-Account': account,
      'X-Rucio-Username': account,
      'X-Rucio-Password': password,
    });
    this.#token = String(headers['x-rucio-auth-token']);
    return this;
  }

  /** Asks and reads the whole answer. Rejects where its status is 400 or more. */
  async ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = { 'X-Rucio-Auth-Token': this.#token },
  ): Promise<Answer> {
    const content = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const started = performance.now();
    const outgoing = request(this.url + path, {
      method,
      agent: this.#agent,
      headers: content === undefined ? headers : { ...headers, 'Content-Length': content.length },
    });
    outgoing.end(content);
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    let firstByteMs: number | undefined;
    for await (const chunk of response) {
      firstByteMs ??= performance.now() - started;
      chunks.push(chunk as Buffer);
    }
    const ms = performance.now() - started;
    const text = Buffer.concat(chunks).toString();
    const status = response.statusCode ?? 0;
    if (status >= 400) throw new Error(`${method} ${path}: ${status} ${text.slice(0, 300)}`);
    return { status, headers: response.headers, text, firstByteMs: firstByteMs ?? ms, ms };
  }

  /** Lets the connection go. */
  close(): void {
    this.#agent.destroy();
  }
}
