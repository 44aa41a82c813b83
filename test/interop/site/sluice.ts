import axios, { type AxiosInstance } from 'axios';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Agent } from 'node:https';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundledConfigFile } from '../../../src/config/index.js';
import { findEmbedded } from '../../../src/db/embedded/index.js';
import { type Authority } from '../../../src/demo/certificates.js';
import { eventually } from '../../support/eventually.js';
import { freePort, letPass } from './storage-server.js';

export interface SluiceOptions {
  /** Its state directory; a short path, as a socket lies below it. Kept by `stop`. */
  readonly state: string;
  /** Issues its certificate. */
  readonly authority: Authority;
  /** More settings, such as SLUICE_TOKENS__STORAGE_LIFETIME_SECONDS. */
  readonly env?: Readonly<Record<string, string>>;
}

/** An answer of the wire: JSON and JSON lines are parsed. */
export interface SluiceAnswer {
  readonly status: number;
  readonly text: string;
  readonly body: unknown;
}

/** A whole Sluice in a process of its own, on https, with all daemons and the demo's short times. */
export interface SluiceProcess {
  /** `https://localhost:PORT`: also the issuer of its tokens. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly logFile: string;
  readonly pid: number;
  /** A request as root, logged in anew where needed. */
  call(method: string, path: string, body?: unknown): Promise<SluiceAnswer>;
  /** Starts it again on the same port, after `stop` or `kill`, and waits until it serves. */
  start(): Promise<void>;
  /** SIGTERM, and its end. PostgreSQL ends with it. */
  stop(): Promise<void>;
  /** SIGKILL. PostgreSQL runs on, and the next start takes it over. */
  kill(): Promise<void>;
  /** Stops (or kills) it and starts it again. */
  restart(how?: 'stop' | 'kill'): Promise<void>;
  /** SIGKILL to the whole PostgreSQL; Sluice starts it again by itself. */
  killPostgres(): Promise<void>;
  /** Stops it and deletes the state directory. */
  remove(): Promise<void>;
}

const USERNAME = 'root';
const PASSWORD = 'password-of-the-interop-site';
const START_MS = 60_000;
const STOP_MS = 30_000;

/** Starts a Sluice and waits until it serves. */
export async function startSluice(options: SluiceOptions): Promise<SluiceProcess> {
  const port = await freePort();
  letPass(dirname(options.state));
  // Beside the state directory, which has to be empty at first.
  const beside = besideState(options.state);
  mkdirSync(beside, { recursive: true, mode: 0o700 });
  const { certificate, key } = await options.authority.issue('localhost', '127.0.0.1');
  const files = {
    caFile: join(beside, 'ca.pem'),
    certFile: join(beside, 'host.pem'),
    keyFile: join(beside, 'host.key'),
  };
  writeFileSync(files.caFile, options.authority.certificate);
  writeFileSync(files.certFile, certificate);
  writeFileSync(files.keyFile, key, { mode: 0o600 });
  const sluice = new ServedSluice(options, port, files);
  await sluice.start();
  return sluice;
}

class ServedSluice implements SluiceProcess {
  readonly username = USERNAME;
  readonly password = PASSWORD;
  readonly url: string;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly logFile: string;
  private readonly http: AxiosInstance;
  private child: ChildProcess | undefined;
  private token: string | undefined;

  constructor(
    private readonly options: SluiceOptions,
    private readonly port: number,
    files: Pick<SluiceProcess, 'caFile' | 'certFile' | 'keyFile'>,
  ) {
    ({ caFile: this.caFile, certFile: this.certFile, keyFile: this.keyFile } = files);
    this.url = `https://localhost:${port}`;
    this.logFile = join(besideState(options.state), 'sluice.log');
    this.http = axios.create({
      baseURL: this.url,
      httpsAgent: new Agent({ ca: options.authority.certificate }),
      validateStatus: () => true,
      transformResponse: (text: string) => text,
    });
  }

  get pid(): number {
    const pid = this.child?.pid;
    if (pid === undefined) throw new Error('Sluice does not run');
    return pid;
  }

