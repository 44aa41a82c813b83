import { execute, lit, lits, only, rows, sql, type Sql, type Tx } from '../db/index.js';
import { loseFiles, regainFiles } from '../dids/index.js';
import { EventType, tellFrom } from '../messages/index.js';
import {
  BadFileState,
  type CopyKey,
  DidAvailability,
  type DidId,
  LockState,
  ReplicaState,
} from '../vocabulary/index.js';
import { copyKeys } from './replica.sql.js';

const { AVAILABLE, BAD, BEING_DELETED, COPYING, TEMPORARY_UNAVAILABLE } = ReplicaState;

/** A copy that is not made within so long is not waited for. */
const PATIENCE_SECONDS = 86_400;

/** Copies with their names: rows (did_id, rse_id, scope, name, rse), in no order. */
export const namedCopiesFrom = (copies: readonly CopyKey[]): Sql => sql`
  SELECT k.did_id, k.rse_id, d.scope, d.name, e.name AS rse
    FROM ${copyKeys(copies)} AS k(did_id, rse_id)
    JOIN dids d ON d.id = k.did_id JOIN rses e ON e.id = k.rse_id`;

/**
 * Condition on DID `d`: a copy of it was declared bad, and none is good, rests, or may become good by
 * itself (it is being written, or a reaper has not decided yet). What is expiring ends anyway.
 */
const isLost = (now: Date): Sql => sql`(
  (d.expired_at IS NULL OR d.expired_at > ${now}::timestamptz)
  AND EXISTS (SELECT FROM replicas x WHERE x.did_id = d.id AND x.state = ${lit(BAD)})
  AND NOT EXISTS (
    SELECT FROM replicas o WHERE o.did_id = d.id
       AND (o.state IN (${lits([AVAILABLE, TEMPORARY_UNAVAILABLE, BEING_DELETED])})
         OR (o.state = ${lit(COPYING)}
             AND (o.accessed_at > ${now}::timestamptz - make_interval(secs => ${lit(PATIENCE_SECONDS)})
               OR EXISTS (SELECT FROM requests q WHERE q.did_id = o.did_id AND q.rse_id = o.rse_id))))))`;

/**
 * Marks files LOST of which an open declaration took the last good copy: their declarations are LOST
 * too, and each dataset that holds one is told. The DIDs are held first and asked about again in a
 * second snapshot: a copy that came while the first one waited is seen. Gives how many files, and
 * their bad copies that locks hold.
 */
export async function markLost(
  tx: Tx,
  now: Date,
  limit: number,
): Promise<{ files: number; copies: CopyKey[] }> {
  const held = await rows<{ id: DidId }>(
    tx,
    sql`SELECT d.id FROM dids d
         WHERE d.id IN (SELECT b.did_id FROM bad_replicas b WHERE b.state = ${lit(BadFileState.BAD)})
           AND ${isLost(now)}
         ORDER BY d.id LIMIT ${lit(limit)} FOR NO KEY UPDATE SKIP LOCKED`,
  );
  if (held.length === 0) return { files: 0, copies: [] };
  const ids = held.map(({ id }) => id);
  const { files, copies } = await only<{ files: number; copies: [string, number][] | null }>(
    tx,
    sql`WITH lost AS MATERIALIZED (
          SELECT d.id AS did_id FROM dids d WHERE d.id = ANY(${ids}::bigint[]) AND ${isLost(now)}),
        marked AS (${loseFiles(sql`SELECT did_id FROM lost`, now)}),
        declared AS (
          UPDATE bad_replicas b SET state = ${lit(BadFileState.LOST)}, updated_at = ${now}::timestamptz
           WHERE b.did_id IN (SELECT did_id FROM lost) AND b.state = ${lit(BadFileState.BAD)}),
        told AS (${tellFrom(EventType.LOST, lostPayloads(sql`SELECT did_id FROM marked`))})
        SELECT count(*)::int AS files,
          (SELECT jsonb_agg(jsonb_build_array(r.did_id::text, r.rse_id)) FROM replicas r
            WHERE r.did_id IN (SELECT did_id FROM lost) AND r.state = ${lit(BAD)} AND r.lock_cnt > 0) AS copies
          FROM lost`,
  );
  const keys = (copies ?? []).map(([didId, rseId]) => ({ didId: BigInt(didId), rseId }));
  return { files, copies: keys };
}

