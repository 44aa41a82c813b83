import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** Linux counts CPU time in hundredths of a second. */
const TICK_MS = 10;

/** Fields of /proc/PID/stat after the name: user, system, children's user, children's system. */
const [UTIME, STIME, CUTIME, CSTIME] = [11, 12, 13, 14];

/** utime … cstime of a process in ms, or undefined if there is none. */
function times(pid: number): { own: number; reaped: number; parent: number } | undefined {
  let line: string;
  try {
    line = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const field = (at: number) => Number(fields[at]) * TICK_MS;
  return {
    own: field(UTIME) + field(STIME),
    reaped: field(CUTIME) + field(CSTIME),
    parent: Number(fields[1]),
  };
}

/** CPU milliseconds that a process has used so far. */
export const processCpuMs = (pid: number): number => times(pid)?.own ?? 0;

/** CPU milliseconds of a process, its children, and those of them that have ended. */
export function familyCpuMs(pid: number): number {
  const root = times(pid);
  if (root === undefined) return 0;
  let total = root.own + root.reaped;
  for (const name of readdirSync('/proc')) {
    const child = /^\d+$/.test(name) ? times(Number(name)) : undefined;
    if (child?.parent === pid) total += child.own;
  }
  return total;
}

/** The highest resident memory of a process is counted from now on. */
export const forgetPeak = (pid: number): void => writeFileSync(`/proc/${pid}/clear_refs`, '5');

/** Resident memory of a process now and at its highest since `forgetPeak`, MiB. */
export function memoryMiB(pid: number): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  return { now: kib('VmRSS') / 1024, peak: kib('VmHWM') / 1024 };
}
