import { isAmong, lit, sql, type Sql } from '../db/index.js';
import { type Cause, LockState, ReplicaState } from '../vocabulary/index.js';

// Pieces that change locks. Those that change a state give rows (rule_id, ok, replicating, stuck,
// error): what each lock adds to its rule's counters, as `recountRules` sums them.

/**
 * Condition on a lock that is found by its file, by a probe for each file: it is of this rule. The keys of
 * both indexes begin with the two, so that neither the file's other locks are read nor the rule's.
 */
export const isLockOf = (lock: Sql, rule: Sql): Sql => sql`${lock}.rule_id = ${rule}`;

/**
 * The same where a join might as well begin with the rule's locks: `+ 0` keeps it from the index on
 * rule_id. Of a rule younger than the last ANALYZE the planner expects one lock, and would walk all
 * that the rule has for every file (16 s for a slice instead of 0.2, measured).
 */
export const isOfRule = (lock: Sql, rule: Sql): Sql => sql`(${lock}.rule_id + 0) = ${rule}`;

/** The lock state that a copy's state stands for. */
export const stateOfCopy = (state: Sql): Sql => sql`
  CASE WHEN ${state} IN (${lit(ReplicaState.AVAILABLE)}, ${lit(ReplicaState.TEMPORARY_UNAVAILABLE)})
       THEN ${lit(LockState.OK)}::"char"
       WHEN ${state} = ${lit(ReplicaState.UNAVAILABLE)} THEN ${lit(LockState.STUCK)}::"char"
       ELSE ${lit(LockState.REPLICATING)}::"char" END`;

/**
 * CTE body: new locks. `from` gives (did_id, rse_id, bytes, state), the copy's state; the rule is the
 * same for all, or told by rows `f` of it. Gives (did_id, rse_id, rule_id, bytes, state), the lock's state.
 */
export const addLocks = (from: Sql, rule: Sql): Sql => sql`
  INSERT INTO locks (did_id, rse_id, rule_id, bytes, state)
  SELECT f.did_id, f.rse_id, ${rule}, f.bytes, ${stateOfCopy(sql`f.state`)}
    FROM (${from}) f
   ORDER BY f.did_id, f.rse_id
  RETURNING did_id, rse_id, rule_id, bytes, state`;

/** CTE body: every lock on a copy that has arrived is OK. `from` gives (did_id, rse_id), a copy once. */
export const confirmLocks = (from: Sql): Sql => sql`
  UPDATE locks l SET state = ${lit(LockState.OK)}
    FROM (${locksOn(from, sql`x.state IN (${lit(LockState.REPLICATING)}, ${lit(LockState.STUCK)})`)}) w
   WHERE l.did_id = w.did_id AND l.rse_id = w.rse_id AND ${isLockOf(sql`l`, sql`w.rule_id`)}
  RETURNING l.rule_id, 1 AS ok,
    -(w.was = ${lit(LockState.REPLICATING)})::int AS replicating,
    -(w.was = ${lit(LockState.STUCK)})::int AS stuck, NULL::text AS error`;

/** CTE body: the copy went bad, its locks wait for a new one. `from` gives (did_id, rse_id), a copy once. */
export const reopenLocks = (from: Sql): Sql => sql`
  UPDATE locks l SET state = ${lit(LockState.REPLICATING)}
    FROM (${locksOn(from, sql`x.state = ${lit(LockState.OK)}`)}) w
   WHERE l.did_id = w.did_id AND l.rse_id = w.rse_id AND ${isLockOf(sql`l`, sql`w.rule_id`)}
  RETURNING l.rule_id, -1 AS ok, 1 AS replicating, 0 AS stuck, NULL::text AS error`;

/** CTE body: a bad copy is made anew, and so is what was stuck for want of it. As `reopenLocks`. */
export const resumeLocks = (from: Sql): Sql => sql`
  UPDATE locks l SET state = ${lit(LockState.REPLICATING)}
    FROM (${locksOn(from, sql`x.state IN (${lit(LockState.OK)}, ${lit(LockState.STUCK)})`)}) w
   WHERE l.did_id = w.did_id AND l.rse_id = w.rse_id AND ${isLockOf(sql`l`, sql`w.rule_id`)}
  RETURNING l.rule_id, -(w.was = ${lit(LockState.OK)})::int AS ok, 1 AS replicating,
    -(w.was = ${lit(LockState.STUCK)})::int AS stuck, NULL::text AS error`;

/**
 * CTE body: the copy will not arrive. `from` gives (did_id, rse_id, cause, source_rse_id, error,
 * expected, found), a copy once. Besides the counters it gives the lock's key and the failure, for
 * `recordStuckLocks`.
 */