/** Rucio's payload: the file and a dataset that holds it, one for each; null where none does. */
const lostPayloads = (files: Sql): Sql => sql`
  SELECT jsonb_build_object('scope', d.scope, 'name', d.name, 'dataset_scope', p.scope,
                            'dataset_name', p.name) AS payload
    FROM dids d
    LEFT JOIN contents ct ON ct.child_id = d.id
    LEFT JOIN dids p ON p.id = ct.parent_id
   WHERE d.id IN (${files})`;

/**
 * Files that have a good copy are not lost any more; what is still bad of them waits for its
 * replacement again. Gives how many were lost.
 */
export async function regainLost(tx: Tx, didIds: readonly DidId[], now: Date): Promise<number> {
  if (didIds.length === 0) return 0;
  const regained = await rows<{ didId: DidId }>(
    tx,
    sql`WITH regained AS (
          ${regainFiles(sql`SELECT unnest(${[...didIds]}::bigint[]) AS did_id`, now)})
        SELECT did_id AS "didId" FROM regained`,
  );
  if (regained.length === 0) return 0;
  const ids = sql`${regained.map(({ didId }) => didId)}::bigint[]`;
  await execute(
    tx,
    sql`WITH told AS (${tellFrom(
      EventType.FOUND,
      sql`SELECT jsonb_build_object('scope', d.scope, 'name', d.name) AS payload FROM dids d WHERE d.id = ANY(${ids})`,
    )})
        UPDATE bad_replicas b SET state = ${lit(BadFileState.BAD)}, updated_at = ${now}::timestamptz
          FROM replicas r
         WHERE b.did_id = ANY(${ids}) AND b.state = ${lit(BadFileState.LOST)}
           AND r.did_id = b.did_id AND r.rse_id = b.rse_id AND r.state = ${lit(BAD)}`,
  );
  return regained.length;
}

/** What was found in a look at some of the lost files. */
export interface LostSweep {
  /** Where the next look begins; null after the last one. */
  readonly next: DidId | null;
  /** Files that have a good copy. */
  readonly found: readonly DidId[];
  /** Bad copies of the others that a lock waits for, as if there were hope. */
  readonly hoped: readonly CopyKey[];
}

/** Looks at up to `limit` lost files after one: what came back, and what waits in vain. */
export async function sweepLost(tx: Tx, after: DidId, limit: number): Promise<LostSweep> {
  const page = await rows<{ id: DidId; found: boolean }>(
    tx,
    sql`SELECT d.id, EXISTS (SELECT FROM replicas r WHERE r.did_id = d.id
                 AND r.state IN (${lits([AVAILABLE, TEMPORARY_UNAVAILABLE])})) AS found
          FROM dids d WHERE d.availability = ${lit(DidAvailability.LOST)} AND d.id > ${after}
         ORDER BY d.id LIMIT ${lit(limit)}`,
  );
  const gone = page.filter(({ found }) => !found).map(({ id }) => id);
  const hoped = await rows<CopyKey>(
    tx,
    sql`SELECT r.did_id AS "didId", r.rse_id AS "rseId" FROM replicas r
         WHERE r.did_id = ANY(${gone}::bigint[]) AND r.state = ${lit(BAD)} AND r.lock_cnt > 0
           AND EXISTS (SELECT FROM locks l WHERE l.did_id = r.did_id AND l.rse_id = r.rse_id
                          AND l.state = ${lit(LockState.REPLICATING)})
         ORDER BY r.did_id, r.rse_id`,
  );
  const last = page.at(-1);
  return {
    next: last && page.length === limit ? last.id : null,
    found: page.filter(({ found }) => found).map(({ id }) => id),
    hoped,
  };
}
