import { type Config } from '../config/index.js';
import { execute, ring, rows, sql } from '../db/index.js';
import { reviveCopies } from '../replicas/index.js';
import { loseClaims, requeueAbandoned, requeueDue } from '../requests/index.js';
import { Channel } from '../vocabulary/index.js';
import { type Reconciler, type Shift } from './runtime/index.js';

/** Requests a transaction. */
const BATCH_MAX = 1000;

/**
 * Brings back what nobody works on any more. A request is to be rescued if and only if its lease ran
 * out (its worker is gone: QUEUED again, or LOST where a movement had begun), or it is WAITING and
 * its time has come. Where a WAITING one stood behind a deletion whose reaper is gone too, the copy
 * becomes COPYING again.
 */
export function rescuer(config: Config): Reconciler {
  return {
    name: 'rescuer',
    wakeOn: [Channel.REQUESTS],
    async reconcile(shift) {
      const limit = Math.min(shift.batch, BATCH_MAX);
      const gone = await loseWorkers(shift, limit);
      const { due, abandoned } = await requeueWaiting(shift, config.reaper.leaseSeconds, limit);
      const seen = gone + due + abandoned;
      return { seen, done: seen, failed: 0, more: [gone, due, abandoned].includes(limit) };
    },
  };
}

async function loseWorkers(shift: Shift, limit: number): Promise<number> {
  const { queued, lost } = await shift.db.tx(async (tx) => {
    const claims = await loseClaims(tx, shift.now, limit);
    if (claims.queued > 0) await ring(tx, Channel.REQUESTS);
    if (claims.lost > 0) await ring(tx, Channel.TRANSFERS);
    return claims;
  });
  if (queued + lost > 0) shift.log.warn({ queued, lost }, 'workers are gone: their claims end');
  return queued + lost;
}

interface Waiting {
  readonly due: number;
  readonly abandoned: number;
}

async function requeueWaiting(shift: Shift, leaseSeconds: number, limit: number): Promise<Waiting> {
  const abandonedBefore = new Date(shift.now.getTime() - leaseSeconds * 1000);
  return await shift.db.tx(async (tx) => {
    const due = await execute(tx, requeueDue(shift.now, limit));
    const revived = await rows(
      tx,
      sql`WITH abandoned AS (${requeueAbandoned(abandonedBefore, limit)}),
            revived AS (${reviveCopies(sql`SELECT did_id, rse_id FROM abandoned`)})
          SELECT FROM abandoned`,
    );
    if (due + revived.length > 0) await ring(tx, Channel.REQUESTS);
    return { due, abandoned: revived.length };
  });
}
