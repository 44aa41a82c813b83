import { execute, lit, lits, only, rows, sql, type Tx } from '../db/index.js';
import {
  type AccountId,
  BadFileState,
  type CopyKey,
  type DidId,
  ReplicaState,
  type RseId,
} from '../vocabulary/index.js';
import { copyKeys } from './replica.sql.js';

/** One declaration about a copy. */
export interface BadReplica {
  readonly id: bigint;
  readonly didId: DidId;
  readonly rseId: RseId;
  readonly accountId: AccountId | null;
  readonly state: BadFileState;
  readonly reason: string | null;
  readonly cause: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface DeclarationRow {
  readonly state: BadFileState;
  readonly reason: string;
  readonly cause: string | null;
  readonly accountId: AccountId | null;
  /** Until when a copy rests (TEMPORARY_UNAVAILABLE); null for every other state. */
  readonly expiresAt?: Date;
  readonly now: Date;
}

/** Records a declaration for each copy. */
export async function insertDeclarations(
  tx: Tx,
  copies: readonly CopyKey[],
  declaration: DeclarationRow,
): Promise<void> {
  const { state, reason, cause, accountId, expiresAt = null, now } = declaration;
  await execute(
    tx,
    sql`INSERT INTO bad_replicas (did_id, rse_id, account_id, state, reason, cause, expires_at, created_at, updated_at)
        SELECT k.did_id, k.rse_id, ${accountId}::int, ${state}::"char", ${reason}::text, ${cause}::text,
          ${expiresAt}::timestamptz, ${now}::timestamptz, ${now}::timestamptz
        FROM ${copyKeys(copies)} AS k(did_id, rse_id) ORDER BY k.did_id, k.rse_id`,
  );
}

/** What still says something about a copy. */
const OPEN = [
  BadFileState.BAD,
  BadFileState.LOST,
  BadFileState.SUSPICIOUS,
  BadFileState.TEMPORARY_UNAVAILABLE,
] as const;

/** Ends the open declarations about these copies, or those in the states of `from`. */
export async function settleDeclarations(
  tx: Tx,
  copies: readonly CopyKey[],
  to: typeof BadFileState.RECOVERED | typeof BadFileState.DELETED,
  from: readonly BadFileState[] = OPEN,
): Promise<number> {
  return await execute(
    tx,
    sql`UPDATE bad_replicas b SET state = ${lit(to)}, updated_at = now()
        FROM ${copyKeys(copies)} AS k(did_id, rse_id)
        WHERE b.did_id = k.did_id AND b.rse_id = k.rse_id AND b.state IN (${lits(from)})`,
  );
}

/** How many copies of an RSE were declared bad by our own reads since then, whatever became of them. */
export async function countOwnDeclarations(tx: Tx, rseId: RseId, since: Date): Promise<number> {
  const { n } = await only<{ n: bigint }>(
    tx,
    sql`SELECT count(*) AS n FROM bad_replicas
        WHERE account_id IS NULL AND rse_id = ${rseId} AND created_at > ${since}
          AND state <> ${lit(BadFileState.SUSPICIOUS)}`,
  );
  return Number(n);
}

/** What GET replicas/bad/states may ask for. */
export interface BadReplicaFilter {
  readonly state?: BadFileState | undefined;
  readonly rseId?: RseId | undefined;
  readonly youngerThan?: Date | undefined;
  readonly olderThan?: Date | undefined;
  readonly after: bigint;
}

const PAGE = lit(1000);

/** A page of declarations in order of their ids, beginning after `after`. */
export async function badReplicaPage(tx: Tx, filter: BadReplicaFilter): Promise<BadReplica[]> {
  const { state = null, rseId = null, youngerThan = null, olderThan = null, after } = filter;
  return await rows<BadReplica>(
    tx,
    sql`SELECT id, did_id AS "didId", rse_id AS "rseId", account_id AS "accountId", state, reason,
          cause, created_at AS "createdAt", updated_at AS "updatedAt"
        FROM bad_replicas
        WHERE id > ${after}
          AND (${state}::"char" IS NULL OR state = ${state}::"char")
          AND (${rseId}::int IS NULL OR rse_id = ${rseId}::int)
          AND (${youngerThan}::timestamptz IS NULL OR created_at >= ${youngerThan}::timestamptz)
          AND (${olderThan}::timestamptz IS NULL OR created_at < ${olderThan}::timestamptz)
        ORDER BY id LIMIT ${PAGE}`,
  );
}

/** One incident: what was declared at one RSE on one day (UTC) for one reason, and what became of it. */
export interface BadReplicaSum {
  readonly rseId: RseId;
  readonly day: Date;
  readonly reason: string | null;
  readonly state: BadFileState;
  readonly count: bigint;
}

/** Declarations by RSE, day, reason and state, from a moment on and before another. */
export async function sumDeclarations(
  tx: Tx,
  asked: {
    readonly rseIds: readonly RseId[];
    readonly from: Date | undefined;
    readonly to: Date | undefined;
  },
): Promise<BadReplicaSum[]> {
  const { from = null, to = null } = asked;
  return await rows<BadReplicaSum>(
    tx,
    sql`SELECT rse_id AS "rseId", date_trunc('day', created_at, 'UTC') AS day, reason, state, count(*) AS count
        FROM bad_replicas
        WHERE rse_id = ANY(${[...asked.rseIds]}::int[])
          AND (${from}::timestamptz IS NULL OR created_at >= ${from}::timestamptz)
          AND (${to}::timestamptz IS NULL OR created_at < ${to}::timestamptz)
        GROUP BY 1, 2, 3, 4 ORDER BY 2, 1, 3`,
  );
}

/** A copy that was suspected more than `cntMin` times since then. */
export interface SuspiciousCopy extends CopyKey {
  readonly cnt: number;
  readonly createdAt: Date;
}

/** Copies suspected again and again that are still used: at most `PAGE` of them, worst first. */
export async function suspiciousCopies(
  tx: Tx,
  asked: { readonly rseIds: readonly RseId[]; readonly since: Date; readonly cntMin: number },
): Promise<SuspiciousCopy[]> {
  return await rows<SuspiciousCopy>(
    tx,
    sql`SELECT b.did_id AS "didId", b.rse_id AS "rseId", count(*)::int AS cnt, min(b.created_at) AS "createdAt"
        FROM bad_replicas b
        JOIN replicas r ON r.did_id = b.did_id AND r.rse_id = b.rse_id AND r.state <> ${lit(ReplicaState.BAD)}
        WHERE b.state = ${lit(BadFileState.SUSPICIOUS)} AND b.rse_id = ANY(${[...asked.rseIds]}::int[])
          AND b.created_at >= ${asked.since}
        GROUP BY b.did_id, b.rse_id HAVING count(*) > ${asked.cntMin}
        ORDER BY cnt DESC, b.did_id, b.rse_id LIMIT ${PAGE}`,
  );
}
