import { Agent } from 'node:https';
import axios, { AxiosError, type AxiosInstance } from 'axios';
import { type Command } from 'commander';
import { type ClientFlags, type ClientSettings, clientSettings } from '../config/index.js';

/** What every verb that asks a running Sluice takes. */
export interface ServiceOptions extends ClientFlags {
  /** Print the service's answer as it came. */
  readonly json?: boolean;
}

/** The service said no. The message is its exception's class and its words. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  constructor(
    /** Null where the answer came from something that does not speak Rucio's errors. */
    readonly exceptionClass: string | null,
    readonly reason: string,
    readonly status: number,
  ) {
    super(exceptionClass === null ? reason : `${exceptionClass}: ${reason}`);
  }
}

/** Nobody answers there. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

/** The command was given in a way that cannot be meant; exit code 2, as for an unknown option. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** An answer of the service. */
export interface Answer<T> {
  /** JSON, a list of the values of JSON lines, or text. */
  readonly body: T;
  /** As it came. */
  readonly text: string;
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** A running Sluice, as one account. */
export interface Service {
  readonly url: string;
  /** Throws Refusal, Unreachable. */
  get<T>(path: string): Promise<Answer<T>>;
  post<T>(path: string, body?: unknown): Promise<Answer<T>>;
  put<T>(path: string, body?: unknown): Promise<Answer<T>>;
  delete<T>(path: string, body?: unknown): Promise<Answer<T>>;
}

/** Gives a verb the options by which it finds the service, and `--json`. */
export const asksService = (command: Command): Command =>
  command
    .option('--url <url>', 'the service (default: SLUICE_CLIENT__URL, rucio.cfg, this machine)')
    .option('--account <name>', 'the account to ask as')
    .option('--username <name>', 'the user name to log in with')
    .option('--password-file <path>', 'a file that holds the password')
    .option('--token-file <path>', 'a file that holds a login token, instead of name and password')
    .option('--json', 'print the answer as it came');

/**
 * Opens the service that options and settings name, and logs in.
 * Throws ConfigurationError, UsageError (nobody said who asks), Refusal, Unreachable.
 */
export async function openService(options: ServiceOptions): Promise<Service> {
  const settings = clientSettings(options);
  const { login, url } = settings;
  if (login === undefined) {
    throw new UsageError(
      `Who asks ${url}? Give --username and --password-file, or --token-file; or SLUICE_CLIENT__USERNAME and SLUICE_CLIENT__PASSWORD_FILE; or a rucio.cfg with username and password`,
    );
  }
  const http = axios.create({
    baseURL: url,
    httpsAgent: settings.ca === undefined ? undefined : new Agent({ ca: settings.ca }),
    validateStatus: () => true,
    maxBodyLength: Infinity,
    responseType: 'text',
    transformResponse: (text: string) => text,
  });
  let token = 'token' in login ? login.token : await logIn(http, settings);
  const ask = async <T>(method: Method, path: string, body?: unknown): Promise<Answer<T>> => {
    try {
      return await send<T>(http, token, { method, path, body });
    } catch (error) {
      // A long watch outlives its token.
      const isOver = error instanceof Refusal && error.status === 401 && !('token' in login);
      if (!isOver) throw error;
      token = await logIn(http, settings);
      return await send<T>(http, token, { method, path, body });
    }
  };
  return {
    url,
    get: (path) => ask('GET', path),
    post: (path, body) => ask('POST', path, body),
    put: (path, body) => ask('PUT', path, body),
    delete: (path, body) => ask('DELETE', path, body),
  };
}

/** scope and name as two path segments. */
export const didPath = (scope: string, name: string): string =>
  `${encodeURIComponent(scope)}/${encodeURIComponent(name)}`;

/** A DID as people write it. Throws UsageError. */
export function parseDid(text: string): { readonly scope: string; readonly name: string } {
  const at = text.indexOf(':');
  if (at < 1 || at === text.length - 1) {
    throw new UsageError(`'${text}' is no DID: write SCOPE:NAME`);
  }
  return { scope: text.slice(0, at), name: text.slice(at + 1) };
}

async function logIn(http: AxiosInstance, settings: ClientSettings): Promise<string> {
  const { login, account, authUrl } = settings;
  if (login === undefined || 'token' in login) return '';
  const answer = await reach(authUrl, () =>
    http.get<string>(`${authUrl}/auth/userpass`, {
      headers: {
        ...(account !== undefined && { 'X-Rucio-Account': account }),
        'X-Rucio-Username': login.username,
        'X-Rucio-Password': login.password,
        'X-Rucio-Allow-Return-Multiple-Accounts': 'false',
      },
    }),
  );
  const token: unknown = answer.headers['x-rucio-auth-token'];
  if (answer.status === 200 && typeof token === 'string') return token;
  throw refusal(answer.status, answer.data, `${authUrl}/auth/userpass`);
}

interface Question {
  readonly method: Method;
  readonly path: string;
  readonly body: unknown;
}

async function send<T>(
  http: AxiosInstance,
  token: string,
  { method, path, body }: Question,
): Promise<Answer<T>> {
  const url = String(http.defaults.baseURL);
  const { status, data, headers } = await reach(url, () =>
    http.request<string>({
      method,
      url: path,
      data: body === undefined ? undefined : JSON.stringify(body),
      headers: { 'X-Rucio-Auth-Token': token, 'Content-Type': 'application/json', Accept: '*/*' },
    }),
  );
  if (status >= 400) throw refusal(status, data, `${method} ${url}${path}`);
  return { body: parse(data, String(headers['content-type'])) as T, text: data };
}

async function reach<T>(url: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof AxiosError)) throw error;
    // Node gives no message where every address of a name was tried.
    const reason = error.message || error.code || 'no connection';
    throw new Unreachable(
      `Nobody answers at ${url} (${reason}). Is 'sluice serve' running there? --url names another service`,
    );
  }
}

function refusal(status: number, text: string, asked: string): Refusal {
  try {
    const told = JSON.parse(text) as { ExceptionClass?: string; ExceptionMessage?: string };
    if (told.ExceptionClass !== undefined) {
      return new Refusal(told.ExceptionClass, told.ExceptionMessage ?? '', status);
    }
  } catch {
    // Not ours: a proxy's page, perhaps.
  }
  return new Refusal(null, `${asked} was answered with ${status}: ${text.slice(0, 300)}`, status);
}

function parse(text: string, type: string): unknown {
  if (type.startsWith('application/x-json-stream')) {
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as unknown);
  }
  return type.startsWith('application/json') && text !== '' ? (JSON.parse(text) as unknown) : text;
}
