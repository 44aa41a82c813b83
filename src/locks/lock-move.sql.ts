import { execute, isAmong, lit, one, rows, sql, type Sql, type Tx } from '../db/index.js';
import { type DidId, LockState, type RseId, type RuleId } from '../vocabulary/index.js';
import { isOfRule } from './lock.sql.js';

// New lock first: a lock moves by a second one at another RSE, and is let go when that one is OK. In
// between a rule has one lock more than it asks for, never one less.

/** Why locks move, and what becomes of the copies that they leave. */
export interface MoveReason {
  /** In one word: drain, rebalance, drift … */
  readonly cause: string;
  /** The copy is to go at once when nothing holds it any more. */
  readonly purge: boolean;
  readonly now: Date;
}

/**
 * CTE body: these locks are to move. `from` gives (did_id, rse_id, rule_id, target_rse_id); one that
 * moves already goes on as it does. Gives (did_id, rse_id, rule_id, target_rse_id).
 */
export const addMoves = (from: Sql, { cause, purge, now }: MoveReason): Sql => sql`
  INSERT INTO lock_moves (did_id, rse_id, rule_id, target_rse_id, purge, cause, since)
  SELECT f.did_id, f.rse_id, f.rule_id, f.target_rse_id, ${purge}::boolean, ${cause}::text, ${now}::timestamptz
    FROM (${from}) f
   ORDER BY f.did_id, f.rse_id, f.rule_id
  ON CONFLICT (did_id, rse_id, rule_id) DO NOTHING
  RETURNING did_id, rse_id, rule_id, target_rse_id`;

/** Condition on a lock `l`: another is to take its place. OFFSET 0: a probe a lock. */
export const isMoving = (lock: Sql): Sql => sql`EXISTS (
  SELECT FROM lock_moves v WHERE v.did_id = ${lock}.did_id AND v.rse_id = ${lock}.rse_id
     AND v.rule_id = ${lock}.rule_id OFFSET 0)`;

/** Locks that were to take a place have moved on themselves: what waits for them waits there. */
export async function followMoves(
  tx: Tx,
  ruleId: RuleId,
  moved: readonly { readonly didId: DidId; readonly origin: RseId; readonly target: RseId }[],
): Promise<void> {
  await execute(
    tx,
    sql`UPDATE lock_moves m SET target_rse_id = t.target
          FROM unnest(${moved.map(({ didId }) => didId)}::bigint[],
                      ${moved.map(({ origin }) => origin)}::int[],
                      ${moved.map(({ target }) => target)}::int[]) AS t(did_id, origin, target)
         WHERE m.did_id = t.did_id AND (m.rule_id + 0) = ${ruleId}::bigint
           AND m.target_rse_id = t.origin AND m.rse_id <> t.target`,
  );
}

/** The key of a move: where a look at all of them goes on. */
export interface MoveKey {
  readonly didId: DidId;
  readonly rseId: RseId;
  readonly ruleId: RuleId;
}

export const FIRST_MOVE: MoveKey = { didId: -1n, rseId: -1, ruleId: -1n };

/** Some of the moves there are, in the order of their keys: all after the one up to the other. */
export interface MovePage {
  readonly after: MoveKey;
  readonly last: MoveKey;
}

/** Which moves are looked at: a page of all there are, or those of a rule. */
export type MoveScope = MovePage | { readonly ruleId: RuleId };

/** The last of the next `limit` moves after a key; undefined where none is left. */
export const lastMove = (tx: Tx, after: MoveKey, limit: number): Promise<MoveKey | undefined> =>
  one<MoveKey>(
    tx,
    sql`SELECT p.did_id AS "didId", p.rse_id AS "rseId", p.rule_id AS "ruleId" FROM (
          SELECT did_id, rse_id, rule_id FROM lock_moves m WHERE ${isAfter(after)}
           ORDER BY did_id, rse_id, rule_id LIMIT ${lit(limit)}) p
         ORDER BY p.did_id DESC, p.rse_id DESC, p.rule_id DESC LIMIT 1`,
  );

