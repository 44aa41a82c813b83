import { memoryMiB } from './cpu.js';
import { type Lab } from './lab.js';

/** What a path shows beside its costs: a latency, a rate, a size of memory. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  /** 'ms', 'MiB', 'files/s', … */
  readonly unit: string;
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** What a process of the product may hold at most while it works on any number of things. */
const PEAK_MIB = 300;

/** The highest resident memory of a process, beside what it may be. */
export const peakMemory = (pid: number): Figure => ({
  name: 'peak memory of Node',
  value: memoryMiB(pid).peak,
  unit: 'MiB',
  atMost: PEAK_MIB,
});

/** One path of the product, its floor beside it. Each repetition gets a round of its own. */
export interface Path {
  readonly name: string;
  /** What it is called whatever its size, where the name tells the size. */
  readonly series?: string;
  /** What a figure is for: 'file', 'lock', … */
  readonly item: string;
  /** Items a repetition. */
  readonly items: number;
  /** Repetitions; default 3. */
  readonly repetitions?: number;
  /** CPU of Node and PostgreSQL together, µs an item, that the product promises. */
  readonly targetCpu?: number;
  /** Wall time of the product by that of the floor that it promises. */
  readonly targetRatio?: number;
  /** Longest transaction that it promises, ms. */
  readonly targetTransaction?: number;
  /** Items a second that it promises. */
  readonly targetRate?: number;
  /** The work is done in this process: its CPU counts as Node's. */
  readonly inProcess?: boolean;
  /** Why it cannot be run here, and what helps; undefined: it can. */
  unavailable?(): string | undefined;
  /** Once, before everything: not measured. */
  prepare?(lab: Lab): Promise<void>;
  /** Before each repetition: not measured. */
  before?(lab: Lab, round: number): Promise<void>;
  run(lab: Lab, round: number): Promise<void>;
  /** The bare statements, into the same tables with all their indexes. */
  floor?(lab: Lab, round: number): Promise<void>;
  /** Other figures of the repetitions, asked for before `after`. */
  figures?(lab: Lab): Promise<readonly Figure[]>;
  /** After everything. */
  after?(lab: Lab): Promise<void>;
}
