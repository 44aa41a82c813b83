import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, loadavg, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { demandGoingOn, judge, ROOT } from '../../test/interop/run/programs.js';
import { preparePython } from '../../test/interop/run/python.js';
import { type ClientReport, type ServerName, type ServerRun, type Sizes } from './results.js';
import { startRucio } from './rucio.js';
import { type RunningServer } from './server.js';
import { startSluice } from './sluice.js';

const START: Readonly<Record<ServerName, () => Promise<RunningServer>>> = {
  sluice: startSluice,
  rucio: startRucio,
};

/** Starts a server, lets the client measure it, and stops it. Throws when an answer was wrong. */
export async function measureServer(name: ServerName, sizes: Sizes): Promise<ServerRun> {
  const python = preparePython();
  const [load = 0] = loadavg();
  const server = await START[name]();
  try {
    const database = await describeDatabase(server.databaseUrl);
    const report = await runClient(python, server, sizes);
    const version = name === 'sluice' ? `${report.server}${commit()}` : report.server;
    const date = new Date().toISOString().slice(0, 10);
    return { name, date, version, machine: describeMachine(), database, load, ...report };
  } finally {
    await server.stop();
  }
}

async function runClient(
  python: string,
  server: RunningServer,
  sizes: Sizes,
): Promise<ClientReport> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-client-'));
  const json = join(directory, 'report.json');
  const { url, username, password, processes, daemon } = server;
  const named = Object.entries({ url, username, password, json, daemon, ...sizes });
  const args = [
    join(ROOT, 'bench/client'),
    ...named.flatMap(([option, value]) => (value === undefined ? [] : [`--${option}`, `${value}`])),
    ...Object.entries(processes).flatMap(([name, pid]) => ['--process', `${name}=${pid}`]),
  ];
  try {
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };
    const code = await judge(python, args, { env });
    demandGoingOn();
    if (code !== 0) throw new Error(`the client exited ${code}: nothing was measured`);
    return JSON.parse(readFileSync(json, 'utf8')) as ClientReport;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const SETTINGS = ['shared_buffers', 'max_wal_size', 'fsync', 'synchronous_commit', 'autovacuum'];

async function describeDatabase(url: string): Promise<string> {
  const session = new pg.Client(url);
  await session.connect();
  try {
    const { rows } = await session.query<{ version: string; settings: string }>(
      `SELECT current_setting('server_version') AS version,
              string_agg(name || ' ' || current_setting(name), ', ' ORDER BY at) AS settings
         FROM unnest($1::text[]) WITH ORDINALITY s(name, at)`,
      [SETTINGS],
    );
    return `PostgreSQL ${rows[0]?.version}, ${rows[0]?.settings}`;
  } finally {
    await session.end();
  }
}

function describeMachine(): string {
  const gib = (totalmem() / 1024 ** 3).toFixed(0);
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  return `${model}, ${cpus().length} cores, ${gib} GiB, Linux ${release()}, Node ${process.version}`;
}

/** Of what was built, where this is a checkout. */
function commit(): string {
  try {
    const args = ['rev-parse', '--short', 'HEAD'];
    const head = execFileSync('git', args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'ignore'] });
    return ` (${head.toString().trim()})`;
  } catch {
    return '';
  }
}
