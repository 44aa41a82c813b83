import axios, { type AxiosResponse, type Method } from 'axios';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureRoot } from '../../src/accounts/index.js';
import { type Clock } from '../../src/clock.js';
import { bundledConfigFile, type ConfigOverrides, loadConfig } from '../../src/config/index.js';
import { type Database } from '../../src/db/index.js';
import { createLog } from '../../src/log/index.js';
import { openStorages } from '../../src/storages.js';
import { startSluice } from '../../src/sluice.js';
import { testDatabase } from './database.js';

export const ROOT_PASSWORD = 'correct horse';

/** An answer of the wire: `body` parsed when it is JSON or JSON lines, text otherwise. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The parsed body; an array of the lines for application/x-json-stream. */
  readonly body: unknown;
}

/** One account's door: a request each. */
export type Call = (
  method: Method,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Answer>;

export interface TestApi {
  readonly url: string;
  readonly db: Database;
  /** For a connection of one's own. */
  readonly databaseUrl: string;
  /** A call as nobody. */
  readonly anonymous: Call;
  /** Logs in and gives the account's call. */
  as(account: string, password?: string, username?: string): Promise<Call>;
  /** A new account of a user, with a login of its name; gives its call. */
  person(account: string, options?: PersonOptions): Promise<Call>;
  /** The account root. */
  readonly root: Call;
  readonly close: () => Promise<void>;
}

export interface PersonOptions {
  readonly email?: string | null;
  /** The user name of the login. Several accounts may share one. */
  readonly identity?: string;
}

export interface TestApiOptions {
  readonly roles?: string[];
  readonly clock?: Clock;
  readonly overrides?: ConfigOverrides;
}

/** The whole API over real HTTP on a database of its own; `roles` adds daemons. */
export async function startApi(options: TestApiOptions = {}): Promise<TestApi> {
  const { db, url: databaseUrl, close } = await testDatabase();
  const config = loadConfig({
    file: bundledConfigFile('test'),
    environment: {},
    overrides: {
      ...options.overrides,
      server: { port: 0, host: '127.0.0.1', roles: ['api', ...(options.roles ?? [])] },
      state: { directory: mkdtempSync(join(tmpdir(), 'sluice-test-')) },
      bootstrap: { username: 'root', password: ROOT_PASSWORD },
    },
  });
  await ensureRoot(db, config);
  const log = createLog('silent');
  const sluice = await startSluice({
    config,
    db,
    log,
    storages: openStorages(db, config),
    clock: options.clock,
  });
  const url = sluice.url ?? '';
  const as = async (account: string, password = ROOT_PASSWORD, username = account) => {
    const answer = await send(url, 'GET', '/auth/userpass', undefined, {
      'X-Rucio-Account': account,
      'X-Rucio-Username': username,
      'X-Rucio-Password': password,
    });
    if (answer.status !== 200)
      throw new Error(`login of ${account}: ${answer.status} ${answer.text}`);
    return caller(url, answer.headers['x-rucio-auth-token'] ?? '');
  };
  const root = await as('root');
  return {
    url,
    db,
    databaseUrl,
    anonymous: caller(url, undefined),
    as,
    async person(account, { email = null, identity = account } = {}) {
      await root('POST', `/accounts/${account}`, { type: 'USER', email });
      const login = { identity, authtype: 'USERPASS', email: null, password: ROOT_PASSWORD };
      await root('POST', `/accounts/${account}/identities`, login);
      return await as(account, ROOT_PASSWORD, identity);
    },
    root,
    async close() {
      await sluice.stop();
      await close();
    },
  };
}

const caller =
  (url: string, token: string | undefined): Call =>
  (method, path, body, headers = {}) =>
    send(url, method, path, body, {
      ...(token !== undefined && { 'X-Rucio-Auth-Token': token }),
      ...headers,
    });

/** Like the official client: no Content-Type on JSON bodies, on DELETE neither. */
async function send(
  url: string,
  method: Method,
  path: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<Answer> {
  const answer: AxiosResponse<string> = await axios.request({
    method,
    url: url + path,
    data:
      body === undefined
        ? undefined
        : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    headers: { Accept: '*/*', ...headers, 'Content-Type': null },
    responseType: 'text',
    transformResponse: (text: string) => text,
    validateStatus: () => true,
    maxRedirects: 5,
  });
  const text = answer.data ?? '';
  return {
    status: answer.status,
    headers: answer.headers as Record<string, string>,
    text,
    body: parse(String(answer.headers['content-type'] ?? ''), text),
  };
}

function parse(type: string, body: string): unknown {
  // Python reads the bare word; for JavaScript it needs another spelling.
  const text = /json/.test(type) ? body.replace(/(?<=[:[,])Infinity\b/g, '1e999') : body;
  if (type === 'application/x-json-stream') {
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as unknown);
  }
  return type === 'application/json' && text !== '' ? (JSON.parse(text) as unknown) : text;
}
