import { lit, only, sql, type Tx } from '../db/index.js';
import { stickLocks } from '../locks/index.js';
import { failCopies } from '../replicas/index.js';
import { cancelRequests, keepCancelled } from '../requests/index.js';
import { Cause, ReplicaState } from '../vocabulary/index.js';
import { type JudgeTerms, type Rule } from './rule.js';
import { stickFrom } from './settle-copies.js';

/**
 * Takes the requests of a rule's copies out of the queue: the copies are UNAVAILABLE, and every lock
 * on them is STUCK, whichever rule holds it. Statement by statement, as the finisher goes.
 */
export async function cancelTransfers(tx: Tx, rule: Rule, terms: JudgeTerms): Promise<void> {
  const copying = sql`
    SELECT r.did_id, r.rse_id FROM locks l JOIN replicas r ON r.did_id = l.did_id AND r.rse_id = l.rse_id
     WHERE l.rule_id = ${rule.id} AND r.state = ${lit(ReplicaState.COPYING)}`;
  const { didIds, rseIds } = await only<{ didIds: bigint[]; rseIds: number[] }>(
    tx,
    sql`WITH cancelled AS (${cancelRequests(copying)}),
      kept AS (${keepCancelled(sql`SELECT * FROM cancelled`, terms.now)}),
      failed AS (${failCopies(sql`SELECT did_id, rse_id FROM cancelled`)})
      SELECT coalesce(array_agg(did_id), '{}') AS "didIds", coalesce(array_agg(rse_id), '{}') AS "rseIds"
        FROM failed`,
  );
  const failures = sql`
    SELECT c.did_id, c.rse_id, ${lit(Cause.CANCELLED)} AS cause, NULL::int AS source_rse_id,
           NULL::text AS error, NULL::text AS expected, NULL::text AS found
      FROM unnest(${didIds}::bigint[], ${rseIds}::int[]) c(did_id, rse_id)`;
  await stickFrom(tx, stickLocks(failures), terms);
}
