import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Microseconds an item: wall clock, its spread, CPU of this process and of PostgreSQL. */
export interface Measured {
  readonly wall: number;
  readonly spread: string;
  readonly node: number;
  readonly postgres: number;
}

/** Linux counts CPU time in hundredths of a second. */
const TICKS = 100;

/** CPU seconds of all processes that work in a data directory below `directory` (Linux). */
export function serverCpuSeconds(directory: string): number {
  let ticks = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (!readlinkSync(`/proc/${pid}/cwd`).startsWith(directory)) continue;
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      // It ended, or is somebody else's.
    }
  }
  return ticks / TICKS;
}

const round = (value: number): number => Math.round(value * 10) / 10;

/** Runs once; `items` is what the figures are divided by. */
export async function measure(
  work: () => Promise<void>,
  serverCpu: () => number,
  items: number,
): Promise<Measured> {
  const before = { wall: performance.now(), node: process.cpuUsage(), server: serverCpu() };
  await work();
  const node = process.cpuUsage(before.node);
  return {
    wall: round(((performance.now() - before.wall) * 1000) / items),
    spread: '',
    node: round((node.user + node.system) / items),
    postgres: round(((serverCpu() - before.server) * 1e6) / items),
  };
}

/** The run with the median wall time, and how far the others are apart. */
export function median(runs: readonly Measured[]): Measured {
  const sorted = runs.toSorted((a, b) => a.wall - b.wall);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (!middle) throw new RangeError('no runs');
  return { ...middle, spread: `${sorted[0]?.wall}–${sorted.at(-1)?.wall}` };
}
