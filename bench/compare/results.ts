/** What the client measured in one repetition of a path, seconds. */
export interface Repetition {
  /** All CPU of the server, without the start of daemons that were run by hand. */
  readonly cpu: number;
  readonly starting: number;
  /** By name of the process trees. */
  readonly server: Readonly<Record<string, number>>;
  readonly daemons: number;
  readonly client: number;
  readonly wall: number;
}

export interface PathResult {
  readonly item: string;
  /** Items a repetition. */
  readonly items: number;
  readonly repetitions: readonly Repetition[];
}

export interface Sizes {
  readonly files: number;
  readonly calls: number;
  readonly repetitions: number;
  /** Seconds that the server is watched doing nothing. */
  readonly idle: number;
}

/** The JSON file that bench/client writes. */
export interface ClientReport {
  readonly server: string;
  readonly client: string;
  readonly python: string;
  readonly sizes: Sizes;
  /** CPU seconds a second without any work. */
  readonly idleShare: number;
  /** Proportional set size in MiB by name, before and after. */
  readonly memory: Readonly<Record<'idle' | 'after', Readonly<Record<string, number>>>>;
  /** CPU seconds that the start of a daemon costs. */
  readonly starting: Readonly<Record<string, number>>;
  readonly paths: Readonly<Record<string, PathResult>>;
}

export const SERVERS = ['sluice', 'rucio'] as const;
export type ServerName = (typeof SERVERS)[number];

/** A server measured: what `--json` writes. */
export interface ServerRun extends ClientReport {
  readonly name: ServerName;
  /** The day, ISO 8601. */
  readonly date: string;
  /** Version and, of Sluice, the commit. */
  readonly version: string;
  readonly machine: string;
  readonly database: string;
  /** Programs that did other work, one minute's average, at the beginning. */
  readonly load: number;
}

/** Median, least and most of what `value` gives for each repetition, in microseconds an item. */
export function microseconds(
  { items, repetitions }: PathResult,
  value: (repetition: Repetition) => number,
): { median: number; least: number; most: number } {
  const sorted = repetitions.map((each) => (value(each) * 1e6) / items).toSorted((a, b) => a - b);
  const [low, high] = [Math.floor, Math.ceil].map((to) => sorted[to((sorted.length - 1) / 2)]);
  if (low === undefined || high === undefined) throw new RangeError('no repetitions');
  return { median: (low + high) / 2, least: sorted[0] ?? low, most: sorted.at(-1) ?? high };
}
