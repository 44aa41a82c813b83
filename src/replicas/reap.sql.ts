import { execute, ident, lit, lits, only, rows, sql, type Sql, type Tx } from '../db/index.js';
import { addRseUsage } from '../rses/index.js';
import {
  type CopyKey,
  type DidId,
  ReplicaState,
  type ReplicaState as State,
  type RseId,
} from '../vocabulary/index.js';
import { type Deletion, tellDeleted, tellIncomplete } from './told.sql.js';
import { CACHED_FROM } from './tombstone.js';

const { AVAILABLE, BAD, BEING_DELETED, COPYING, TEMPORARY_UNAVAILABLE, UNAVAILABLE } = ReplicaState;

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
 * Whether a copy of the alias `r` needs another good copy before it goes: its RSE or scope keeps the
 * last copy in every case, or its DID has not expired and its protection ended by side effect or a
 * rule holds the file elsewhere, where it may still have to come to. What never arrived is no source
 * for that. Whether any scope keeps its last copies is asked once a statement, of which once a copy.
 */
const needsAnother = (
  spec: Pick<ClaimSpec, 'keepLast' | 'now'>,
  r: string,
  arrived: Sql,
): Sql => sql`(
  ${spec.keepLast}::boolean
  OR (EXISTS (SELECT FROM settings WHERE section = 'keep_last_copy' AND value = 'true')
      AND EXISTS (SELECT FROM dids k JOIN settings s
                    ON s.section = 'keep_last_copy' AND s.option = k.scope AND s.value = 'true'
                  WHERE k.id = ${ident(`${r}.did_id`)}))
  OR ((EXISTS (SELECT FROM guarded_copies g
               WHERE g.did_id = ${ident(`${r}.did_id`)} AND g.rse_id = ${ident(`${r}.rse_id`)} OFFSET 0)
       OR (${arrived} AND ${isHeldElsewhere(r)}))
      AND NOT EXISTS (SELECT FROM dids x WHERE x.id = ${ident(`${r}.did_id`)}
                      AND (x.expired_at <= ${spec.now} OR x.obsolete))))`;

/**
 * Whether a rule holds the file of copy `r`, which nothing locks, at another RSE. OFFSET 0: a probe a
 * copy, never all the locks there are.
 */
const isHeldElsewhere = (r: string): Sql =>
  sql`EXISTS (SELECT FROM locks l WHERE l.did_id = ${ident(`${r}.did_id`)} OFFSET 0)`;

const hasAnother = (r: string): Sql => sql`EXISTS (
  SELECT FROM replicas o WHERE o.did_id = ${ident(`${r}.did_id`)}
    AND o.rse_id <> ${ident(`${r}.rse_id`)} AND o.state = ${lit(AVAILABLE)})`;

