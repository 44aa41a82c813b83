import { lit, ring, rows, sql, type Tx } from '../db/index.js';
import { closeDeclarations, replaceBadCopies } from '../replicas/index.js';
import { queueCopies } from '../requests/index.js';
import { reopenCopies } from '../rules/index.js';
import {
  activityIndex,
  Channel,
  type CopyKey,
  RequestState,
  RequestType,
} from '../vocabulary/index.js';
import { type Reconciler, type Shift } from './runtime/index.js';

/** Copies a transaction. */
const BATCH_MAX = 1000;

/**
 * A bad copy is to be replaced if and only if it was declared bad, a lock holds it, and another
 * AVAILABLE copy of the file exists. It becomes COPYING again, its locks REPLICATING, with a request
 * that may overwrite the bad bytes (the open declaration says so: claimRequests). Without another
 * good copy nothing is touched: the last bytes of a file, even doubtful ones, are not ours to
 * replace. Declarations about copies that are good again, or gone, are closed.
 */
export function necromancer(): Reconciler {
  return {
    name: 'necromancer',
    wakeOn: [Channel.BAD_REPLICAS],
    async reconcile(shift) {
      const limit = Math.min(shift.batch, BATCH_MAX);
      const replaced = await shift.db.tx((tx) => replace(tx, shift, limit));
      const closed = await shift.db.tx((tx) => closeDeclarations(tx, shift.now, limit));
      return {
        seen: replaced + closed,
        done: replaced + closed,
        failed: 0,
        more: replaced === limit || closed === limit,
      };
    },
  };
}

async function replace(tx: Tx, shift: Shift, limit: number): Promise<number> {
  const copies = await rows<CopyKey>(
    tx,
    sql`WITH replaced AS MATERIALIZED (${replaceBadCopies(limit)}),
          wanted AS (
            -- The request is made for the oldest rule that holds the copy.
            SELECT p.did_id, p.rse_id, p.bytes, l.rule_id, r.account_id, r.priority
              FROM replaced p
             CROSS JOIN LATERAL (SELECT rule_id FROM locks k
                                  WHERE k.did_id = p.did_id AND k.rse_id = p.rse_id
                                  ORDER BY rule_id LIMIT 1) l
              JOIN rules r ON r.id = l.rule_id),
          queued AS (${queueCopies(sql`
            SELECT did_id, rse_id, bytes, rule_id, account_id, ${lit(activityIndex('Recovery'))}::smallint AS activity,
                   priority, ${lit(RequestType.TRANSFER)}::"char" AS type,
                   ${lit(RequestState.QUEUED)}::"char" AS state FROM wanted`)})
        SELECT did_id AS "didId", rse_id AS "rseId" FROM replaced`,
  );
  if (copies.length === 0) return 0;
  await reopenCopies(tx, copies, shift.now);
  await ring(tx, Channel.REQUESTS);
  return copies.length;
}
