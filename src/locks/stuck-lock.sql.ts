import { execute, lit, sql, type Sql, type Tx } from '../db/index.js';
import { type RuleId } from '../vocabulary/index.js';

const DAY_SECONDS = 86_400;

export interface RetryTerms {
  readonly now: Date;
  /** Until the next try of a lock stuck for less than a day; two, three and four times as long after one, two and three days. */
  readonly lockRetrySeconds: number;
}

/**
 * CTE body: why locks are stuck and when to try again. `from` gives (did_id, rse_id, rule_id, cause,
 * source_rse_id, error, expected, found). A lock that sticks once more keeps `since` and counts the
 * attempt.
 */
export const recordStuckLocks = (from: Sql, terms: RetryTerms): Sql => sql`
  INSERT INTO stuck_locks AS s (did_id, rse_id, rule_id, cause, source_rse_id, error, expected, found,
                                attempts, since, last_at, next_try_at)
  SELECT f.did_id, f.rse_id, f.rule_id, f.cause, f.source_rse_id, f.error, f.expected, f.found, 1,
         ${terms.now}::timestamptz, ${terms.now}::timestamptz,
         ${terms.now}::timestamptz + make_interval(secs => ${terms.lockRetrySeconds}::int)
    FROM (${from}) f
   ORDER BY f.did_id, f.rse_id, f.rule_id
  ON CONFLICT (did_id, rse_id, rule_id) DO UPDATE
     SET cause = excluded.cause, source_rse_id = excluded.source_rse_id, error = excluded.error,
         expected = excluded.expected, found = excluded.found, attempts = s.attempts + 1,
         last_at = excluded.last_at,
         next_try_at = excluded.last_at + (excluded.next_try_at - excluded.last_at)
           * least(4, 1 + floor(extract(epoch FROM excluded.last_at - s.since) / ${lit(DAY_SECONDS)}))`;

/** CTE body: these copies are stuck no more. `from` gives (did_id, rse_id); every rule's record goes. */
export const clearStuckLocks = (from: Sql): Sql => sql`
  DELETE FROM stuck_locks s
   WHERE (s.did_id, s.rse_id) IN (SELECT f.did_id, f.rse_id FROM (${from}) f)`;

/** CTE body: records of locks that are gone. `from` gives (did_id, rse_id, rule_id). */
export const forgetStuckLocks = (from: Sql): Sql => sql`
  DELETE FROM stuck_locks s
   WHERE (s.did_id, s.rse_id, s.rule_id) IN (SELECT f.did_id, f.rse_id, f.rule_id FROM (${from}) f)`;

/** A rule's stuck locks are due now, whatever their spacing. Gives how many. */
export const hurryStuckLocks = (tx: Tx, ruleId: RuleId, now: Date): Promise<number> =>
  execute(
    tx,
    sql`UPDATE stuck_locks SET next_try_at = ${now}::timestamptz WHERE rule_id = ${ruleId}`,
  );
