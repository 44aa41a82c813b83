import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { identityFor, type Binaries } from './binaries.js';
import { EmbeddedDatabaseError } from './errors.js';
import { type Layout } from './layout.js';
import { CHILD_ENVIRONMENT, type OperatingUser } from './operating-user.js';
import { clearStalePidFile, findPostmaster, POLL_MS } from './postmaster.js';
import { serverArguments, type EmbeddedTuning } from './server-settings.js';

/** Everything needed to start the server of one cluster. */
export interface ServerSpec {
  readonly layout: Layout;
  readonly binaries: Binaries;
  readonly user: OperatingUser;
  readonly tuning: EmbeddedTuning;
}

/** Recovery after a crash replays at most max_wal_size; ten minutes are plenty and not for ever. */
const START_MS = 600_000;

/** Reasons that pass: backends of a killed server that still end, or somebody starts it right now. */
const PASSING = /pre-existing shared memory block|lock file "[^"]*" already exists/;

/**
 * Gives the pid of a server that takes connections: the one that runs already (an orphan of a
 * killed supervisor keeps running and is taken over), else a new one. Waits for recovery.
 *
 * @throws {EmbeddedDatabaseError} with PostgreSQL's own words when it does not start.
 */
export async function ensureServer(spec: ServerSpec): Promise<{ pid: number; started: boolean }> {
  const deadline = performance.now() + START_MS;
  let start: Start | undefined;
  let started = false;
  for (;;) {
    const seen = await findPostmaster(spec.layout);
    if (seen?.ready) return { pid: seen.pid, started };
    if (!seen && !start) {
      await clearStalePidFile(spec.layout);
      start = startServer(spec);
      started = true;
    }
    if (start?.ended) {
      const words = await lastWords(spec.layout);
      if (!seen && !PASSING.test(words)) {
        throw new EmbeddedDatabaseError(`PostgreSQL ended while it started: ${words}`);
      }
      start = undefined;
      started = false;
    }
    if (performance.now() > deadline) {
      throw new EmbeddedDatabaseError(
        `PostgreSQL did not become ready in ${START_MS / 1000} s. Its last words: ${await lastWords(spec.layout)}`,
      );
    }
    await pause(POLL_MS);
  }
}

interface Start {
  ended: boolean;
}

/**
 * A session of its own (`detached`): Ctrl-C at the terminal reaches us, and we stop the server in
 * order. Its output goes to a file, because a pipe to us would break with us.
 */
function startServer({ layout, binaries, user, tuning }: ServerSpec): Start {
  const output = openSync(layout.startLog, 'w', 0o600);
  const start: Start = { ended: false };
  try {
    const child = spawn(binaries.postgres, serverArguments(layout, tuning), {
      ...identityFor(user),
      cwd: '/',
      detached: true,
      env: CHILD_ENVIRONMENT,
      stdio: ['ignore', output, output],
    });
    child.once('error', () => (start.ended = true));
    child.once('exit', () => (start.ended = true));
    child.unref();
  } finally {
    closeSync(output);
  }
  return start;
}

/** The end of what the server said: on its output, or later in its own log. */
async function lastWords(layout: Layout): Promise<string> {
  const early = await tail(layout.startLog);
  const logs = join(layout.dataDir, 'log');
  let newest = { path: '', mtimeMs: 0 };
  for (const name of await readdir(logs).catch(() => [])) {
    const { mtimeMs } = await stat(join(logs, name));
    if (mtimeMs > newest.mtimeMs) newest = { path: join(logs, name), mtimeMs };
  }
  // The early words end with a pointer to the log once there is one.
  const late = /redirecting log output/.test(early) ? await tail(newest.path) : '';
  return late || early || `nothing (see ${layout.startLog})`;
}

async function tail(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.trim().split('\n').slice(-6).join('\n');
}