const isAfter = ({ didId, rseId, ruleId }: MoveKey): Sql =>
  sql`(m.did_id, m.rse_id, m.rule_id) > (${didId}::bigint, ${rseId}::int, ${ruleId}::bigint)`;

const isIn = (scope: MoveScope): Sql =>
  'ruleId' in scope
    ? sql`m.rule_id = ${scope.ruleId}::bigint`
    : sql`(${isAfter(scope.after)} AND (m.did_id, m.rse_id, m.rule_id)
        <= (${scope.last.didId}::bigint, ${scope.last.rseId}::int, ${scope.last.ruleId}::bigint))`;

/**
 * Rows (did_id, rse_id, rule_id), at most so many: locks whose place another has taken, which is OK and
 * is held so until the transaction ends.
 */
export const replacedLocks = (scope: MoveScope, limit: number): Sql => sql`
  SELECT m.did_id, m.rse_id, m.rule_id
    FROM lock_moves m
    JOIN locks n ON n.did_id = m.did_id AND n.rse_id = m.target_rse_id AND ${isOfRule(sql`n`, sql`m.rule_id`)}
   WHERE ${isIn(scope)} AND n.state = ${lit(LockState.OK)}
   ORDER BY n.did_id, n.rse_id, n.rule_id LIMIT ${lit(limit)} FOR NO KEY UPDATE OF n`;

/** Moves that are over: the lock has gone, or the one that was to take its place. Gives how many. */
export const endMoves = (tx: Tx, scope: MoveScope): Promise<number> =>
  execute(
    tx,
    sql`WITH over AS MATERIALIZED (
        SELECT m.did_id, m.rse_id, m.rule_id FROM lock_moves m
         WHERE ${isIn(scope)}
           AND (NOT ${isThere(sql`m.rse_id`)} OR NOT ${isThere(sql`m.target_rse_id`)}))
      DELETE FROM lock_moves m WHERE ${isAmong('m', 'over', ['did_id', 'rse_id', 'rule_id'])}`,
  );

/** Locks of a rule that move from one RSE to another for the same reason. */
export interface Movement {
  readonly ruleId: RuleId;
  readonly rseId: RseId;
  readonly targetRseId: RseId;
  readonly cause: string;
  readonly copies: bigint;
  readonly bytes: bigint;
  /** Of the first of them. */
  readonly since: Date;
  /** Copies that are at their new place already. */
  readonly arrived: bigint;
}

/** What moves of these rules, most copies first; of at most so many locks. */
export const movementsOf = (
  tx: Tx,
  ruleIds: readonly RuleId[],
  limit: number,
): Promise<Movement[]> =>
  rows<Movement>(
    tx,
    sql`SELECT m.rule_id AS "ruleId", m.rse_id AS "rseId", m.target_rse_id AS "targetRseId", m.cause,
               count(*) AS copies, coalesce(sum(n.bytes), 0)::bigint AS bytes, min(m.since) AS since,
               count(*) FILTER (WHERE n.state = ${lit(LockState.OK)}) AS arrived
          FROM (SELECT * FROM lock_moves
                 WHERE rule_id = ANY (${[...ruleIds]}::bigint[]) LIMIT ${lit(limit)}) m
          LEFT JOIN locks n ON n.did_id = m.did_id AND n.rse_id = m.target_rse_id
           AND ${isOfRule(sql`n`, sql`m.rule_id`)}
         GROUP BY m.rule_id, m.rse_id, m.target_rse_id, m.cause
         ORDER BY count(*) DESC, m.rule_id, m.rse_id, m.target_rse_id`,
  );

const isThere = (rseId: Sql): Sql => sql`EXISTS (
  SELECT FROM locks l WHERE l.did_id = m.did_id AND l.rse_id = ${rseId}
     AND ${isOfRule(sql`l`, sql`m.rule_id`)} OFFSET 0)`;
