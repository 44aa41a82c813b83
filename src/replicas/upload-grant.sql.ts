import { execute, lit, one, rows, sql, type Tx } from '../db/index.js';
import { type AccountId, type ReplicaState, type RseId } from '../vocabulary/index.js';

/** A path below the protocols' prefixes of an RSE, with one slash in front. */
export interface StoredPath {
  readonly rseId: RseId;
  readonly path: string;
}

/** Rows of grants that ended are dropped by those who make new ones, so many at a time. */
const SWEEP = lit(100);
/** An upload that was broken off is known as such for so long: its account may come back to it. */
const KEPT_MS = 30 * 24 * 3_600_000;

export interface UploadGrant {
  readonly accountId: AccountId;
  readonly expiresAt: Date;
  readonly now: Date;
  /** Whether it counts for more than another account's. */
  readonly takesOver: boolean;
}

/**
 * Notes that an account was given a URL to write there, and forgets some that ended long ago. False
 * where another account may be writing.
 */
export async function grantUpload(
  tx: Tx,
  { rseId, path }: StoredPath,
  grant: UploadGrant,
): Promise<boolean> {
  const kept = new Date(grant.now.getTime() - KEPT_MS);
  await execute(
    tx,
    sql`DELETE FROM upload_grants WHERE (rse_id, path) IN (
          SELECT rse_id, path FROM upload_grants
          WHERE expires_at < ${kept} AND coalesce(removing_until < ${grant.now}, true)
          LIMIT ${SWEEP} FOR UPDATE SKIP LOCKED)`,
  );
  const granted = await execute(
    tx,
    sql`INSERT INTO upload_grants AS g (rse_id, path, account_id, expires_at)
        VALUES (${rseId}, ${path}, ${grant.accountId}, ${grant.expiresAt})
        ON CONFLICT (rse_id, path) DO UPDATE
        SET account_id = EXCLUDED.account_id, expires_at = EXCLUDED.expires_at
        WHERE ${grant.takesOver}::boolean OR g.account_id = EXCLUDED.account_id
           OR g.expires_at <= ${grant.now}`,
  );
  return granted === 1;
}

/** Those of the paths that somebody was given a URL to write to, and that no upload has ended at since. */
export async function grantedPaths(
  tx: Tx,
  rseId: RseId,
  paths: readonly string[],
): Promise<string[]> {
  const found = await rows<{ path: string }>(
    tx,
    sql`SELECT path FROM upload_grants WHERE rse_id = ${rseId} AND path = ANY(${[...paths]}::text[])`,
  );
  return found.map(({ path }) => path);
}

/** The uploads there have ended well. */
export async function forgetGrants(tx: Tx, rseId: RseId, paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return;
  await execute(
    tx,
    sql`DELETE FROM upload_grants WHERE rse_id = ${rseId} AND path = ANY(${[...paths]}::text[])`,
  );
}

export interface RemovalClaim {
  readonly accountId: AccountId;
  readonly now: Date;
  /** After this the claim is void: the bytes must be gone before. */
  readonly until: Date;
  /** Whether what stands there is known to be an upload's, so that the account needs no grant of its own. */
  readonly known: boolean;
}

/**
 * Claims the removal of a leftover. False where somebody else may still be writing, or is removing it
 * already, and where nothing says that an upload of this account left it. The same account asking to
 * read says that its own earlier upload is over.
 */
export async function claimRemoval(
  tx: Tx,
  { rseId, path }: StoredPath,
  { accountId, now, until, known }: RemovalClaim,
): Promise<boolean> {
  const free = sql`(g.removing_until IS NULL OR g.removing_until <= ${now})`;
  const claimed = await execute(
    tx,
    known
      ? sql`INSERT INTO upload_grants AS g (rse_id, path, account_id, expires_at, removing_until, removals)
            VALUES (${rseId}, ${path}, ${accountId}, ${until}, ${until}, 1)
            ON CONFLICT (rse_id, path) DO UPDATE
            SET removing_until = EXCLUDED.removing_until, removals = g.removals + 1,
                expires_at = greatest(g.expires_at, EXCLUDED.expires_at)
            WHERE (g.account_id = EXCLUDED.account_id OR g.expires_at <= ${now}) AND ${free}`
      : sql`UPDATE upload_grants g SET removing_until = ${until}, removals = g.removals + 1,
              expires_at = greatest(g.expires_at, ${until}::timestamptz)
            WHERE g.rse_id = ${rseId} AND g.path = ${path} AND g.account_id = ${accountId} AND ${free}`,
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
