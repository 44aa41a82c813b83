import { type ChildProcess, spawn, type SpawnOptions, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
export const INTEROP = fileURLToPath(new URL('..', import.meta.url));
/** What is kept for the next run. */
export const CACHE = `${ROOT}.interop`;

export const tell = (line: string): void => void process.stdout.write(`${line}\n`);

/** Runs a program to its end, in front of everybody. Throws unless it exits 0. */
export function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): void {
  const { status, error } = spawnSync(command, args, {
    ...{ stdio: ['ignore', 'inherit', 'inherit'], cwd: ROOT, env: { ...process.env, ...env } },
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} exited ${status}`);
}

/** Whether a program exits 0; nothing is seen of it. */
export const succeeds = (command: string, ...args: string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** Ctrl-C, or SIGTERM: what runs is asked to end, and everything that was begun is taken back. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

const judges = new Set<ChildProcess>();
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interrupted = true;
    judges.forEach((judge) => judge.kill(signal));
  });
}

/** Throws Interrupted after Ctrl-C; asked while something is waited for. */
export function demandGoingOn(): void {
  if (interrupted) throw new Interrupted('interrupted');
}

/** Runs a program that judges, and gives its exit code. Throws Interrupted after Ctrl-C. */
export async function judge(
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<number> {
  demandGoingOn();
  const child = spawn(command, args, { stdio: 'inherit', cwd: ROOT, ...options });
  judges.add(child);
  const [code] = (await once(child, 'exit')) as [number | null];
  judges.delete(child);
  demandGoingOn();
  return code ?? 1;
}
