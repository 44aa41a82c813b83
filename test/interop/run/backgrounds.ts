import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { makeSiteAuthority, trust } from '../site/authority.js';
import { freePort } from '../site/storage-server.js';
import { CACHE, demandGoingOn, ROOT, run } from './programs.js';

/** What stories are told on: a server and its storages, in a process of their own. */
export interface Background {
  /** A file with its addresses and passwords: the words of demo.json. */
  readonly description: string;
  /** A directory that its Sluice may use as a mounted file system. */
  readonly mount?: string;
  stop(): Promise<void>;
}

interface BackgroundSpec {
  readonly name: string;
  readonly args: readonly string[];
  /** Default: ours. */
  readonly environment?: NodeJS.ProcessEnv;
  readonly description: string;
  /** Removed at the end. */
  readonly directories: readonly string[];
}

const READY_WITHIN_MS = 180_000;
const LAST_LINES = 40;

/** The demo, kept running after its last chapter. */
export async function startDemo(): Promise<Background> {
  if (!existsSync(join(ROOT, 'dist/src/cli/main.js'))) run('npm', ['run', '--silent', 'build']);
  // A short path: the embedded database's socket lies below it.
  const state = mkdtempSync(join(tmpdir(), 'sluice-interop-'));
  const mount = `${state}-mount`;
  mkdirSync(mount);
  const demo = await start({
    name: 'demo',
    args: [join(ROOT, 'bin/sluice.js'), 'demo', '--keep'],
    environment: {
      ...sluiceEnvironment(),
      SLUICE_STATE: state,
      SLUICE_SERVER__PORT: String(await freePort()),
      SLUICE_STORAGE__POSIX_ROOTS: mount,
    },
    description: join(`${state}-demo`, 'demo.json'),
    directories: [state, `${state}-demo`, mount],
  });
  return { ...demo, mount };
}

/** A Sluice on https with three XRootDs that believe its tokens. */
export async function startSite(): Promise<Background> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-site-'));
  const hooks = join(ROOT, 'test/support/register-typescript.mjs');
  return await start({
    name: 'site',
    args: ['--import', hooks, join(ROOT, 'test/interop/site/serve-site.ts'), directory],
    description: join(directory, 'site.json'),
    directories: [directory],
  });
}

/** An authority that this machine believes until `stop`; its place is told to everything started after. */
export async function startAuthority(): Promise<Pick<Background, 'stop'>> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-authority-'));
  const { certificate, key } = await makeSiteAuthority();
  writeFileSync(join(directory, 'ca.pem'), certificate);
  writeFileSync(join(directory, 'ca.key'), key, { mode: 0o600 });
  const forget = trust(certificate);
  process.env['SLUICE_INTEROP_AUTHORITY'] = directory;
  return {
    stop() {
      delete process.env['SLUICE_INTEROP_AUTHORITY'];
      forget();
      rmSync(directory, { recursive: true });
      return Promise.resolve();
    },
  };
}

/** Ours without the words of these tests: Sluice refuses a SLUICE_… that it does not know. */
const sluiceEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('SLUICE_INTEROP_')),
  );

/** Starts a process that writes its description when it is ready. */
async function start({
  name,
  args,
  environment = process.env,
  description,
  directories,
}: BackgroundSpec): Promise<Background> {
  mkdirSync(CACHE, { recursive: true });
  const log = join(CACHE, `${name}.log`);
  // A terminal's Ctrl-C is for us: it ends when its stories have.
  const child = spawn(process.execPath, args, {
    ...{ cwd: ROOT, env: environment, stdio: ['pipe', 'pipe', 'pipe'] },
    detached: true,
  });
  const sink = createWriteStream(log);
  child.stdout.pipe(sink, { end: false });
  child.stderr.pipe(sink, { end: false });
  const ended = once(child, 'exit');
  const stop = async () => {
    child.stdin.end();
    child.kill('SIGTERM');
    await ended;
    for (const directory of directories) rmSync(directory, { recursive: true, force: true });
  };
  const until = performance.now() + READY_WITHIN_MS;
  try {
    while (!existsSync(description)) {
      demandGoingOn();
      if (child.exitCode !== null || performance.now() > until) {
        const last = readFileSync(log, 'utf8').split('\n').slice(-LAST_LINES).join('\n');
        throw new Error(`the ${name} is not ready (log: ${log}):\n${last}`);
      }
      await pause(100);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { description, stop };
}
