import { execFile } from 'node:child_process';
import { readFile, readlink, realpath, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { EmbeddedDatabaseError } from './errors.js';
import { socketOf, type Layout } from './layout.js';

/** A server that runs on this data directory. */
export interface Postmaster {
  readonly pid: number;
  /** Whether it takes connections already: false while it starts, recovers or stops. */
  readonly ready: boolean;
}

export const POLL_MS = 20;

/**
 * The server of this data directory, if one runs. The pid in postmaster.pid is believed only when
 * that process is a `postgres` at work in this directory: after a crash or a reboot the number may
 * belong to anybody.
 */
export async function findPostmaster(layout: Layout): Promise<Postmaster | undefined> {
  const lines = await pidFileLines(layout);
  const pid = Number(lines?.[0]);
  if (!lines || !Number.isSafeInteger(pid) || pid <= 1) return undefined;
  if (!(await isPostmaster(pid, layout.dataDir))) return undefined;
  // The eighth line is the status that pg_ctl reads as well.
  return { pid, ready: lines[7]?.trim() === 'ready' };
}

async function pidFileLines(layout: Layout): Promise<string[] | undefined> {
  try {
    return (await readFile(join(layout.dataDir, 'postmaster.pid'), 'utf8')).split('\n');
  } catch {
    return undefined;
  }
}

/** Whether that process is a living PostgreSQL of this data directory. */
export async function isPostmaster(pid: number, dataDir: string): Promise<boolean> {
  try {
    if (process.platform === 'linux') {
      const [directory, program] = [`/proc/${pid}/cwd`, `/proc/${pid}/exe`];
      // An upgrade under a running server makes the program's path end in " (deleted)".
      const name = basename(await readlink(program)).split(' ')[0];
      return name === 'postgres' && (await readlink(directory)) === (await realpath(dataDir));
    }
    const { stdout } = await promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)]);
    return stdout.includes('postgres') && stdout.includes(`-D ${dataDir}`);
  } catch {
    return false;
  }
}

/**
 * Clears the way for a start when no server of ours runs. PostgreSQL overwrites a pid file whose
 * process is gone, but stops at one whose number now belongs to another process of its user.
 *
 * @throws {EmbeddedDatabaseError} when a server that we cannot see answers on the socket: it runs
 *   in another container that shares the directory, and a second one would destroy the data.
 */
export async function clearStalePidFile(layout: Layout): Promise<void> {
  const pid = Number((await pidFileLines(layout))?.[0]);
  if (!Number.isSafeInteger(pid) || pid <= 1) return;
  if (await keepsAnswering(layout)) {
    throw new EmbeddedDatabaseError(
      `A PostgreSQL that cannot be seen from here (another container?) works on ${layout.dataDir}. Stop it, or give each Sluice a state directory of its own.`,
    );
  }
  // A second look: a server that just started has written the file anew.
  if (Number((await pidFileLines(layout))?.[0]) !== pid || (await findPostmaster(layout))) return;
  await rm(join(layout.dataDir, 'postmaster.pid'), { force: true });
  await rm(`${socketOf(layout)}.lock`, { force: true });
}

const DYING_MS = 3_000;

/** A server that was just killed answers until the system has closed its files. */
async function keepsAnswering(layout: Layout): Promise<boolean> {
  const deadline = performance.now() + DYING_MS;
  while (await answers(socketOf(layout))) {
    if (await findPostmaster(layout)) return false;
    if (performance.now() > deadline) return true;
    await pause(POLL_MS);
  }
  return false;
}

async function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const attempt = connect(socket);
    attempt.once('connect', () => {
      attempt.destroy();
      resolve(true);
    });
    attempt.once('error', () => resolve(false));
  });
}

const FAST_MS = 60_000;
const IMMEDIATE_MS = 10_000;

/**
 * Stops the server and waits until it is gone: fast (sessions are ended, a checkpoint is written),
 * and where that takes more than a minute, immediately (the next start recovers from the log).
 */
export async function stopPostmaster(pid: number, dataDir: string): Promise<void> {
  if (await stopBy('SIGINT', FAST_MS)) return;
  if (await stopBy('SIGQUIT', IMMEDIATE_MS)) return;
  throw new EmbeddedDatabaseError(`PostgreSQL (process ${pid}, ${dataDir}) does not stop.`);

  async function stopBy(signal: NodeJS.Signals, limitMs: number): Promise<boolean> {
    const deadline = performance.now() + limitMs;
    if (await isPostmaster(pid, dataDir)) process.kill(pid, signal);
    while (await isPostmaster(pid, dataDir)) {
      if (performance.now() > deadline) return false;
      await pause(POLL_MS);
    }
    return true;
  }
}
