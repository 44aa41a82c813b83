import { execute, lit, one, rows, sql, type Tx } from '../db/index.js';
import { type AccountId, type ReplicaState, type RseId } from '../vocabulary/index.js';

/** A path below the protocols' prefixes of an RSE, with one slash in front. */
export interface StoredPath {
  readonly rseId: RseId;
  readonly path: string;
}

/** Rows of grants that ended are dropped by those who make new ones, so many at a time. */
const SWEEP = lit(100);

/** Notes that an account was given a URL to write there, and forgets some grants that have ended. */
export async function grantUpload(
  tx: Tx,
  { rseId, path }: StoredPath,
  grant: { readonly accountId: AccountId; readonly expiresAt: Date; readonly now: Date },
): Promise<void> {
  await execute(
    tx,
    sql`DELETE FROM upload_grants WHERE (rse_id, path) IN (
          SELECT rse_id, path FROM upload_grants
          WHERE expires_at < ${grant.now} AND coalesce(removing_until < ${grant.now}, true)
          LIMIT ${SWEEP} FOR UPDATE SKIP LOCKED)`,
  );
  await execute(
    tx,
    sql`INSERT INTO upload_grants (rse_id, path, account_id, expires_at)
        VALUES (${rseId}, ${path}, ${grant.accountId}, ${grant.expiresAt})
        ON CONFLICT (rse_id, path) DO UPDATE
        SET account_id = EXCLUDED.account_id, expires_at = EXCLUDED.expires_at`,
  );
}

export interface RemovalClaim {
  readonly accountId: AccountId;
  readonly now: Date;
  /** After this the claim is void: the bytes must be gone before. */
  readonly until: Date;
}

/**
 * Claims the removal of a leftover. False where somebody else may still be writing, or is removing it
 * already. The same account asking to read says that its own earlier upload is over.
 */
export async function claimRemoval(
  tx: Tx,
  { rseId, path }: StoredPath,
  { accountId, now, until }: RemovalClaim,
): Promise<boolean> {
  const claimed = await execute(
    tx,
    sql`INSERT INTO upload_grants AS g (rse_id, path, account_id, expires_at, removing_until, removals)
        VALUES (${rseId}, ${path}, ${accountId}, ${until}, ${until}, 1)
        ON CONFLICT (rse_id, path) DO UPDATE
        SET removing_until = EXCLUDED.removing_until, removals = g.removals + 1,
            expires_at = greatest(g.expires_at, EXCLUDED.expires_at)
        WHERE (g.account_id = EXCLUDED.account_id OR g.expires_at <= ${now})
          AND (g.removing_until IS NULL OR g.removing_until <= ${now})`,
  );
  return claimed === 1;
}

/** The removal is over, whether it succeeded or not. */
export async function endRemoval(tx: Tx, { rseId, path }: StoredPath): Promise<void> {
  await execute(
    tx,
    sql`UPDATE upload_grants SET removing_until = NULL WHERE rse_id = ${rseId} AND path = ${path}`,
  );
}

/** How often leftovers were removed at each path that ever had one, and whether one is at this moment. */
export async function removalsAt(
  tx: Tx,
  rseId: RseId,
  paths: readonly string[],
  now: Date,
): Promise<Map<string, { count: number; underWay: boolean }>> {
  const found = await rows<{ path: string; count: number; underWay: boolean }>(
    tx,
    sql`SELECT path, removals AS count, coalesce(removing_until > ${now}, false) AS "underWay"
        FROM upload_grants WHERE rse_id = ${rseId} AND path = ANY(${[...paths]}::text[])`,
  );
  return new Map(found.map(({ path, count, underWay }) => [path, { count, underWay }]));
}

/** What the catalogue says about a file at an RSE: its copy, locked, and whether a transfer is wanted. */
export async function lockUploadedCopy(
  tx: Tx,
  didId: bigint,
  rseId: RseId,
): Promise<{ readonly state: ReplicaState; readonly requested: boolean } | undefined> {
  return await one(
    tx,
    sql`SELECT r.state, EXISTS (SELECT FROM requests q
                                WHERE q.did_id = r.did_id AND q.rse_id = r.rse_id) AS requested
        FROM replicas r WHERE r.did_id = ${didId} AND r.rse_id = ${rseId} FOR NO KEY UPDATE OF r`,
  );
}
