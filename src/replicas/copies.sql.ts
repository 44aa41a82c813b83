import { lit, sql, type Sql } from '../db/index.js';
import { ReplicaState } from '../vocabulary/index.js';

/**
 * CTE body: one more lock on each copy, or as many as `locksOf` says of a row (did_id, rse_id); copies
 * are made where they are missing.
 *
 * `from` gives (did_id, rse_id, bytes, startable). A new copy is COPYING where it is startable and
 * UNAVAILABLE where it is not; an UNAVAILABLE one becomes COPYING. A copy in deletion keeps its
 * state and only counts the lock: forgetting it will find the lock.
 *
 * Gives (did_id, rse_id, bytes, state, fresh, wanted): `fresh` rows are new in the catalogue,
 * `wanted` ones need a request (QUEUED where COPYING, WAITING where BEING_DELETED).
 *
 * The old state is the one of the statement's snapshot. A copy that became UNAVAILABLE since then
 * stays so: its lock is stuck and tried again, instead of waiting for a request that nobody made.
 */
export const upsertCopies = (
  from: Sql,
  now: Date,
  locksOf: (copy: Sql) => Sql = () => sql`1`,
): Sql => sql`
  INSERT INTO replicas AS r (did_id, rse_id, bytes, state, lock_cnt, accessed_at)
  SELECT p.did_id, p.rse_id, p.bytes,
         CASE WHEN p.startable THEN ${lit(ReplicaState.COPYING)}::"char"
              ELSE ${lit(ReplicaState.UNAVAILABLE)}::"char" END,
         ${locksOf(sql`p`)}, ${now}::timestamptz
    FROM (${from}) p
   ORDER BY p.did_id, p.rse_id
  ON CONFLICT (did_id, rse_id) DO UPDATE
     SET lock_cnt = r.lock_cnt + excluded.lock_cnt,
         tombstone = NULL,
         state = CASE WHEN r.state = ${lit(ReplicaState.UNAVAILABLE)}
                       AND ${stateBefore} = ${lit(ReplicaState.UNAVAILABLE)}
                      THEN excluded.state ELSE r.state END
  RETURNING r.did_id, r.rse_id, r.bytes, r.state, (r.xmax = 0) AS fresh,
    CASE WHEN r.state = ${lit(ReplicaState.COPYING)}
         THEN r.xmax = 0 OR coalesce(${stateBefore} = ${lit(ReplicaState.UNAVAILABLE)}, false)
         ELSE r.state = ${lit(ReplicaState.BEING_DELETED)} AND r.lock_cnt = ${locksOf(sql`r`)} END AS wanted`;

/**
 * The state that `upsertCopies` gives copy `p` (did_id, rse_id, startable), unless somebody changes it
 * meanwhile. `+ 0`: by the file's key, which is next to what was read of it before.
 */
export const stateToBe: Sql = sql`
  coalesce((SELECT o.state FROM replicas o WHERE o.did_id = p.did_id AND (o.rse_id + 0) = p.rse_id
               AND o.state <> ${lit(ReplicaState.UNAVAILABLE)}),
           CASE WHEN p.startable THEN ${lit(ReplicaState.COPYING)}::"char"
                ELSE ${lit(ReplicaState.UNAVAILABLE)}::"char" END)`;

const stateBefore = sql`(SELECT o.state FROM replicas o WHERE o.did_id = r.did_id AND o.rse_id = r.rse_id)`;

export interface ReleaseTerms {
  readonly now: Date;
  /** For RSEs without an attribute `tombstone_delay`. */
  readonly tombstoneDelaySeconds: number;
}

/**
 * CTE body: takes locks off copies. `from` gives (did_id, rse_id, released, purge), a copy once.
 *
 * The last lock sets the tombstone: to the epoch (due at once) for `purge` and for what was never
 * AVAILABLE or is BAD, else to the last access plus the RSE's tombstone delay, else ours. A copy
 * still COPYING becomes UNAVAILABLE, and its request is to be cancelled.
 *
 * Gives (did_id, rse_id, bytes, state, lock_cnt, cancel): `cancel` where a request may be pending.
 */
export const releaseCopies = (from: Sql, terms: ReleaseTerms): Sql => sql`
  UPDATE replicas r
     SET lock_cnt = r.lock_cnt - g.released,
         state = CASE WHEN r.lock_cnt = g.released AND r.state = ${lit(ReplicaState.COPYING)}
                      THEN ${lit(ReplicaState.UNAVAILABLE)} ELSE r.state END,
         tombstone = CASE
           WHEN r.lock_cnt > g.released THEN NULL
           WHEN g.purge
             OR r.state NOT IN (${lit(ReplicaState.AVAILABLE)}, ${lit(ReplicaState.TEMPORARY_UNAVAILABLE)})
             OR coalesce(g.delay, 0) < 0
           THEN timestamptz 'epoch'
           ELSE coalesce(r.accessed_at, ${terms.now}::timestamptz)
                + make_interval(secs => coalesce(g.delay, ${terms.tombstoneDelaySeconds}::int)) END
    FROM (SELECT f.did_id, f.rse_id, f.released, f.purge, t.delay
            FROM (${from}) f
            LEFT JOIN (SELECT a.rse_id, CASE WHEN a.value ~ '^-?[0-9]{1,9}$' THEN a.value::int END AS delay
                         FROM rse_attributes a WHERE a.key = 'tombstone_delay') t
              ON t.rse_id = f.rse_id
           ORDER BY f.did_id, f.rse_id) g
   WHERE r.did_id = g.did_id AND r.rse_id = g.rse_id
  RETURNING r.did_id, r.rse_id, r.bytes, r.state, r.lock_cnt,
    (r.lock_cnt = 0 AND r.state IN (${lit(ReplicaState.UNAVAILABLE)}, ${lit(ReplicaState.BEING_DELETED)})) AS cancel`;

/**
 * CTE body: a stuck copy is wanted again. `from` gives (did_id, rse_id, startable), a copy once.
 * UNAVAILABLE and startable becomes COPYING.
 * Gives (did_id, rse_id, bytes, state, wanted): `wanted` rows need a request.
 */
export const restartCopies = (from: Sql): Sql => sql`
  UPDATE replicas r
     SET state = CASE WHEN o.state = ${lit(ReplicaState.UNAVAILABLE)} AND o.startable
                      THEN ${lit(ReplicaState.COPYING)} ELSE o.state END
    FROM (SELECT x.did_id, x.rse_id, x.state, f.startable
            FROM (${from}) f JOIN replicas x ON x.did_id = f.did_id AND x.rse_id = f.rse_id
           ORDER BY x.did_id, x.rse_id FOR NO KEY UPDATE OF x) o
   WHERE r.did_id = o.did_id AND r.rse_id = o.rse_id
  RETURNING r.did_id, r.rse_id, r.bytes, r.state,
    (o.state = ${lit(ReplicaState.UNAVAILABLE)} AND o.startable) AS wanted`;

/** CTE body: transfers that finally failed. `from` gives (did_id, rse_id): COPYING becomes UNAVAILABLE. */
export const failCopies = (from: Sql): Sql => sql`
  UPDATE replicas r SET state = ${lit(ReplicaState.UNAVAILABLE)}
    FROM (${from}) f
   WHERE r.did_id = f.did_id AND r.rse_id = f.rse_id AND r.state = ${lit(ReplicaState.COPYING)}
  RETURNING r.did_id, r.rse_id`;
