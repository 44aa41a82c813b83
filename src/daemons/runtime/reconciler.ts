import { type Database } from '../../db/index.js';
import { type Log } from '../../log/index.js';
import { type Channel, type DaemonName } from '../../vocabulary/index.js';

/** What a daemon did in one shift. `more` asks for the next shift at once. */
export interface Tally {
  readonly seen: number;
  readonly done: number;
  readonly failed: number;
  readonly more: boolean;
}

/** What a daemon is given for one shift. */
export interface Shift {
  readonly db: Database;
  /** Aborted when the process ends: finish the batch or give claims back. */
  readonly signal: AbortSignal;
  readonly log: Log;
  /** The time that due dates are compared with. */
  readonly now: Date;
  /** At most so many items at once. */
  readonly batch: number;
  /** This process, as it stands in claimed_by. */
  readonly worker: string;
}

/**
 * A daemon: a level-triggered loop body. It selects what is due from the tables, so a lost wake-up
 * costs at most one period, and an exception is one failed shift that the next one repeats.
 */
export interface Reconciler {
  readonly name: DaemonName;
  /** Channels that shorten the wait; what they carry is ignored. */
  readonly wakeOn: readonly Channel[];
  reconcile(shift: Shift): Promise<Tally>;
  /** Given once, before the first shift: wakes this daemon from inside the process. */
  wakeBy?(wake: () => void): void;
  /** Ends work that goes on between shifts (transfers under way), after the last one. */
  stop?(shift: Shift): Promise<void>;
}

/** Nothing was due. */
export const IDLE: Tally = { seen: 0, done: 0, failed: 0, more: false };
