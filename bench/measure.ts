import { setInterval as ticks } from 'node:timers/promises';
import { type Client } from 'pg';
import { familyCpuMs, processCpuMs } from './cpu.js';

/** What one run cost, milliseconds. */
export interface Cost {
  readonly wall: number;
  /** CPU of Sluice's processes. */
  readonly node: number;
  /** CPU of PostgreSQL, all its processes. */
  readonly postgres: number;
  /** The longest transaction seen (sampled every 20 ms; none seen: 0). */
  readonly transaction: number;
}

/** Whose CPU is counted. */
export interface Meters {
  readonly services: () => readonly number[];
  readonly postgres: number;
  /** A session of its own that looks at the others. */
  readonly watcher: Client;
}

const SAMPLE_MS = 20;

/** Runs once and tells what it cost. */
export async function measure(work: () => Promise<void>, meters: Meters): Promise<Cost> {
  const node = () => meters.services().reduce((sum, pid) => sum + processCpuMs(pid), 0);
  const watch = watchTransactions(meters.watcher);
  const before = { node: node(), postgres: familyCpuMs(meters.postgres), at: performance.now() };
  try {
    await work();
  } finally {
    watch.stop();
  }
  return {
    wall: performance.now() - before.at,
    node: node() - before.node,
    postgres: familyCpuMs(meters.postgres) - before.postgres,
    transaction: await watch.longest,
  };
}

/**
 * Looks at the age of every other session's transaction until it is stopped. A session that only listens is
 * idle: to take in a notification it begins a transaction that is dated by the last statement it was sent.
 */
function watchTransactions(watcher: Client): { stop(): void; longest: Promise<number> } {
  const ended = new AbortController();
  const look = async () => {
    let longest = 0;
    try {
      for await (const _ of ticks(SAMPLE_MS, undefined, { signal: ended.signal })) {
        const { rows } = await watcher.query<{ age: number }>({
          name: 'transactions',
          text: `SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)) * 1000, 0)::float8 AS age
                   FROM pg_stat_activity
                  WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND state <> 'idle'`,
        });
        longest = Math.max(longest, rows[0]?.age ?? 0);
      }
    } catch (error) {
      if (!ended.signal.aborted) throw error;
    }
    return longest;
  };
  return { stop: () => ended.abort(), longest: look() };
}

/** The run with the median wall time, and how far the others are apart. */
export function median(runs: readonly Cost[]): { cost: Cost; spread: [number, number] } {
  const sorted = runs.toSorted((a, b) => a.wall - b.wall);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (!middle) throw new RangeError('no runs');
  return { cost: middle, spread: [sorted[0]?.wall ?? 0, sorted.at(-1)?.wall ?? 0] };
}
