import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT, run } from '../../test/interop/run/programs.js';
import { type RunningServer, SHARED_BUFFERS_MIB, WAL_SIZE_MAX_MIB } from './server.js';

const REFERENCE = join(ROOT, 'scripts/golden/reference.sh');

/**
 * Starts the reference that the golden answers are recorded from, on a fresh database: gunicorn with
 * one worker of four threads, PostgreSQL, memcached. Its daemons are run by hand. Throws without root,
 * and when it cannot be installed or does not start.
 */
export function startRucio(): Promise<RunningServer> {
  if (process.getuid?.() !== 0) throw new Error(`only root on Debian can start ${REFERENCE}`);
  const settings = `-c shared_buffers=${SHARED_BUFFERS_MIB}MB -c max_wal_size=${WAL_SIZE_MAX_MIB}MB`;
  const stop = () => Promise.resolve(run('bash', [REFERENCE, 'stop']));
  let roots: string;
  try {
    run('bash', [REFERENCE, 'start'], { GOLDEN_POSTGRES: settings });
    roots = execFileSync('bash', [REFERENCE, 'processes'], { encoding: 'utf8' });
  } catch (error) {
    void stop();
    throw error;
  }
  return Promise.resolve({
    url: 'http://127.0.0.1:8455',
    username: 'ddmlab',
    password: 'secret',
    processes: parseRoots(roots),
    databaseUrl: 'postgres://rucio@127.0.0.1:5455/rucio',
    daemon: `bash ${REFERENCE} daemon`,
    stop,
  });
}

/** Lines of NAME=PID. */
const parseRoots = (lines: string): Record<string, number> =>
  Object.fromEntries(
    Array.from(lines.matchAll(/^(\w+)=(\d+)$/gm), ([, name = '', pid]) => [name, Number(pid)]),
  );
