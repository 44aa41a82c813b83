import { lit, rows, sql, type Tx } from '../../db/index.js';
import { type ClaimedRequest, failedSources } from '../../requests/index.js';
import {
  distancesTo,
  protocolsOf,
  type Rse,
  type RseProtocol,
  rsesById,
} from '../../rses/index.js';
import { type DidId, ReplicaState, type RseId } from '../../vocabulary/index.js';

/** A file to move, as the catalogue knows it. */
export interface FileFacts {
  readonly didId: DidId;
  readonly scope: string;
  readonly name: string;
  readonly bytes: bigint;
  /** Two's complement, as stored. */
  readonly adler32: number | null;
  readonly md5: string | null;
}

/** A copy that could be read. */
export interface SourceCopy {
  readonly didId: DidId;
  readonly rseId: RseId;
  /** Set where the RSE is not deterministic. */
  readonly path: string | null;
}

/** Everything that is needed to plan the transfers of one batch, read before any of them begins. */
export interface TransferFacts {
  readonly files: ReadonlyMap<DidId, FileFacts>;
  readonly sources: ReadonlyMap<DidId, readonly SourceCopy[]>;
  /** Paths at destinations that are not deterministic, by `didId@rseId`. */
  readonly givenPaths: ReadonlyMap<string, string>;
  readonly rses: ReadonlyMap<RseId, Rse>;
  readonly protocols: ReadonlyMap<RseId, readonly RseProtocol[]>;
  readonly distances: ReadonlyMap<RseId, ReadonlyMap<RseId, number>>;
  /** How often each source failed for each copy lately, by `didId@rseId<sourceRseId`. */
  readonly failures: ReadonlyMap<string, number>;
  /** The RSEs that the rule's source_replica_expression allows, by request id; absent is any. */
  readonly allowedSources: ReadonlyMap<bigint, ReadonlySet<RseId>>;
}

export const copyKey = (didId: DidId, rseId: RseId): string => `${didId}@${rseId}`;
export const failureKey = (didId: DidId, rseId: RseId, source: RseId): string =>
  `${didId}@${rseId}<${source}`;

/** Reads the facts in a handful of statements, whatever the size of the batch. */
export async function readTransferFacts(
  tx: Tx,
  claimed: readonly ClaimedRequest[],
): Promise<Omit<TransferFacts, 'allowedSources'>> {
  const didIds = [...new Set(claimed.map(({ didId }) => didId))];
  const files = await readFiles(tx, didIds);
  const sources = await readSources(tx, didIds);
  const destinations = [...new Set(claimed.map(({ rseId }) => rseId))];
  const rseIds = [...new Set([...destinations, ...sources.map(({ rseId }) => rseId)])];
  const failed = await failedSources(tx, claimed);
  const distances = new Map<RseId, ReadonlyMap<RseId, number>>();
  for (const rseId of destinations) distances.set(rseId, await distancesTo(tx, rseId));
  return {
    files: new Map(files.map((file) => [file.didId, file])),
    sources: new Map(
      didIds.map((didId) => [didId, sources.filter((source) => source.didId === didId)]),
    ),
    givenPaths: await readGivenPaths(tx, claimed),
    rses: await rsesById(tx, rseIds),
    protocols: await protocolsOf(tx, rseIds),
    distances,
    failures: new Map(
      failed.map(({ didId, rseId, sourceRseId, times }) => [
        failureKey(didId, rseId, sourceRseId),
        times,
      ]),
    ),
  };
}

const readFiles = (tx: Tx, didIds: readonly DidId[]): Promise<FileFacts[]> =>
  rows(
    tx,
    sql`SELECT id AS "didId", scope, name, bytes, adler32, replace(md5::text, '-', '') AS md5
          FROM dids WHERE id = ANY(${didIds}::bigint[])`,
  );

const readSources = (tx: Tx, didIds: readonly DidId[]): Promise<SourceCopy[]> =>
  rows(
    tx,
    sql`SELECT r.did_id AS "didId", r.rse_id AS "rseId", p.path
          FROM replicas r
          JOIN rses e ON e.id = r.rse_id AND e.deleted_at IS NULL AND e.availability_read
          LEFT JOIN replica_paths p ON p.did_id = r.did_id AND p.rse_id = r.rse_id
         WHERE r.did_id = ANY(${didIds}::bigint[]) AND r.state = ${lit(ReplicaState.AVAILABLE)}`,
  );

async function readGivenPaths(
  tx: Tx,
  claimed: readonly ClaimedRequest[],
): Promise<Map<string, string>> {
  const found = await rows<{ didId: DidId; rseId: RseId; path: string }>(
    tx,
    sql`SELECT p.did_id AS "didId", p.rse_id AS "rseId", p.path
          FROM unnest(${claimed.map(({ didId }) => didId)}::bigint[],
                      ${claimed.map(({ rseId }) => rseId)}::int[]) w(did_id, rse_id)
          JOIN replica_paths p ON p.did_id = w.did_id AND p.rse_id = w.rse_id`,
  );
  return new Map(found.map(({ didId, rseId, path }) => [copyKey(didId, rseId), path]));
}
