import { lit, rows, sql, type Sql, type Tx } from '../db/index.js';
import { isMoving, isOfRule, lacksSource } from '../locks/index.js';
import { failedDestinations } from '../requests/index.js';
import { type DidId, LockState, type RseId } from '../vocabulary/index.js';
import { type Candidate } from './copy-placement.js';
import { isLeaving } from './drift.sql.js';
import { type JudgeTerms, type Rule } from './rule.js';

export interface MoveTerms extends JudgeTerms {
  /** A lock that failed so often moves to another RSE, if the expression has one. */
  readonly moveAfterAttempts: number;
  /** Tired locks do not wait for their next try, and go nowhere where they have just failed. */
  readonly moveAtOnce?: boolean;
}

/** A lock that has failed too often, or where it cannot be. */
export interface TiredLock {
  readonly didId: DidId;
  readonly rseId: RseId;
}

/** Condition on stuck lock `s` and lock `l` of it. */
const isStuck = (rule: Rule): Sql => sql`
  l.did_id = s.did_id AND l.rse_id = s.rse_id AND ${isOfRule(sql`l`, sql`s.rule_id`)}
  AND s.rule_id = ${rule.id} AND l.state = ${lit(LockState.STUCK)}`;

/** The same, and its time has come. */
export const isDue = (rule: Rule, now: Date): Sql =>
  sql`${isStuck(rule)} AND s.next_try_at <= ${now}::timestamptz`;

/**
 * A lock without any source is no better off elsewhere; one that is on the move, or at an RSE that its
 * rule is leaving, is replaced before it goes.
 */
export const tiredLocks = (
  tx: Tx,
  rule: Rule,
  targets: readonly Candidate[],
  terms: MoveTerms,
): Promise<TiredLock[]> =>
  rows<TiredLock>(
    tx,
    sql`SELECT s.did_id AS "didId", s.rse_id AS "rseId" FROM stuck_locks s, locks l
         WHERE ${terms.moveAtOnce ? isStuck(rule) : isDue(rule, terms.now)} AND NOT ${isMoving(sql`l`)}
           AND (s.rse_id <> ALL (${targets.map(({ rseId }) => rseId)}::int[])
                OR s.attempts >= ${terms.moveAfterAttempts}::int AND NOT ${lacksSource})
           AND NOT ${isLeaving(sql`s`)}
         ORDER BY s.did_id, s.rse_id LIMIT ${lit(terms.sliceLocks)}`,
  );

/** Where locks that move at once may go: not to and fro between RSEs that have both just failed. */
export async function rested(
  tx: Tx,
  tired: readonly TiredLock[],
  targets: readonly Candidate[],
  terms: MoveTerms,
): Promise<readonly Candidate[]> {
  if (!terms.moveAtOnce) return targets;
  const since = new Date(terms.now.getTime() - terms.lockRetrySeconds * 1000);
  const files = [...new Set(tired.map(({ didId }) => didId))];
  const failed = await failedDestinations(tx, files, since);
  return targets.filter(({ rseId }) => !failed.includes(rseId));
}
