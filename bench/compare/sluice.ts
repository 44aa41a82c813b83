import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findEmbedded } from '../../src/db/embedded/index.js';
import { ROOT } from '../../test/interop/run/programs.js';
import { eventually } from '../../test/support/eventually.js';
import { databaseSettings, type RunningServer } from './server.js';

const PASSWORD = 'password-of-the-bench';
const START_MS = 60_000;

/**
 * Starts Sluice as a user does, `sluice serve` on an empty state directory: embedded PostgreSQL and all
 * daemons. There is no storage behind the RSEs of the benchmark, so that one transfer at a time may wait
 * for an answer of theirs. Throws when it does not serve.
 */
export async function startSluice(): Promise<RunningServer> {
  const state = mkdtempSync(join(tmpdir(), 'sluice-clients-'));
  const log = `${state}.log`;
  const child = spawn(process.execPath, [join(ROOT, 'bin/sluice.js'), 'serve', '--port', '0'], {
    env: { PATH: process.env['PATH'], ...settings(state) },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A terminal's Ctrl-C is for us: it ends when the client has.
    detached: true,
  });
  const sink = createWriteStream(log);
  for (const stream of [child.stdout, child.stderr]) stream.pipe(sink, { end: false });
  const stop = async () => {
    await end(child);
    for (const path of [state, log]) rmSync(path, { recursive: true, force: true });
  };
  try {
    const url = await addressOf(child, log);
    const database = await findEmbedded(state);
    if (child.pid === undefined || !database) throw new Error('Sluice serves without PostgreSQL');
    const processes = { node: child.pid, postgres: database.pid };
    const user = { username: 'root', password: PASSWORD };
    return { url, ...user, processes, databaseUrl: database.url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const settings = (state: string) => ({
  SLUICE_STATE: state,
  SLUICE_BOOTSTRAP__PASSWORD: PASSWORD,
  SLUICE_STORAGE__ALLOW_PRIVATE: 'true',
  SLUICE_REQUESTS__IN_FLIGHT_MAX: '1',
  ...databaseSettings,
});

async function addressOf(child: ChildProcess, log: string): Promise<string> {
  const said = () => readFileSync(log, { encoding: 'utf8', flag: 'a+' });
  const told = () => /^Sluice serves (\S+)/m.exec(said())?.[1];
  const url = await eventually(
    'Sluice serves',
    () => told() ?? (child.exitCode !== null && ' '),
    START_MS,
  );
  if (url === ' ') throw new Error(`Sluice ended instead of serving:\n${said()}`);
  return url;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}
