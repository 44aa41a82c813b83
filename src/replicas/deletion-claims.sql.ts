import { lit, lits, rows, sql, type Sql, type Tx } from '../db/index.js';
import {
  type DidId,
  ReplicaState,
  type ReplicaState as State,
  type RseId,
} from '../vocabulary/index.js';
import { hasAnother, isLast } from './last-copy.sql.js';
import { CACHED_FROM } from './tombstone.js';

const { AVAILABLE, BAD, BEING_DELETED, TEMPORARY_UNAVAILABLE, UNAVAILABLE } = ReplicaState;

/** The states a copy may be claimed in. BEING_DELETED: claims that ran out. */
const CLAIMABLE = [AVAILABLE, UNAVAILABLE, BAD, TEMPORARY_UNAVAILABLE, BEING_DELETED] as const;

/** Which copies of one RSE are looked at, and what is written to them. */
export interface ClaimSpec {
  readonly rseId: RseId;
  readonly now: Date;
  /** Tombstones in (from, to] are due. */
  readonly from: Date | null;
  readonly to: Date;
  /** See claimToken. */
  readonly token: string;
  /** The tombstones of refused copies: one for those that are to go at once, one for cached ones. */
  readonly putOff: { readonly urgent: Date; readonly cached: Date };
  /** The RSE wants another good copy in every case. */
  readonly keepLast: boolean;
  /** Stop when the claimed ones hold so many bytes. */
  readonly bytesWanted?: bigint;
  /** At most 5,000. */
  readonly limit: number;
}

/** A copy that is ours to delete, or that was refused and put off. */
export interface ClaimedCopy {
  readonly didId: DidId;
  readonly bytes: bigint;
  readonly claimed: boolean;
  /** What it was before: giving back wants to know it. BEING_DELETED: a claim that ran out. */
  readonly prior: State;
}

/**
 * A copy is claimed for deletion if and only if its tombstone is due, nothing locks it, no
 * evaluation is pending on its DID or anything above it, no request lives on the pair, and another
 * good copy exists where one must. Every copy that is looked at leaves the due range: claimed ones
 * until the lease ends, refused ones until later. Parents are looked at once each, upwards.
 *
 * What is said here of another good copy may be wrong a moment later, when another reaper has claimed
 * that one: verifyClaims asks again after the commit.
 */
export async function claimDue(tx: Tx, spec: ClaimSpec): Promise<ClaimedCopy[]> {
  return await rows<ClaimedCopy>(
    tx,
    sql`WITH RECURSIVE due AS MATERIALIZED (${dueCopies(spec)}),
        up1 AS MATERIALIZED (
          SELECT d.did_id, ct.parent_id FROM due d JOIN contents ct ON ct.child_id = d.did_id),
        up(root, node) AS (
          SELECT DISTINCT parent_id, parent_id FROM up1
          UNION
          SELECT up.root, ct.parent_id FROM up JOIN contents ct ON ct.child_id = up.node),
        heldroot AS (
          SELECT DISTINCT up.root FROM up
           WHERE EXISTS (SELECT FROM updated_dids u WHERE u.did_id = up.node OFFSET 0)),
        held AS (SELECT DISTINCT up1.did_id FROM up1 JOIN heldroot ON heldroot.root = up1.parent_id),
        verdict AS MATERIALIZED (
          SELECT d.did_id, d.rse_id, d.state AS prior,
            h.did_id IS NULL
            AND NOT EXISTS (SELECT FROM updated_dids u WHERE u.did_id = d.did_id OFFSET 0)
            AND EXISTS (SELECT FROM dids x WHERE x.id = d.did_id)
            AND NOT EXISTS (
              SELECT FROM requests q WHERE q.did_id = d.did_id AND q.rse_id = d.rse_id OFFSET 0)
            AND ${mayGo(spec)} AS ok
          FROM due d LEFT JOIN held h ON h.did_id = d.did_id)
        UPDATE replicas r
        SET state = CASE WHEN v.ok THEN ${lit(BEING_DELETED)} ELSE r.state END,
            tombstone = CASE WHEN v.ok THEN ${spec.token}::timestamptz
                             WHEN r.tombstone < ${CACHED_FROM} THEN ${spec.putOff.urgent}::timestamptz
                             ELSE ${spec.putOff.cached}::timestamptz END
        FROM verdict v WHERE r.did_id = v.did_id AND r.rse_id = v.rse_id
        RETURNING r.did_id AS "didId", r.bytes, v.ok AS claimed, v.prior`,
  );
}

