import { lit, lits, rows, sql, type Tx } from '../../db/index.js';
import { type ClaimedRequest, failedSources, leftoversOf } from '../../requests/index.js';
import {
  distancesToEach,
  matchRsesOfEach,
  protocolsOf,
  type Rse,
  type RseProtocol,
  rsesById,
} from '../../rses/index.js';
import {
  type CopyKey,
  type DidId,
  type DidName,
  ReplicaState,
  type RequestId,
  RequestState,
  type RseId,
} from '../../vocabulary/index.js';

/** A file to move, as the catalogue knows it. */
export interface FileFacts extends DidName {
  readonly didId: DidId;
  readonly bytes: bigint;
  /** Two's complement, as stored. */
  readonly adler32: number | null;
  readonly md5: string | null;
}

/** A copy that can be read, or soon. */
export interface SourceCopy extends CopyKey {
  /** AVAILABLE. If not, it is being written at this moment, or away for a time. */
  readonly ready: boolean;
  /** Set where the RSE is not deterministic. */
  readonly path: string | null;
}

/** Everything that is needed to plan the transfers of one batch, read before any of them begins. */
export interface TransferFacts {
  readonly files: ReadonlyMap<DidId, FileFacts>;
  readonly sources: ReadonlyMap<DidId, readonly SourceCopy[]>;
  /** Paths at destinations that are not deterministic, by copyKey. */
  readonly givenPaths: ReadonlyMap<string, string>;
  readonly rses: ReadonlyMap<RseId, Rse>;
  readonly protocols: ReadonlyMap<RseId, readonly RseProtocol[]>;
  readonly distances: ReadonlyMap<RseId, ReadonlyMap<RseId, number>>;
  /** How often each source failed for each copy lately, by failureKey. */
  readonly failures: ReadonlyMap<string, number>;
  /** The uids of attempts that may have left bytes under their temporary names, by copyKey. */
  readonly leftovers: ReadonlyMap<string, readonly string[]>;
  /** The RSEs that the rule's source_replica_expression allows; absent is any. */
  readonly allowedSources: ReadonlyMap<RequestId, ReadonlySet<RseId>>;
}

export const copyKey = ({ didId, rseId }: CopyKey): string => `${didId}@${rseId}`;
export const failureKey = (copy: CopyKey, source: RseId): string => `${copyKey(copy)}<${source}`;

/** A source's failures count against it for so long. */
const GRUDGE_MS = 86_400_000;

/** Reads the facts in a handful of statements, whatever the size of the batch. */
export async function readTransferFacts(
  tx: Tx,
  claimed: readonly ClaimedRequest[],
  now: Date,
): Promise<TransferFacts> {
  const didIds = [...new Set(claimed.map(({ didId }) => didId))];
  const files = await readFiles(tx, didIds);
  const sources = await readSources(tx, didIds, now);
  const destinations = [...new Set(claimed.map(({ rseId }) => rseId))];
  const rseIds = [...new Set([...destinations, ...sources.map(({ rseId }) => rseId)])];
  const failed = await failedSources(tx, claimed, new Date(now.getTime() - GRUDGE_MS));
  return {
    files: new Map(files.map((file) => [file.didId, file])),
    sources: byFile(sources),
    givenPaths: await readGivenPaths(tx, claimed),
    rses: await rsesById(tx, rseIds),
    protocols: await protocolsOf(tx, rseIds),
    distances: await distancesToEach(tx, destinations),
    leftovers: await readLeftovers(tx, claimed),
    failures: new Map(failed.map((row) => [failureKey(row, row.sourceRseId), row.times])),
    allowedSources: await readAllowedSources(tx, claimed),
  };
}

function byFile(copies: readonly SourceCopy[]): Map<DidId, SourceCopy[]> {
  const groups = new Map<DidId, SourceCopy[]>();
  for (const copy of copies) {
    const group = groups.get(copy.didId);
    if (group) group.push(copy);
    else groups.set(copy.didId, [copy]);
  }
  return groups;
}

const readFiles = (tx: Tx, didIds: readonly DidId[]): Promise<FileFacts[]> =>
  rows(
    tx,
    sql`SELECT id AS "didId", scope, name, bytes, adler32, replace(md5::text, '-', '') AS md5
          FROM dids WHERE id = ANY(${didIds}::bigint[])`,
  );

