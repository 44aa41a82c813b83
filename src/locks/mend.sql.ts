import { execute, lit, lits, rows, sql, type Sql, type Tx } from '../db/index.js';
import { Cause, type DidId, LockState, type RseId, type RuleId } from '../vocabulary/index.js';
import { forgetStuckLocks, recordStuckLocks, type RetryTerms } from './stuck-lock.sql.js';
import { isOfRule, releaseTheseLocks } from './lock.sql.js';

// What the doctor does to locks.

/** The key of a lock. */
export interface LockKey {
  readonly didId: DidId;
  readonly rseId: RseId;
  readonly ruleId: RuleId;
}

/** Locks as a set of rows (did_id, rse_id, rule_id). */
export const lockKeys = (locks: readonly LockKey[]): Sql => sql`
  SELECT * FROM unnest(${locks.map(({ didId }) => didId)}::bigint[], ${locks.map(({ rseId }) => rseId)}::int[],
                       ${locks.map(({ ruleId }) => ruleId)}::bigint[]) AS k(did_id, rse_id, rule_id)`;

/** Holds locks in key order until the transaction ends. */
export const holdLocks = (tx: Tx, locks: readonly LockKey[]): Promise<number> =>
  execute(
    tx,
    sql`SELECT FROM locks l JOIN (${lockKeys(locks)}) k ON k.did_id = l.did_id AND k.rse_id = l.rse_id
           AND ${isOfRule(sql`l`, sql`k.rule_id`)}
         ORDER BY l.did_id, l.rse_id, l.rule_id FOR UPDATE OF l`,
  );

/** What a lock held, once it is gone. */
export interface DroppedLock extends LockKey {
  readonly bytes: bigint;
}

/** Takes locks away, and why they were stuck. Counters, copies and charges are the caller's. */
export const dropLocks = (tx: Tx, locks: readonly LockKey[]): Promise<DroppedLock[]> =>
  rows<DroppedLock>(
    tx,
    sql`WITH gone AS (${releaseTheseLocks(lockKeys(locks))}),
          forgotten AS (${forgetStuckLocks(sql`SELECT did_id, rse_id, rule_id FROM gone`)})
        SELECT did_id AS "didId", rse_id AS "rseId", rule_id AS "ruleId", bytes FROM gone`,
  );

/** Locks are as large as their files. Gives what each charges more. */
export const adoptLockBytes = (tx: Tx, didIds: readonly DidId[]): Promise<DroppedLock[]> =>
  rows<DroppedLock>(
    tx,
    sql`UPDATE locks l SET bytes = o.bytes
          FROM (SELECT x.did_id, x.rse_id, x.rule_id, x.bytes AS was, coalesce(d.bytes, 0) AS bytes
                  FROM locks x JOIN dids d ON d.id = x.did_id
                 WHERE x.did_id = ANY (${[...didIds]}::bigint[]) AND coalesce(d.bytes, 0) <> x.bytes
                 ORDER BY x.did_id, x.rse_id, x.rule_id FOR NO KEY UPDATE OF x) o
         WHERE l.did_id = o.did_id AND l.rse_id = o.rse_id AND ${isOfRule(sql`l`, sql`o.rule_id`)}
        RETURNING l.did_id AS "didId", l.rse_id AS "rseId", l.rule_id AS "ruleId", o.bytes - o.was AS bytes`,
  );

/** Stuck locks of which nobody knows why: to be tried again at once. */
export const causeUnknown = (
  tx: Tx,
  locks: readonly LockKey[],
  terms: RetryTerms,
): Promise<number> =>
  execute(
    tx,
    recordStuckLocks(
      sql`SELECT k.did_id, k.rse_id, k.rule_id, ${lit(Cause.LOST_WORKER)} AS cause, NULL::int AS source_rse_id,
                 'nobody knows why it is stuck' AS error, NULL::text AS expected, NULL::text AS found
            FROM (${lockKeys(locks)}) k`,
      terms,
    ),
  );

/** Causes of locks that are OK or gone. */
export const forgetCauses = (tx: Tx, locks: readonly LockKey[]): Promise<number> =>
  execute(
    tx,
    forgetStuckLocks(
      sql`SELECT k.did_id, k.rse_id, k.rule_id FROM (${lockKeys(locks)}) k
           WHERE NOT EXISTS (SELECT FROM locks l WHERE l.did_id = k.did_id AND l.rse_id = k.rse_id
                    AND ${isOfRule(sql`l`, sql`k.rule_id`)}
                    AND l.state IN (${lits([LockState.STUCK, LockState.REPLICATING])}))`,
    ),
  );
