import { execute, lit, sql, type Sql, type Tx } from '../db/index.js';
import { Cause, LockState, RequestState, type RuleId } from '../vocabulary/index.js';

/**
 * CTE body: wished transfers. `from` gives (did_id, rse_id, bytes, rule_id, account_id, activity,
 * priority, type, state). A copy has one request at most: who comes second shares it.
 * A WAITING one has no due time here: it waits for the copy in its way to be forgotten.
 * Gives (did_id, rse_id, bytes, rule_id, activity, type, state, attempt, uid), which is to be told: tellQueued.
 */
export const queueCopies = (from: Sql): Sql => sql`
  INSERT INTO requests (did_id, rse_id, bytes, rule_id, account_id, activity, priority, type, state)
  SELECT f.did_id, f.rse_id, f.bytes, f.rule_id, f.account_id, f.activity, f.priority, f.type, f.state
    FROM (${from}) f
   ORDER BY f.did_id, f.rse_id
  ON CONFLICT (did_id, rse_id) DO NOTHING
  RETURNING did_id, rse_id, bytes, rule_id, activity, type, state, attempt, uid`;

/** CTE body: takes requests out of the queue. `from` gives (did_id, rse_id); gives whole requests. */
export const cancelRequests = (from: Sql): Sql => sql`
  DELETE FROM requests q WHERE q.id = ANY (ARRAY(${requestsOf(from)})) RETURNING q.*`;

/** The ids of the requests for copies, one probe a copy: never the whole queue, whatever ANALYZE saw. */
const requestsOf = (copies: Sql): Sql => sql`
  SELECT x.id FROM (${copies}) f
   CROSS JOIN LATERAL (
     SELECT n.id FROM requests n WHERE n.did_id = f.did_id AND n.rse_id = f.rse_id OFFSET 0) x`;

/** CTE body: remembers cancelled requests. `from` gives whole requests, as `cancelRequests` does. */
export const keepCancelled = (from: Sql, now: Date): Sql => sql`
  INSERT INTO requests_history (
    id, did_id, rule_id, bytes, bytes_moved, created_at, due_at, claimed_until, submitted_at,
    started_at, finished_at, rse_id, source_rse_id, account_id, activity, priority, attempt, type,
    state, overwrite, leftover, uid, claimed_by, tool, external_id, cause, error, expected, found,
    archived_at)
  SELECT id, did_id, rule_id, bytes, bytes_moved, created_at, due_at, claimed_until, submitted_at,
         started_at, ${now}::timestamptz, rse_id, source_rse_id, account_id, activity, priority, attempt,
         type, ${lit(RequestState.FAILED)}, overwrite, state = ${lit(RequestState.SUBMITTED)}, uid, claimed_by, tool, external_id,
         ${lit(Cause.CANCELLED)}, error, expected, found, ${now}::timestamptz
    FROM (${from}) c`;

/** What a rule asks of its transfers. A missing key stays as it is. */
export interface Urgency {
  readonly priority?: number;
  readonly activity?: number;
  readonly accountId?: number;
}

/**
 * The requests of rules' copies follow their priority, activity and account; one under way goes on
 * and counts for its new activity. One that was made for another rule follows a higher priority and
 * nothing else. Gives how many there are.
 */
export const reprioritiseRequests = (
  tx: Tx,
  ruleIds: readonly RuleId[],
  urgency: Urgency,
): Promise<number> => {
  const ids = sql`${[...ruleIds]}::bigint[]`;
  const ours = sql`(q.rule_id = ANY (${ids})) IS TRUE`;
  const { priority = null, activity = null, accountId = null } = urgency;
  return execute(
    tx,
    sql`UPDATE requests q
           SET priority = CASE WHEN ${ours} THEN coalesce(${priority}::smallint, q.priority)
                               ELSE greatest(q.priority, ${priority}::smallint) END,
               activity = CASE WHEN ${ours} THEN coalesce(${activity}::smallint, q.activity) ELSE q.activity END,
               account_id = CASE WHEN ${ours} THEN coalesce(${accountId}::int, q.account_id) ELSE q.account_id END
         WHERE q.id = ANY (ARRAY(${requestsOf(sql`
           SELECT l.did_id, l.rse_id FROM locks l
            WHERE l.rule_id = ANY (${ids}) AND l.state = ${lit(LockState.REPLICATING)}`)}))`,
  );
};