/**
 * A copy is claimed for deletion if and only if its tombstone is due, nothing locks it, no
 * evaluation is pending on its DID or anything above it, no request lives on the pair, and another
 * good copy exists where one must. Every copy that is looked at leaves the due range: claimed ones
 * until the lease ends, refused ones until later. Parents are looked at once each, upwards.
 *
 * What "another good copy" says here may be wrong a moment later, when another reaper has claimed
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
  OR NOT ${needsAnother(spec, 'd', sql`d.state <> ${lit(UNAVAILABLE)}`)}
  OR ${hasAnother('d')})`;

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

/** What is ours: the claim's token, or a lock that took the tombstone away. */
const ours = (token: string): Sql => sql`r.state = ${lit(BEING_DELETED)}
  AND (r.tombstone = ${token}::timestamptz OR r.lock_cnt > 0)`;

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
          (r.lock_cnt > 0 OR ${needsAnother(spec, 'r', arrived)}) AND NOT ${hasAnother('r')} AS last
        FROM replicas r
        JOIN dids d ON d.id = r.did_id
        LEFT JOIN replica_paths p ON p.did_id = r.did_id AND p.rse_id = r.rse_id
        WHERE r.did_id = ANY(${[...didIds]}::bigint[]) AND r.rse_id = ${spec.rseId}
          AND ${ours(spec.token)}
        ORDER BY r.did_id`,
  );
}

/** Moves the lease on. Gives the copies whose lease was moved; others are locked or no longer ours. */
export async function renewClaims(
  tx: Tx,
  claim: { readonly rseId: RseId; readonly token: string; readonly next: string },
  didIds: readonly DidId[],
): Promise<Set<DidId>> {
  const renewed = await rows<{ didId: DidId }>(
    tx,
    sql`UPDATE replicas r SET tombstone = ${claim.next}::timestamptz
        WHERE r.did_id = ANY(${[...didIds]}::bigint[]) AND r.rse_id = ${claim.rseId}
          AND r.state = ${lit(BEING_DELETED)} AND r.tombstone = ${claim.token}::timestamptz
        RETURNING r.did_id AS "didId"`,
  );
  return new Set(renewed.map(({ didId }) => didId));
}

export interface GiveBack {
  readonly rseId: RseId;
  readonly token: string;
  /** The state that the copies had before the claim. */
  readonly state: State;
  /** When those that nothing locks are due again. */
  readonly tombstone: Date;
}

/** Gives claimed copies back. Gives those that a rule has met meanwhile: their locks wait for news. */
export async function giveBackClaims(
  tx: Tx,
  { rseId, token, state, tombstone }: GiveBack,
  didIds: readonly DidId[],
): Promise<CopyKey[]> {
  const back = await rows<CopyKey & { locked: boolean }>(
    tx,
    sql`UPDATE replicas r SET state = ${lit(state)},
          tombstone = CASE WHEN r.lock_cnt = 0 THEN ${tombstone}::timestamptz END
        WHERE r.did_id = ANY(${[...didIds]}::bigint[]) AND r.rse_id = ${rseId} AND ${ours(token)}
        RETURNING r.did_id AS "didId", r.rse_id AS "rseId", r.lock_cnt > 0 AS locked`,
  );
  return back.filter(({ locked }) => locked).map(({ didId, rseId: at }) => ({ didId, rseId: at }));
}

/** What was forgotten. */
export interface Forgotten {
  readonly files: number;
  readonly bytes: bigint;
}

/**
 * Forgets copies whose bytes are gone and that nothing has locked since, with all that is known of
 * them, and tells so: each deletion, and the datasets that hold files without a copy now.
 */
export async function forgetClaims(
  tx: Tx,
  claim: { readonly rseId: RseId; readonly token: string },
  didIds: readonly DidId[],
  deletions: readonly Deletion[] = [],
): Promise<Forgotten> {
  return await only<Forgotten>(
    tx,
    sql`WITH gone AS (
          DELETE FROM replicas r
          WHERE r.did_id = ANY(${[...didIds]}::bigint[]) AND r.rse_id = ${claim.rseId}
            AND r.state = ${lit(BEING_DELETED)} AND r.lock_cnt = 0
            AND r.tombstone = ${claim.token}::timestamptz
          RETURNING r.did_id, r.bytes),
        paths AS (DELETE FROM replica_paths
                  WHERE rse_id = ${claim.rseId} AND did_id = ANY (ARRAY(SELECT did_id FROM gone))),
        guards AS (DELETE FROM guarded_copies
                   WHERE rse_id = ${claim.rseId} AND did_id = ANY (ARRAY(SELECT did_id FROM gone))),
        counted AS (${addRseUsage(sql`SELECT ${claim.rseId}::int AS rse_id, -count(*) AS files,
            -sum(bytes)::bigint AS bytes FROM gone HAVING count(*) > 0`)}),
        told AS (${tellDeleted(sql`SELECT did_id, bytes FROM gone`, claim.rseId, deletions)}),
        incomplete AS (${tellIncomplete(sql`SELECT did_id FROM gone`, claim.rseId)})
        SELECT count(*)::int AS files, coalesce(sum(bytes), 0)::bigint AS bytes FROM gone`,
  );
}

/**
 * CTE body: copies that a rule met while their bytes were deleted are COPYING: the rule's request can
 * start. A statement after forgetClaims, so that it sees what that one waited for.
 * Gives (did_id, rse_id).
 */
export const recallClaims = (rseId: RseId, didIds: readonly DidId[]): Sql => sql`
  UPDATE replicas r SET state = ${lit(COPYING)}, verified_at = NULL
  WHERE r.did_id = ANY(${[...didIds]}::bigint[]) AND r.rse_id = ${rseId}
    AND r.state = ${lit(BEING_DELETED)} AND r.lock_cnt > 0
  RETURNING r.did_id, r.rse_id`;

/** The RSEs that have copies due, and whether some are to go at once. */
export async function rsesWithDue(tx: Tx, now: { urgent: Date; cached: Date }): Promise<RseId[]> {
  const found = await rows<{ id: RseId }>(
    tx,
    sql`SELECT e.id FROM rses e
        WHERE e.deleted_at IS NULL AND e.availability_delete
          AND (EXISTS (SELECT FROM replicas r WHERE r.rse_id = e.id AND r.tombstone <= ${now.urgent})
            OR EXISTS (SELECT FROM replicas r WHERE r.rse_id = e.id
                       AND r.tombstone > ${CACHED_FROM} AND r.tombstone <= ${now.cached}))
        ORDER BY e.id`,
  );
  return found.map(({ id }) => id);
}

/** Bytes of an RSE that are on their way out already. */
export async function bytesBeingDeleted(tx: Tx, rseId: RseId): Promise<bigint> {
  const { bytes } = await only<{ bytes: bigint }>(
    tx,
    sql`SELECT coalesce(sum(r.bytes), 0)::bigint AS bytes FROM replicas r
        WHERE r.rse_id = ${rseId} AND r.tombstone < ${CACHED_FROM} AND r.state = ${lit(BEING_DELETED)}`,
  );
  return bytes;
}

/** One reaper at a time decides how much an RSE has to give. Until the transaction ends. */
export async function lockSpace(tx: Tx, rseId: RseId): Promise<void> {
  await execute(tx, sql`SELECT pg_advisory_xact_lock(hashtext('sluice space'), ${rseId}::int)`);
}
