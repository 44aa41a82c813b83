import { lit, only, rows, sql, type Sql, type Tx } from '../db/index.js';
import { addRseUsage } from '../rses/index.js';
import {
  type CopyKey,
  type DidId,
  ReplicaState,
  type ReplicaState as State,
  type RseId,
} from '../vocabulary/index.js';
import { ours } from './deletion-claims.sql.js';
import { type Deletion, tellDeleted, tellIncomplete } from './told.sql.js';

const { BEING_DELETED, COPYING } = ReplicaState;

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
