import { execute, lit, lits, only, rows, sql, type Tx } from '../db/index.js';
import {
  type AccountId,
  BadFileState,
  type CopyKey,
  type DidId,
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
}

/** Records a declaration for each copy. */
export async function insertDeclarations(
  tx: Tx,
  copies: readonly CopyKey[],
  declaration: DeclarationRow,
): Promise<void> {
  const { state, reason, cause, accountId } = declaration;
  await execute(
    tx,
    sql`INSERT INTO bad_replicas (did_id, rse_id, account_id, state, reason, cause)
        SELECT k.did_id, k.rse_id, ${accountId}::int, ${state}::"char", ${reason}::text, ${cause}::text
        FROM ${copyKeys(copies)} AS k(did_id, rse_id) ORDER BY k.did_id, k.rse_id`,
  );
}

/** Ends the open declarations (BAD, SUSPICIOUS, TEMPORARY_UNAVAILABLE) about these copies. */
export async function settleDeclarations(
  tx: Tx,
  copies: readonly CopyKey[],
  to: typeof BadFileState.RECOVERED | typeof BadFileState.DELETED | typeof BadFileState.LOST,
): Promise<number> {
  const open = [BadFileState.BAD, BadFileState.SUSPICIOUS, BadFileState.TEMPORARY_UNAVAILABLE];
  return await execute(
    tx,
    sql`UPDATE bad_replicas b SET state = ${lit(to)}, updated_at = now()
        FROM ${copyKeys(copies)} AS k(did_id, rse_id)
        WHERE b.did_id = k.did_id AND b.rse_id = k.rse_id AND b.state IN (${lits(open)})`,
  );
}

/** How many copies of an RSE were declared bad by ourselves (with a cause) since then. */
export async function countOwnDeclarations(tx: Tx, rseId: RseId, since: Date): Promise<number> {
  const { n } = await only<{ n: bigint }>(
    tx,
    sql`SELECT count(*) AS n FROM bad_replicas
        WHERE state = ${lit(BadFileState.BAD)} AND rse_id = ${rseId}
          AND account_id IS NULL AND created_at > ${since}`,
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

/** A copy that was suspected at least `cntMin` times since then. */
export interface SuspiciousCopy extends CopyKey {
  readonly cnt: number;
  readonly createdAt: Date;
}

/** Copies suspected again and again and not declared bad: at most `PAGE` of them, worst first. */
export async function suspiciousCopies(
  tx: Tx,
  asked: { readonly rseIds: readonly RseId[]; readonly since: Date; readonly cntMin: number },
): Promise<SuspiciousCopy[]> {
  return await rows<SuspiciousCopy>(
    tx,
    sql`SELECT did_id AS "didId", rse_id AS "rseId", count(*)::int AS cnt, min(created_at) AS "createdAt"
        FROM bad_replicas
        WHERE state = ${lit(BadFileState.SUSPICIOUS)} AND rse_id = ANY(${[...asked.rseIds]}::int[])
          AND created_at >= ${asked.since}
        GROUP BY did_id, rse_id HAVING count(*) > ${asked.cntMin}
        ORDER BY cnt DESC, did_id, rse_id LIMIT ${PAGE}`,
  );
}
