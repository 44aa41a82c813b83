import { lit, rows, sql, type Tx } from '../db/index.js';
import {
  type DidId,
  type DidName,
  DidType,
  ReplicaState,
  type RseId,
} from '../vocabulary/index.js';

/** What an RSE holds of a dataset: derived from its files' copies at every reading. */
export interface DatasetReplica extends DidName {
  readonly rseId: RseId;
  readonly bytes: bigint;
  readonly length: bigint;
  readonly availableBytes: bigint;
  readonly availableLength: bigint;
  readonly accessedAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const counted = sql`
  count(*) FILTER (WHERE r.state = ${lit(ReplicaState.AVAILABLE)}) AS "availableLength",
  coalesce(sum(r.bytes) FILTER (WHERE r.state = ${lit(ReplicaState.AVAILABLE)}), 0)::bigint AS "availableBytes"`;

const described = sql`d.scope, d.name, d.accessed_at AS "accessedAt", d.created_at AS "createdAt",
  d.updated_at AS "updatedAt"`;

/** What each RSE holds of these datasets, by dataset as given and RSE. Files are no datasets. */
export async function datasetReplicas(tx: Tx, didIds: readonly DidId[]): Promise<DatasetReplica[]> {
  return await rows<DatasetReplica>(
    tx,
    sql`SELECT ${described}, h.*, t.length, t.bytes
        FROM unnest(${[...didIds]}::bigint[]) WITH ORDINALITY AS i(id, at)
        JOIN dids d ON d.id = i.id AND d.type = ${lit(DidType.DATASET)}
        CROSS JOIN LATERAL (
          SELECT count(*) AS length, coalesce(sum(f.bytes), 0)::bigint AS bytes
          FROM contents ct JOIN dids f ON f.id = ct.child_id WHERE ct.parent_id = d.id) t
        CROSS JOIN LATERAL (
          SELECT r.rse_id AS "rseId", ${counted}
          FROM contents ct JOIN replicas r ON r.did_id = ct.child_id
          WHERE ct.parent_id = d.id GROUP BY r.rse_id) h
        JOIN rses e ON e.id = h."rseId" AND e.deleted_at IS NULL
        ORDER BY i.at, e.name`,
  );
}

/** What one RSE holds of every dataset that has a copy there, by dataset. */
export async function datasetReplicasAt(tx: Tx, rseId: RseId): Promise<DatasetReplica[]> {
  return await rows<DatasetReplica>(
    tx,
    sql`SELECT ${described}, ${rseId}::int AS "rseId", h."availableLength", h."availableBytes",
          t.length, t.bytes
        FROM (SELECT ct.parent_id, ${counted}
              FROM replicas r JOIN contents ct ON ct.child_id = r.did_id
              WHERE r.rse_id = ${rseId} GROUP BY ct.parent_id) h
        JOIN dids d ON d.id = h.parent_id AND d.type = ${lit(DidType.DATASET)}
        CROSS JOIN LATERAL (
          SELECT count(*) AS length, coalesce(sum(f.bytes), 0)::bigint AS bytes
          FROM contents ct JOIN dids f ON f.id = ct.child_id WHERE ct.parent_id = d.id) t
        ORDER BY d.scope, d.name`,
  );
}
