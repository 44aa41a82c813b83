import { execute, lit, only, rows, sql, type Tx } from '../db/index.js';
import { ReplicaState, type RseId } from '../vocabulary/index.js';
import { CACHED_FROM } from './tombstone.js';

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
        WHERE r.rse_id = ${rseId} AND r.tombstone < ${CACHED_FROM} AND r.state = ${lit(ReplicaState.BEING_DELETED)}`,
  );
  return bytes;
}

/** One reaper at a time decides how much an RSE has to give. Until the transaction ends. */
export async function lockSpace(tx: Tx, rseId: RseId): Promise<void> {
  await execute(tx, sql`SELECT pg_advisory_xact_lock(hashtext('sluice space'), ${rseId}::int)`);
}