  async start(): Promise<void> {
    if (this.child !== undefined) throw new Error('Sluice runs already');
    const child = spawn(process.execPath, serveArguments(this.port), {
      cwd: fileURLToPath(new URL('../../..', import.meta.url)),
      env: { PATH: process.env['PATH'], ...this.environment(), ...this.options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    child.unref();
    const exit = () => child.kill('SIGKILL');
    process.once('exit', exit);
    child.once('exit', () => process.removeListener('exit', exit));
    const log = createWriteStream(this.logFile, { flags: 'a' });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        log.write(chunk);
        if (!/^Sluice serves /m.test(said)) said += chunk.toString();
      });
    }
    const serves = () => child.exitCode !== null || /^Sluice serves /m.test(said);
    await eventually('Sluice serves', serves, START_MS);
    if (child.exitCode !== null) throw new Error(`Sluice ended instead of serving:\n${said}`);
  }

  async call(method: string, path: string, body?: unknown): Promise<SluiceAnswer> {
    this.token ??= await this.login();
    const answer = await this.send(method, path, body);
    if (answer.status !== 401) return answer;
    this.token = await this.login();
    return await this.send(method, path, body);
  }

  stop(): Promise<void> {
    return this.end('SIGTERM');
  }

  kill(): Promise<void> {
    return this.end('SIGKILL');
  }

  async restart(how: 'stop' | 'kill' = 'stop'): Promise<void> {
    await this[how]();
    await this.start();
  }

  async killPostgres(): Promise<void> {
    const pid = (await findEmbedded(this.options.state))?.pid;
    if (pid === undefined) throw new Error('PostgreSQL does not run');
    process.kill(pid, 'SIGKILL');
  }

  async remove(): Promise<void> {
    await this.stop();
    const left = (await findEmbedded(this.options.state))?.pid;
    if (left !== undefined) {
      process.kill(left, 'SIGQUIT');
      const gone = async () => (await findEmbedded(this.options.state)) === undefined;
      await eventually('PostgreSQL has ended', gone);
    }
    for (const own of [this.options.state, besideState(this.options.state)]) {
      await rm(own, { recursive: true, force: true });
    }
  }

  private environment(): Record<string, string> {
    return {
      SLUICE_CONFIG: bundledConfigFile('demo'),
      SLUICE_STATE: this.options.state,
      SLUICE_SERVER__PUBLIC_URL: this.url,
      SLUICE_SERVER__TLS__CERT_FILE: this.certFile,
      SLUICE_SERVER__TLS__KEY_FILE: this.keyFile,
      SLUICE_BOOTSTRAP__PASSWORD: PASSWORD,
    };
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await exit;
    clearTimeout(late);
  }

  private async login(): Promise<string> {
    const { status, data, headers } = await this.http.get<string>('/auth/userpass', {
      headers: {
        'X-Rucio-Account': 'root',
        'X-Rucio-Username': USERNAME,
        'X-Rucio-Password': PASSWORD,
      },
    });
    if (status !== 200) throw new Error(`the login of root: ${status} ${data}`);
    return String(headers['x-rucio-auth-token']);
  }

  private async send(method: string, path: string, body: unknown): Promise<SluiceAnswer> {
    const { status, data, headers } = await this.http.request<string>({
      ...{ method, url: path, headers: { 'X-Rucio-Auth-Token': this.token } },
      data: body === undefined ? undefined : JSON.stringify(body),
    });
    return { status, text: data, body: parsed(data, String(headers['content-type'])) };
  }
}

const besideState = (state: string): string => `${state}-beside`;

const serveArguments = (port: number): string[] => [
  ...['--import', './test/support/register-typescript.mjs', 'src/cli/main.ts'],
  ...['serve', '--host', '127.0.0.1', '--port', String(port)],
];

/** JSON as a value, a stream of lines as a list, anything else as it is. */
function parsed(text: string, type: string): unknown {
  if (type.startsWith('application/x-json-stream')) {
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as unknown);
  }
  return /^[[{"]/.test(text) ? (JSON.parse(text) as unknown) : text;
}
