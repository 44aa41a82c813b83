import { execute, isAmong, lit, lits, sql, type Sql, type Tx } from '../db/index.js';
import { activityIndex, Cause, type RuleId, SOURCE_CAUSES } from '../vocabulary/index.js';
import { isOfRule } from './lock.sql.js';

const DAY_SECONDS = 86_400;

export interface RetryTerms {
  readonly now: Date;
  /** Until the next try of a lock stuck for less than a day; so much more for each day that it has been. */
  readonly lockRetrySeconds: number;
  /** The longest wait for the next try. */
  readonly lockRetrySecondsMax: number;
  /** For rules of the activity Express, however long they have been stuck. */
  readonly expressRetrySeconds: number;
}

/** Stuck, and to be tried again as soon as somebody looks: waiting would mend nothing. */
export const retryAtOnce = (now: Date): RetryTerms => ({
  now,
  lockRetrySeconds: 0,
  lockRetrySecondsMax: 0,
  expressRetrySeconds: 0,
});

/** Condition on stuck lock `s`: it is stuck for want of a source, and so would be anywhere else. */
export const lacksSource: Sql = sql`s.cause IN (${lits([Cause.NO_SOURCE, Cause.FILE_LOST, ...SOURCE_CAUSES])})`;

/**
 * CTE body: why locks are stuck and when to try again. `from` gives (did_id, rse_id, rule_id, cause,
 * source_rse_id, error, expected, found). A lock that sticks once more keeps `since` and counts the
 * attempt; one whose last source proved wrong keeps that as its cause while there is no other source.
 */
export const recordStuckLocks = (from: Sql, terms: RetryTerms): Sql => sql`
  INSERT INTO stuck_locks AS s (did_id, rse_id, rule_id, cause, source_rse_id, error, expected, found,
                                attempts, since, last_at, next_try_at)
  SELECT f.did_id, f.rse_id, f.rule_id, f.cause, f.source_rse_id, f.error, f.expected, f.found, 1,
         ${terms.now}::timestamptz, ${terms.now}::timestamptz,
         ${terms.now}::timestamptz + make_interval(secs => ${waitSeconds(terms)})
    FROM (${from}) f
   ORDER BY f.did_id, f.rse_id, f.rule_id
  ON CONFLICT (did_id, rse_id, rule_id) DO UPDATE
     SET cause = ${unlessKnown(sql`cause`)}, source_rse_id = ${unlessKnown(sql`source_rse_id`)},
         error = ${unlessKnown(sql`error`)}, expected = ${unlessKnown(sql`expected`)},
         found = ${unlessKnown(sql`found`)}, attempts = s.attempts + 1,
         last_at = excluded.last_at, next_try_at = excluded.next_try_at`;

/** Seconds until the next try of lock `f`, by its rule's activity and how long it has been stuck. */
const waitSeconds = (terms: RetryTerms): Sql => sql`
  CASE WHEN (SELECT u.activity FROM rules u WHERE u.id = f.rule_id) = ${lit(activityIndex('Express'))}
       THEN ${terms.expressRetrySeconds}::float8
       ELSE least(${terms.lockRetrySecondsMax}::float8, ${terms.lockRetrySeconds}::float8 * (1 + coalesce((
         SELECT floor(extract(epoch FROM ${terms.now}::timestamptz - o.since) / ${lit(DAY_SECONDS)})
           FROM stuck_locks o
          WHERE o.did_id = f.did_id AND o.rse_id = f.rse_id AND ${isOfRule(sql`o`, sql`f.rule_id`)}), 0))) END`;

const unlessKnown = (column: Sql): Sql => sql`
  CASE WHEN excluded.cause IN (${lits([Cause.NO_SOURCE, Cause.FILE_LOST])}) AND s.cause IN (${lits(SOURCE_CAUSES)})
         OR excluded.cause = s.cause AND excluded.error IS NULL
       THEN s.${column} ELSE excluded.${column} END`;

/** CTE body: these copies are stuck no more. `from` gives (did_id, rse_id); every rule's record goes. */
export const clearStuckLocks = (from: Sql): Sql => sql`
  WITH mended AS MATERIALIZED (${from})
  DELETE FROM stuck_locks s WHERE ${isAmong('s', 'mended', ['did_id', 'rse_id'])}`;

/** CTE body: records of locks that are gone. `from` gives (did_id, rse_id, rule_id). */
export const forgetStuckLocks = (from: Sql): Sql => sql`
  WITH released AS MATERIALIZED (${from})
  DELETE FROM stuck_locks s WHERE ${isAmong('s', 'released', ['did_id', 'rse_id', 'rule_id'])}`;

/** A rule's stuck locks are due now, whatever their spacing. Gives how many. */
export const hurryStuckLocks = (tx: Tx, ruleId: RuleId, now: Date): Promise<number> =>
  execute(
    tx,
    sql`UPDATE stuck_locks SET next_try_at = ${now}::timestamptz WHERE rule_id = ${ruleId}`,
  );