const { AVAILABLE, COPYING, TEMPORARY_UNAVAILABLE } = ReplicaState;
const MOVING = [RequestState.SUBMITTED, RequestState.DONE] as const;

/** A copy that is not made within so long is not waited for. */
const PATIENCE_MS = 86_400_000;

/** Some copy of the same file as `r` can be read. */
const readable = sql`EXISTS (SELECT FROM replicas o JOIN rses x ON x.id = o.rse_id
  WHERE o.did_id = r.did_id AND o.state = ${lit(AVAILABLE)} AND x.deleted_at IS NULL AND x.availability_read)`;

/**
 * Copies at RSEs that can be read. A COPYING one is on its way if somebody writes it now (an upload,
 * which nobody has requested, or a movement), or if its request has something to be made from. Two
 * that have only each other must not wait for ever.
 */
const readSources = (tx: Tx, didIds: readonly DidId[], now: Date): Promise<SourceCopy[]> =>
  rows(
    tx,
    sql`SELECT r.did_id AS "didId", r.rse_id AS "rseId", r.state = ${lit(AVAILABLE)} AS ready, p.path
          FROM replicas r
          JOIN rses e ON e.id = r.rse_id AND e.deleted_at IS NULL AND e.availability_read
          LEFT JOIN replica_paths p ON p.did_id = r.did_id AND p.rse_id = r.rse_id
          LEFT JOIN requests q ON q.did_id = r.did_id AND q.rse_id = r.rse_id
         WHERE r.did_id = ANY(${didIds}::bigint[])
           AND (r.state IN (${lits([AVAILABLE, TEMPORARY_UNAVAILABLE])})
                OR (r.state = ${lit(COPYING)}
                    AND (q.id IS NULL OR q.state IN (${lits(MOVING)})
                         OR (q.created_at > ${new Date(now.getTime() - PATIENCE_MS)} AND ${readable}))))`,
  );

async function readGivenPaths(
  tx: Tx,
  claimed: readonly ClaimedRequest[],
): Promise<Map<string, string>> {
  const found = await rows<CopyKey & { path: string }>(
    tx,
    sql`SELECT p.did_id AS "didId", p.rse_id AS "rseId", p.path
          FROM unnest(${claimed.map(({ didId }) => didId)}::bigint[],
                      ${claimed.map(({ rseId }) => rseId)}::int[]) w(did_id, rse_id)
          JOIN replica_paths p ON p.did_id = w.did_id AND p.rse_id = w.rse_id`,
  );
  return new Map(found.map((row) => [copyKey(row), row.path]));
}

async function readLeftovers(
  tx: Tx,
  claimed: readonly ClaimedRequest[],
): Promise<Map<string, string[]>> {
  const uids = new Map<string, string[]>();
  for (const { uid, ...copy } of await leftoversOf(tx, claimed)) {
    uids.set(copyKey(copy), [...(uids.get(copyKey(copy)) ?? []), uid]);
  }
  return uids;
}

/** The sources that the rules of these requests allow; an expression without a result allows none. */
async function readAllowedSources(
  tx: Tx,
  claimed: readonly ClaimedRequest[],
): Promise<Map<RequestId, ReadonlySet<RseId>>> {
  const wanted = await rows<{ id: bigint; expression: string }>(
    tx,
    sql`SELECT id, source_replica_expression AS expression FROM rules
         WHERE id = ANY(${claimed.flatMap(({ ruleId }) => ruleId ?? [])}::bigint[])
           AND source_replica_expression IS NOT NULL`,
  );
  const expressions = [...new Set(wanted.map((rule) => rule.expression))];
  const named = await matchRsesOfEach(tx, expressions);
  const byExpression = new Map(expressions.map((text, at) => [text, new Set(named[at])]));
  const byRule = new Map(wanted.map(({ id, expression }) => [id, byExpression.get(expression)]));
  return new Map(
    claimed.flatMap(({ id, ruleId }) => {
      const allowed = ruleId === null ? undefined : byRule.get(ruleId);
      return allowed ? [[id, allowed] as const] : [];
    }),
  );
}
