import { type Config } from '../config/index.js';
import { only, ring, sql } from '../db/index.js';
import { reviveCopies } from '../replicas/index.js';
import { loseClaims, requeueDue } from '../requests/index.js';
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
      const due = await requeueWaiting(shift, config.reaper.leaseSeconds, limit);
      return {
        seen: gone + due,
        done: gone + due,
        failed: 0,
        more: gone === limit || due === limit,
      };
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

const requeueWaiting = (shift: Shift, leaseSeconds: number, limit: number): Promise<number> =>
  shift.db.tx(async (tx) => {
    const abandonedBefore = new Date(shift.now.getTime() - leaseSeconds * 1000);
    const { count } = await only<{ count: number }>(
      tx,
      sql`WITH due AS (${requeueDue(shift.now, abandonedBefore, limit)}),
            revived AS (${reviveCopies(sql`SELECT did_id, rse_id FROM due`)})
          SELECT count(*)::int AS count FROM due`,
    );
    if (count > 0) await ring(tx, Channel.REQUESTS);
    return count;
  });