export const stickLocks = (from: Sql): Sql => sql`
  UPDATE locks l SET state = ${lit(LockState.STUCK)}
    FROM (SELECT x.did_id, x.rse_id, x.rule_id, f.cause, f.source_rse_id, f.error, f.expected, f.found
            FROM (${from}) f JOIN locks x ON x.did_id = f.did_id AND x.rse_id = f.rse_id
           WHERE x.state = ${lit(LockState.REPLICATING)}
           ORDER BY x.did_id, x.rse_id, x.rule_id FOR NO KEY UPDATE OF x) w
   WHERE l.did_id = w.did_id AND l.rse_id = w.rse_id AND ${isLockOf(sql`l`, sql`w.rule_id`)}
  RETURNING l.did_id, l.rse_id, l.rule_id, w.cause, w.source_rse_id, w.expected, w.found,
    0 AS ok, -1 AS replicating, 1 AS stuck, coalesce(w.error, w.cause) AS error`;

/** The locks on copies, locked in key order, with the state they have now as `was`. */
const locksOn = (from: Sql, condition: Sql): Sql => sql`
  SELECT x.did_id, x.rse_id, x.rule_id, x.state AS was
    FROM (${from}) f JOIN locks x ON x.did_id = f.did_id AND x.rse_id = f.rse_id
   WHERE ${condition}
   ORDER BY x.did_id, x.rse_id, x.rule_id FOR NO KEY UPDATE OF x`;

/**
 * CTE body: stuck locks of one rule follow their copies, which are tried again. `from` gives
 * (did_id, rse_id, state), the copy's state. Gives counters, as above.
 */
export const followCopies = (from: Sql, ruleId: bigint): Sql => sql`
  UPDATE locks l SET state = ${stateOfCopy(sql`f.state`)}
    FROM (${from}) f
   WHERE l.did_id = f.did_id AND l.rse_id = f.rse_id AND ${isOfRule(sql`l`, sql`${ruleId}::bigint`)}
     AND l.state = ${lit(LockState.STUCK)}
     AND f.state <> ${lit(ReplicaState.UNAVAILABLE)}
  RETURNING l.did_id, l.rse_id, l.rule_id, (l.state = ${lit(LockState.OK)})::int AS ok,
    (l.state = ${lit(LockState.REPLICATING)})::int AS replicating, -1 AS stuck, NULL::text AS error`;

/**
 * CTE body: takes at most `limit` locks off one rule. A lock that changes meanwhile may be left:
 * repeat until the rule has none. Gives (did_id, rse_id, rule_id, bytes, state).
 */
export const releaseLocks = (ruleId: bigint, limit: number): Sql => sql`
  DELETE FROM locks
   WHERE ctid = ANY (ARRAY(SELECT ctid FROM locks WHERE rule_id = ${ruleId}::bigint
                             ORDER BY rule_id, did_id LIMIT ${lit(limit)}))
  RETURNING did_id, rse_id, rule_id, bytes, state`;

/**
 * CTE body: takes the locks off rules whose rows are held, at most `most` of each. In the order of the
 * index, a probe a rule: else a rule that had all locks on the day of the last ANALYZE reads them all.
 * Gives as `releaseLocks`.
 */
export const releaseLocksOfEach = (ruleIds: readonly bigint[], most: number): Sql => sql`
  DELETE FROM locks
   WHERE ctid = ANY (ARRAY(
     SELECT l.ctid FROM unnest(${[...ruleIds]}::bigint[]) AS r(id) CROSS JOIN LATERAL (
       SELECT x.ctid FROM locks x WHERE x.rule_id = r.id
        ORDER BY x.rule_id, x.did_id LIMIT ${lit(most)}) l))
  RETURNING did_id, rse_id, rule_id, bytes, state`;

/** CTE body: takes these locks off. `from` gives (did_id, rse_id, rule_id). Gives as `releaseLocks`. */
export const releaseTheseLocks = (from: Sql): Sql => sql`
  WITH released AS MATERIALIZED (${from})
  DELETE FROM locks l WHERE ${isAmong('l', 'released', ['did_id', 'rse_id', 'rule_id'])}
  RETURNING l.did_id, l.rse_id, l.rule_id, l.bytes, l.state`;

/** CTE body: one rule's replicating locks are STUCK because somebody said so. Gives as `stickLocks`. */
export const stickLocksOfRule = (ruleId: bigint, cause: Cause): Sql => sql`
  UPDATE locks l SET state = ${lit(LockState.STUCK)}
   WHERE l.rule_id = ${ruleId}::bigint AND l.state = ${lit(LockState.REPLICATING)}
  RETURNING l.did_id, l.rse_id, l.rule_id, ${lit(cause)} AS cause, NULL::int AS source_rse_id,
    NULL::text AS expected, NULL::text AS found, 0 AS ok, -1 AS replicating, 1 AS stuck,
    NULL::text AS error`;
