import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { request } from 'node:https';
import { request as plainRequest } from 'node:http';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { eventually } from '../../support/eventually.js';

/** A storage server that nobody here wrote, with a directory of its own, on loopback. */
export interface StorageServer {
  readonly name: string;
  /** Its origin, `https://localhost:PORT` or `http://localhost:PORT`. */
  readonly url: string;
  readonly port: number;
  /** Where on disk lies what is seen under `prefix`. */
  readonly dataDir: string;
  /** The part of its name space that holds files, with a slash at both ends. */
  readonly prefix: string;
  /** Who vouches for its certificate (PEM); null for plain http. */
  readonly caPem: string | null;
  readonly logFile: string;
  /** Starts it, after `stop` or `kill` on the same port, and waits until it answers. */
  start(): Promise<void>;
  /** SIGTERM, and its end. */
  stop(): Promise<void>;
  /** SIGKILL, and its end. */
  kill(): Promise<void>;
  /** SIGSTOP: connections stay open and nothing is answered. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** Stops it and deletes its directory. */
  remove(): Promise<void>;
}

/** How a server is run; what it serves has been prepared before. */
export interface StorageServerSpec {
  readonly name: string;
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
  readonly prefix: string;
  readonly caPem: string | null;
  readonly logFile: string;
  /** Everything that is this server's: deleted by `remove`. */
  readonly directory: string;
  /** The program and its arguments; it stays in the foreground. */
  readonly command: readonly [string, ...string[]];
  readonly environment?: Readonly<Record<string, string>>;
  /** Whom the program runs as where we are root; default: root. */
  readonly user?: string;
}

const READY_MS = 20_000;
const STOP_MS = 10_000;
const LAST_LINES = 30;

/** Starts a storage server and waits until it answers. Throws with the end of its log if it does not. */
export async function startStorageServer(spec: StorageServerSpec): Promise<StorageServer> {
  const server = new ForegroundServer(spec);
  await server.start();
  return server;
}

class ForegroundServer implements StorageServer {
  readonly name: string;
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
  readonly prefix: string;
  readonly caPem: string | null;
  readonly logFile: string;
  private child: ChildProcess | undefined;

  constructor(private readonly spec: StorageServerSpec) {
    ({ name: this.name, url: this.url, port: this.port, dataDir: this.dataDir } = spec);
    ({ prefix: this.prefix, caPem: this.caPem, logFile: this.logFile } = spec);
  }

  async start(): Promise<void> {
    if (this.child !== undefined) throw new Error(`${this.name} runs already`);
    const child = this.spawn();
    this.child = child;
    const ready = async () => child.exitCode !== null || (await answers(this.spec));
    try {
      await eventually(`${this.name} answers at ${this.url}`, ready, READY_MS);
      if (child.exitCode !== null) throw new Error(`${this.name} ended with ${child.exitCode}`);
    } catch (error) {
      await this.kill();
      throw new Error(`${(error as Error).message}\n${lastLines(this.logFile)}`, { cause: error });
    }
  }

  stop(): Promise<void> {
    return this.end('SIGTERM');
  }

  kill(): Promise<void> {
    return this.end('SIGKILL');
  }

  pause(): void {
    this.signal('SIGSTOP');
  }

  resume(): void {
    this.signal('SIGCONT');
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.spec.directory, { recursive: true, force: true });
  }

  /** A process group of its own, so that a signal reaches workers too; it dies with us. */
  private spawn(): ChildProcess {
    const { command, environment, user, directory } = this.spec;
    mkdirSync(dirname(this.logFile), { recursive: true });
    const log = openSync(this.logFile, 'a');
    const as = user !== undefined && process.getuid?.() === 0 ? asUser(user) : [];
    // A change of user would undo it: it comes after that, from a second setpriv.
    const tied = [...(as.length > 0 ? ['setpriv'] : []), '--pdeathsig', 'KILL', '--'];
    const child = spawn('setpriv', [...as, ...tied, ...command], {
      cwd: directory,
      env: { PATH: process.env['PATH'], HOME: directory, ...environment },
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    // A spec that forgot it ends all the same.
    child.unref();
    running.add(child);
    child.once('exit', () => running.delete(child));
    // A program that is not there is told by the time-out of `start`, with the cause.
    child.once('error', () => running.delete(child));
    return child;
  }

  private signal(signal: NodeJS.Signals): void {
    const pid = this.child?.pid;
    if (pid === undefined) throw new Error(`${this.name} does not run`);
    process.kill(-pid, signal);
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    signalGroup(child.pid, signal);
    // One that was paused takes the signal only when it goes on.
    signalGroup(child.pid, 'SIGCONT');
    const late = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), STOP_MS);
    await exit;
    clearTimeout(late);
    signalGroup(child.pid, 'SIGKILL');
  }
}

/** Those of this process; whatever way it ends, they end with it. */
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => signalGroup(child.pid, 'SIGKILL')));

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

const asUser = (user: string): string[] => [
  ...[`--reuid=${user}`, `--regid=${user}`],
  ...['--init-groups', '--'],
];

/** Whether anything answers HTTP there, whatever it says; over https with the right certificate. */
function answers({ url, prefix, caPem }: StorageServerSpec): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { method: 'HEAD', agent: false as const, timeout: 2_000 };
    const ask =
      caPem === null
        ? plainRequest(url + prefix, options)
        : request(url + prefix, { ...options, ca: caPem });
    ask.once('response', (response) => {
      response.resume();
      ask.destroy();
      resolve(true);
    });
    ask.once('timeout', () => ask.destroy());
    ask.once('error', () => resolve(false));
    ask.once('close', () => resolve(false));
    ask.end();
  });
}

function lastLines(file: string): string {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(-LAST_LINES).join('\n');
  } catch {
    return `${file} was not written`;
  }
}

/** Lets everybody pass through a directory: servers and PostgreSQL run as users of their own. */
export function letPass(directory: string): void {
  const { mode } = statSync(directory);
  if ((mode & 0o111) !== 0o111) chmodSync(directory, (mode & 0o7777) | 0o111);
}

/** A port of 127.0.0.1 that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
