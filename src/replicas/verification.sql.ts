import { execute, lit, rows, sql, type Tx } from '../db/index.js';
import {
  type CopyKey,
  type DidId,
  type DidName,
  ReplicaState,
  type RseId,
} from '../vocabulary/index.js';
import { copyKeys } from './replica.sql.js';
import { CACHED_FROM } from './tombstone.js';

/** A copy as a trace names it. Nobody has checked that it exists. */
export interface TracedCopy extends DidName {
  readonly rse: string;
  /** When it was read, if not now. */
  readonly at?: Date;
}

/** Traced copies as rows (scope, name, rse, at), for FROM. */
const traced = (copies: readonly TracedCopy[], now: Date) => sql`
  unnest(${copies.map(({ scope }) => scope)}::text[], ${copies.map(({ name }) => name)}::text[],
         ${copies.map(({ rse }) => rse)}::text[], ${copies.map(({ at }) => at ?? now)}::timestamptz[])
    AS t(scope, name, rse, at)
  JOIN dids d ON d.scope = t.scope AND d.name = t.name
  JOIN rses e ON e.name = t.rse AND e.deleted_at IS NULL
  JOIN replicas r ON r.did_id = d.id AND r.rse_id = e.id`;

/** A copy that was read within so long is not written to for another reading. */
const TOUCH_SECONDS = 3600;

/**
 * Copies that somebody says to have read were accessed then. In key
 * order; those that somebody else holds are left: it does not matter. A cached copy, which goes when
 * space is needed, oldest first, is as old as its last access; what is to go at once still is.
 * Neither moves backwards. Gives how many were touched.
 */
export const touchCopies = (
  tx: Tx,
  copies: readonly TracedCopy[],
  now: Date,
  tombstoneDelaySeconds = 0,
): Promise<number> =>
  execute(
    tx,
    sql`UPDATE replicas r
           SET accessed_at = k.at,
               tombstone = CASE WHEN r.tombstone >= ${CACHED_FROM} AND r.state <> ${lit(ReplicaState.BEING_DELETED)}
                                THEN greatest(r.tombstone, k.at + make_interval(secs => k.delay)) ELSE r.tombstone END
          FROM (SELECT r.did_id, r.rse_id, t.at,
                       coalesce((SELECT CASE WHEN a.value ~ '^[0-9]{1,9}$' THEN a.value::int END FROM rse_attributes a
                                  WHERE a.rse_id = r.rse_id AND a.key = 'tombstone_delay'),
                                ${tombstoneDelaySeconds}::int) AS delay
                  FROM ${traced(copies, now)}
                 WHERE coalesce(r.accessed_at < t.at - make_interval(secs => ${lit(TOUCH_SECONDS)}), true)
                 ORDER BY r.did_id, r.rse_id FOR NO KEY UPDATE OF r SKIP LOCKED) k
         WHERE r.did_id = k.did_id AND r.rse_id = k.rse_id`,
  );

/** What we have seen right within so long is not looked at again because somebody says otherwise. */
const TRUST_SECONDS = 3600;

/**
 * Queues a look at AVAILABLE copies that somebody says to have read in vain. Nothing else follows
 * from it. Gives how many looks are new.
 */
export const askVerifications = (
  tx: Tx,
  copies: readonly TracedCopy[],
  now: Date,
): Promise<number> =>
  execute(
    tx,
    sql`INSERT INTO verifications (did_id, rse_id, asked_at, due_at)
        SELECT DISTINCT r.did_id, r.rse_id, ${now}::timestamptz, ${now}::timestamptz FROM ${traced(copies, now)}
         WHERE r.state = ${lit(ReplicaState.AVAILABLE)}
           AND coalesce(r.verified_at < ${now}::timestamptz - make_interval(secs => ${lit(TRUST_SECONDS)}), true)
         ORDER BY 1, 2
        ON CONFLICT (did_id, rse_id) DO NOTHING`,
  );

/** A copy to look at, with what it should be. */
export interface VerificationJob extends DidName {
  readonly didId: DidId;
  readonly rseId: RseId;
  readonly bytes: bigint;
  /** Two's complement, as stored. */
  readonly adler32: number | null;
  /** Only where the RSE is not deterministic. */
  readonly path: string | null;
  /** Counts from 1. */
  readonly attempt: number;
}

/** Takes looks that are due, until `until`; those at copies that are not AVAILABLE any more are dropped. */
export async function claimVerifications(
  tx: Tx,
  claim: { readonly now: Date; readonly until: Date },
  limit: number,
): Promise<VerificationJob[]> {
  const jobs = await rows<VerificationJob & { wanted: boolean }>(
    tx,
    sql`WITH picked AS MATERIALIZED (
          SELECT did_id, rse_id FROM verifications WHERE due_at <= ${claim.now}::timestamptz
           ORDER BY due_at LIMIT ${lit(limit)} FOR NO KEY UPDATE SKIP LOCKED),
        claimed AS (
          UPDATE verifications v SET due_at = ${claim.until}::timestamptz, attempt = v.attempt + 1
            FROM picked p WHERE v.did_id = p.did_id AND v.rse_id = p.rse_id
          RETURNING v.did_id, v.rse_id, v.attempt)
        SELECT c.did_id AS "didId", c.rse_id AS "rseId", c.attempt, d.scope, d.name, d.bytes, d.adler32, p.path,
               coalesce(r.state = ${lit(ReplicaState.AVAILABLE)} AND d.bytes IS NOT NULL, false) AS wanted
          FROM claimed c
          LEFT JOIN replicas r ON r.did_id = c.did_id AND r.rse_id = c.rse_id
          LEFT JOIN dids d ON d.id = c.did_id
          LEFT JOIN replica_paths p ON p.did_id = c.did_id AND p.rse_id = c.rse_id`,
  );
  await endVerifications(
    tx,
    jobs.filter(({ wanted }) => !wanted),
  );
  return jobs.filter(({ wanted }) => wanted);
}

/** These looks are over, whatever was seen. */
export const endVerifications = (tx: Tx, copies: readonly CopyKey[]): Promise<number> =>
  execute(
    tx,
    sql`DELETE FROM verifications v USING ${copyKeys(copies)} AS k(did_id, rse_id)
         WHERE v.did_id = k.did_id AND v.rse_id = k.rse_id`,
  );

/** Nothing could be seen: these looks are due again then. */
export const postponeVerifications = (
  tx: Tx,
  copies: readonly CopyKey[],
  due: Date,
): Promise<number> =>
  execute(
    tx,
    sql`UPDATE verifications v SET due_at = ${due}::timestamptz
          FROM ${copyKeys(copies)} AS k(did_id, rse_id)
         WHERE v.did_id = k.did_id AND v.rse_id = k.rse_id`,
  );

/** We have seen these copies whole. */
export const markVerified = (tx: Tx, copies: readonly CopyKey[], now: Date): Promise<number> =>
  execute(
    tx,
    sql`UPDATE replicas r SET verified_at = ${now}::timestamptz
          FROM (SELECT x.did_id, x.rse_id FROM replicas x
                 WHERE (x.did_id, x.rse_id) IN (SELECT k.did_id, k.rse_id FROM ${copyKeys(copies)} AS k(did_id, rse_id))
                   AND x.state = ${lit(ReplicaState.AVAILABLE)}
                 ORDER BY x.did_id, x.rse_id FOR NO KEY UPDATE) w
         WHERE r.did_id = w.did_id AND r.rse_id = w.rse_id`,
  );