/**
 * Whether the claim may have the copy `d`. One whose claim ran out is claimed in any case: nobody else
 * would ever look whether its bytes are still there.
 */
const mayGo = (spec: ClaimSpec): Sql => sql`(
  d.state = ${lit(BEING_DELETED)}
  OR NOT ${isLast(spec, 'd', sql`d.state <> ${lit(UNAVAILABLE)}`)})`;

/**
 * The copies a claim looks at: locked, oldest tombstone first, all states together. A claim for one
 * state would walk over the due copies of all others to find its own.
 */
function dueCopies(spec: ClaimSpec): Sql {
  const due = sql`
    SELECT r.did_id, r.rse_id, r.bytes, r.tombstone, r.state FROM replicas r
    WHERE r.rse_id = ${spec.rseId} AND r.tombstone <= ${spec.to}
      AND r.tombstone > ${spec.from ?? '-infinity'}::timestamptz
      AND r.lock_cnt = 0 AND r.state IN (${lits(CLAIMABLE)})
    ORDER BY r.tombstone LIMIT ${lit(Math.min(spec.limit, 5000))} FOR NO KEY UPDATE SKIP LOCKED`;
  if (spec.bytesWanted === undefined) return due;
  return sql`
    SELECT did_id, rse_id, bytes, state FROM (
      SELECT w.*, sum(w.bytes) OVER (ORDER BY w.tombstone, w.did_id) - w.bytes AS before
      FROM (${due}) w) counted
    WHERE before < ${spec.bytesWanted}`;
}

/** A claimed copy with all that its deletion needs. */
export interface VerifiedCopy {
  readonly didId: DidId;
  readonly bytes: bigint;
  readonly adler32: number | null;
  readonly scope: string;
  readonly name: string;
  /** Only where the RSE is not deterministic. */
  readonly path: string | null;
  /** A rule has met it meanwhile. */
  readonly locked: boolean;
  /** It must not go: no other good copy is left. */
  readonly last: boolean;
}

/** Claimed copies that were in one state before. */
export interface VerifySpec extends Pick<ClaimSpec, 'rseId' | 'now' | 'token' | 'keepLast'> {
  readonly prior: State;
}

/**
 * Looks at claimed copies again, in a fresh snapshot after the claim has been committed: only then
 * two reapers that each relied on the other's copy see it. A copy that a rule has met needs another
 * good one too: what is wanted again is not deleted while it is the last.
 */
export async function verifyClaims(
  tx: Tx,
  spec: VerifySpec,
  didIds: readonly DidId[],
): Promise<VerifiedCopy[]> {
  const arrived = spec.prior === UNAVAILABLE ? sql`false` : sql`true`;
  return await rows<VerifiedCopy>(
    tx,
    sql`SELECT r.did_id AS "didId", r.bytes, d.adler32, d.scope, d.name, p.path,
          r.lock_cnt > 0 AS locked,
          r.lock_cnt > 0 AND NOT ${hasAnother('r')} OR ${isLast(spec, 'r', arrived)} AS last
        FROM replicas r
        JOIN dids d ON d.id = r.did_id
        LEFT JOIN replica_paths p ON p.did_id = r.did_id AND p.rse_id = r.rse_id
        WHERE r.did_id = ANY(${[...didIds]}::bigint[]) AND r.rse_id = ${spec.rseId}
          AND ${ours(spec.token)}
        ORDER BY r.did_id`,
  );
}

/** What is ours: the claim's token, or a lock that took the tombstone away. */
export const ours = (token: string): Sql => sql`r.state = ${lit(BEING_DELETED)}
  AND (r.tombstone = ${token}::timestamptz OR r.lock_cnt > 0)`;
