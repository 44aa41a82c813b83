import { type Reconciler, type Tally } from '../../src/daemons/runtime/index.js';
import { type Database } from '../../src/db/index.js';
import { createLog, type Log } from '../../src/log/index.js';

interface ShiftOptions {
  readonly now?: Date;
  readonly batch?: number;
  readonly log?: Log;
}

/** One shift of a daemon. */
export const shift = (
  db: Database,
  daemon: Reconciler,
  { now = new Date(), batch = 1000, log = createLog('silent') }: ShiftOptions = {},
): Promise<Tally> =>
  daemon.reconcile({ db, now, batch, log, worker: 'test', signal: new AbortController().signal });
