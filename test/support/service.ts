import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axios from 'axios';
import { findEmbedded } from '../../src/db/embedded/index.js';
import { eventually } from './eventually.js';

/** A service as an operator starts it: a process of its own over a state directory. */
export interface ServiceProcess {
  readonly child: ChildProcess;
  readonly url: string;
  /** Sends the signal and waits for the end; gives the exit code, or the signal that ended it. */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
  /** Everything it has said so far. */
  output(): string;
}

/** Several may start at once, each some seconds of one core. */
const START_MS = 180_000;

/** The program straight from its source: no build needed, and more memory than the built one. */
const SOURCE = ['--import', './test/support/register-typescript.mjs', 'src/cli/main.ts'] as const;

/** The program as it is delivered; `npm run build` makes it. */
export const BUILT = ['bin/sluice.js'] as const;

/** Starts `sluice serve` on any free port and waits until it says where it serves. */
export async function startService(
  stateDir: string,
  environment: Readonly<Record<string, string>> = {},
  program: readonly string[] = SOURCE,
): Promise<ServiceProcess> {
  const args = [...program, 'serve', '--port', '0'];
  const { said, ...service } = await launch(args, stateDir, environment, /serves (\S+)/);
  return { ...service, url: said };
}

/** Starts `sluice serve` with these roles and no door, and waits until its daemons are at work. */
export async function startDaemons(
  roles: readonly string[],
  stateDir: string,
  environment: Readonly<Record<string, string>>,
): Promise<Omit<ServiceProcess, 'url'>> {
  const args = [...SOURCE, 'serve', '--roles', roles.join()];
  return await launch(args, stateDir, environment, /Daemons: (\S+)/);
}

/** Starts a process and waits until it has said that. */
async function launch(
  args: readonly string[],
  stateDir: string,
  environment: Readonly<Record<string, string>>,
  awaited: RegExp,
) {
  let output = '';
  const child = spawn(process.execPath, args, {
    env: {
      PATH: process.env['PATH'],
      // What one process of this run has transpiled, the next need not.
      TEST_CLUSTER_DIRECTORY: process.env['TEST_CLUSTER_DIRECTORY'],
      SLUICE_STATE: stateDir,
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  }
  const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const ended = () => child.exitCode !== null && 'ended';
  const heard = () => awaited.exec(output)?.[1];
  const said = await eventually('the service serves', () => heard() ?? ended(), START_MS);
  if (said === 'ended') throw new Error(`the service ended instead of serving: ${output}`);
  return {
    child,
    said,
    output: () => output,
    async end(signal: NodeJS.Signals) {
      child.kill(signal);
      const [code, by] = await exit;
      return code ?? by;
    },
  };
}

/** A state directory of one spec's own, and its end with whatever still runs in it. */
export function stateDirectory() {
  const path = mkdtempSync(join(tmpdir(), 'sluice-flow-'));
  return {
    path,
    rootPassword: () => readFileSync(join(path, 'root-password'), 'utf8').trim(),
    /** The process of the embedded PostgreSQL, or undefined. */
    postgres: async () => (await findEmbedded(path))?.pid,
    async remove() {
      const pid = await this.postgres();
      if (pid !== undefined) {
        process.kill(pid, 'SIGQUIT');
        await eventually('PostgreSQL is gone', () => !isAlive(pid));
      }
      await rm(path, { recursive: true, force: true });
    },
  };
}

/** A process that has ended may stay listed until its parent asks for it, but has no program. */
export const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}/exe`);

/** A call as root over HTTP; rejects where nobody answers. */
export async function asRoot(url: string, password: string) {
  const answer = await axios.get(`${url}/auth/userpass`, {
    headers: {
      'X-Rucio-Account': 'root',
      'X-Rucio-Username': 'root',
      'X-Rucio-Password': password,
    },
    validateStatus: () => true,
  });
  const token = String(answer.headers['x-rucio-auth-token']);
  const call = async (method: string, path: string, body?: unknown) => {
    const { status, data, headers } = await axios.request<string>({
      method,
      url: url + path,
      data: body === undefined ? undefined : JSON.stringify(body),
      headers: { 'X-Rucio-Auth-Token': token },
      validateStatus: () => true,
      transformResponse: (text: string) => text,
    });
    return { status, text: data, body: bodyOf(data, String(headers['content-type'])) };
  };
  return { status: answer.status, token, call };
}

/** JSON as a value, a stream of lines as a list, anything else as it is. */
function bodyOf(text: string, type: string): unknown {
  if (type === 'application/x-json-stream') {
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as unknown);
  }
  return /^[[{"]/.test(text) ? (JSON.parse(text) as unknown) : text;
}
