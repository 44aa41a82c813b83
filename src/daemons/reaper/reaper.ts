import pLimit from 'p-limit';
import { type Config } from '../../config/index.js';
import { type StorageRegistry } from '../../protocols/index.js';
import { rsesWithDue, urgentTombstone } from '../../replicas/index.js';
import { rsesById } from '../../rses/index.js';
import { Channel } from '../../vocabulary/index.js';
import { IDLE, type Reconciler, type Tally } from '../runtime/index.js';
import { reapRse } from './reap-rse.js';

/** RSEs at once. */
const PARALLEL = 8;

/**
 * A copy is to be deleted if and only if its tombstone is due (at once; or, where the RSE is greedy
 * or lacks space, cached ones, oldest first), nothing locks it, no evaluation is pending on its DID
 * or anything above, no request lives on the pair, and another good copy exists where one must.
 *
 * Claim, commit, verify in a fresh snapshot, delete the bytes, forget the copy. What the claim writes
 * is a lease: a reaper that dies leaves copies that are due again by themselves, and deleting what is
 * gone already is no error. So any number of reapers may work at once, and each may stop anywhere.
 */
export function reaper(config: Config, storages: StorageRegistry): Reconciler {
  return {
    name: 'reaper',
    wakeOn: [Channel.DELETION],
    async reconcile(shift) {
      const now = { urgent: urgentTombstone(shift.now), cached: shift.now };
      const rses = await shift.db.read(async (tx) => rsesById(tx, await rsesWithDue(tx, now)));
      const limit = pLimit(PARALLEL);
      const tallies = await Promise.all(
        [...rses.values()].map((rse) =>
          limit(() => reapRse(shift, rse, { config: config.reaper, storages })),
        ),
      );
      return tallies.reduce(sum, IDLE);
    },
  };
}

const sum = (a: Tally, b: Tally): Tally => ({
  seen: a.seen + b.seen,
  done: a.done + b.done,
  failed: a.failed + b.failed,
  more: a.more || b.more,
});
