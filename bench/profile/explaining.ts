import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Explained } from './plan-frames.js';

/** Loaded into every session from its start, silent until `explain`. */
const SETTINGS = `
session_preload_libraries = 'auto_explain'
auto_explain.log_analyze = on
auto_explain.log_format = json
log_destination = 'jsonlog'
`;

/** The running server's own configuration: its last word on a setting counts. */
const configure = (server: { directory: string; pid: number }, settings: string): void => {
  appendFileSync(join(server.directory, 'postgres', 'data', 'postgresql.conf'), settings);
  process.kill(server.pid, 'SIGHUP');
};

/** Prepares a server's later sessions; to be called before they begin. */
export async function prepareExplaining(server: { directory: string; pid: number }): Promise<void> {
  configure(server, `${SETTINGS}auto_explain.log_min_duration = -1\n`);
  await pause(SETTLE_MS);
}

/** Sessions read new settings between two statements. */
const SETTLE_MS = 500;

/** The plans of every statement that ran during the work, with the time of each node. */
export async function explained(
  server: { directory: string; pid: number },
  work: () => Promise<void>,
): Promise<Explained[]> {
  configure(server, 'auto_explain.log_min_duration = 0\n');
  await pause(SETTLE_MS);
  await work();
  configure(server, 'auto_explain.log_min_duration = -1\n');
  await pause(SETTLE_MS);
  const logs = join(server.directory, 'postgres', 'data', 'log');
  return readdirSync(logs)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => readFileSync(join(logs, name), 'utf8').split('\n'))
    .flatMap((line) => planOf(line) ?? []);
}

/** The benchmark's own watching is none of the path's. */
const WATCHING = /pg_stat_activity|auto_explain/;

function planOf(line: string): Explained | undefined {
  if (!line.includes('"duration: ')) return undefined;
  const { message } = JSON.parse(line) as { message: string };
  const at = message.indexOf('{');
  if (at < 0) return undefined;
  const plan = JSON.parse(message.slice(at)) as Explained;
  return WATCHING.test(plan['Query Text']) ? undefined : plan;
}
