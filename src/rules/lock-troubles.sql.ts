import { lit, rows, sql, type Sql, type Tx } from '../db/index.js';
import { isOfRule } from '../locks/index.js';
import {
  BadFileState,
  Cause,
  type DidId,
  LockState,
  ReplicaState,
  type RseId,
  type RuleId,
} from '../vocabulary/index.js';

/** Why a lock is not OK: its last failure. */
export interface LockTrouble {
  readonly scope: string;
  readonly name: string;
  readonly rseId: RseId;
  readonly didId: DidId;
  readonly stuck: boolean;
  /** How often the copy was tried: movements that began, or looks of the repairer. */
  readonly attempts: number;
  readonly cause: string;
  readonly error: string | null;
  readonly expected: string | null;
  readonly found: string | null;
  readonly sourceRseId: RseId | null;
  readonly lastAt: Date | null;
  /** Since when it is stuck; null where it is not. */
  readonly since: Date | null;
  readonly nextTryAt: Date | null;
  /** Where copies are. */
  readonly sources: readonly RseId[];
  /** The newest declaration of a bad copy of the file, where that is why there is no source. */
  readonly badRseId: RseId | null;
  readonly badReason: string | null;
}

const TROUBLES = 1000;

/** Stuck locks of a rule, with why. */
const stuckLocks = (ruleId: RuleId): Sql => sql`
  SELECT s.did_id, s.rse_id, l.state = ${lit(LockState.STUCK)} AS stuck, s.attempts, s.cause, s.error,
         s.expected, s.found, s.source_rse_id, s.last_at, s.since, s.next_try_at
    FROM stuck_locks s
    JOIN locks l ON l.did_id = s.did_id AND l.rse_id = s.rse_id AND ${isOfRule(sql`l`, sql`s.rule_id`)}
   WHERE s.rule_id = ${ruleId}`;

/** Locks that are still tried, and were not stuck before: what failed last. */
const failedRequests = (ruleId: RuleId): Sql => sql`
  SELECT q.did_id, q.rse_id, false, q.attempt, q.cause, q.error, q.expected, q.found,
         q.source_rse_id, q.finished_at, NULL::timestamptz, q.due_at
    FROM locks l JOIN requests q ON q.did_id = l.did_id AND q.rse_id = l.rse_id
   WHERE l.rule_id = ${ruleId} AND l.state = ${lit(LockState.REPLICATING)} AND q.cause IS NOT NULL
     AND NOT EXISTS (SELECT FROM stuck_locks s WHERE s.did_id = l.did_id AND s.rse_id = l.rse_id
                        AND ${isOfRule(sql`s`, sql`l.rule_id`)})`;

/** Locks on a copy that went bad and that nothing has replaced. */
const badCopies = (ruleId: RuleId): Sql => sql`
  SELECT l.did_id, l.rse_id, false, 0, coalesce(b.cause, ${lit(Cause.NO_SOURCE)}), b.reason, NULL, NULL,
         NULL::int, b.updated_at, NULL::timestamptz, NULL::timestamptz
    FROM locks l
    JOIN replicas r ON r.did_id = l.did_id AND r.rse_id = l.rse_id AND r.state = ${lit(ReplicaState.BAD)}
    CROSS JOIN LATERAL (SELECT cause, reason, updated_at FROM bad_replicas b
                         WHERE b.did_id = l.did_id AND b.rse_id = l.rse_id AND b.state = ${lit(BadFileState.BAD)}
                         ORDER BY b.id DESC LIMIT 1) b
   WHERE l.rule_id = ${ruleId} AND l.state = ${lit(LockState.REPLICATING)}`;

/** Movements to a copy that began since the rule was made. */
const movements = (ruleId: RuleId): Sql => sql`
  (SELECT count(*)::int FROM requests_history h
    WHERE h.did_id = t.did_id AND h.rse_id = t.rse_id AND h.submitted_at IS NOT NULL
      AND h.archived_at >= (SELECT u.created_at FROM rules u WHERE u.id = ${ruleId}))`;

/**
 * The locks of a rule that are not OK and why: stuck ones, those still tried whose request has failed
 * before, and those on a bad copy. At most 1,000, so that an answer has an end.
 */
export const lockTroubles = (tx: Tx, ruleId: RuleId): Promise<LockTrouble[]> =>
  rows<LockTrouble>(
    tx,
    sql`WITH t AS MATERIALIZED (
          SELECT * FROM (${stuckLocks(ruleId)} UNION ALL ${failedRequests(ruleId)} UNION ALL ${badCopies(ruleId)}) a
           ORDER BY did_id, rse_id LIMIT ${lit(TROUBLES)})
        SELECT d.scope, d.name, t.rse_id AS "rseId", t.did_id AS "didId", t.stuck,
               greatest(t.attempts, ${movements(ruleId)}) AS attempts, t.cause,
               t.error, t.expected, t.found, t.source_rse_id AS "sourceRseId", t.last_at AS "lastAt",
               t.since, t.next_try_at AS "nextTryAt", b.rse_id AS "badRseId", b.reason AS "badReason",
               ARRAY(SELECT o.rse_id FROM replicas o WHERE o.did_id = t.did_id
                        AND o.state = ${lit(ReplicaState.AVAILABLE)} ORDER BY o.rse_id) AS sources
          FROM t JOIN dids d ON d.id = t.did_id
          LEFT JOIN LATERAL (
            SELECT x.rse_id, x.reason FROM bad_replicas x
             WHERE x.did_id = t.did_id AND x.state = ${lit(BadFileState.BAD)} AND t.cause = ${lit(Cause.NO_SOURCE)}
             ORDER BY x.id DESC LIMIT 1) b ON true
         ORDER BY t.did_id, t.rse_id`,
  );
