import { lit, sql, type Sql, type Tx } from '../db/index.js';
import { EventType, hex, tell, tellEach, tellFrom } from '../messages/index.js';
import {
  type DidId,
  type DidName,
  DidType,
  DidTypeCodec,
  type RseId,
  wireId,
} from '../vocabulary/index.js';

/** What came of deleting the bytes of a copy. */
export interface Deletion {
  readonly didId: DidId;
  /** Where the storage was asked to delete it. */
  readonly url: string;
  readonly scheme: string;
  readonly seconds: number;
  /** False where nothing stood there. */
  readonly found: boolean;
}

/** Keys of a payload by the DID's id: an object is searched by its key, a list or a join row by row. */
const keysOf = (deletions: readonly Deletion[]): string =>
  JSON.stringify(
    Object.fromEntries(
      deletions.map(({ didId, url, scheme, seconds, found }) => [
        String(didId),
        { url, protocol: scheme, duration: seconds, ...(!found && { reason: 'File Not Found' }) },
      ]),
    ),
  );

/**
 * CTE body: copies that were forgotten because their bytes are gone, at one RSE; `gone` gives (did_id,
 * bytes). Those that no deletion is given for are told without its URL and duration.
 */
export const tellDeleted = (gone: Sql, rseId: RseId, deletions: readonly Deletion[]): Sql =>
  tellEach(
    [EventType.DELETION_DONE, EventType.DELETION_NOT_FOUND],
    sql`SELECT CASE WHEN x.keys ? 'reason' THEN ${lit(EventType.DELETION_NOT_FOUND)}
                    ELSE ${lit(EventType.DELETION_DONE)} END AS event_type,
               jsonb_build_object('scope', d.scope, 'name', d.name, 'rse', e.name, 'rse_id', ${hex(sql`e.uid`)},
                 'file-size', g.bytes, 'bytes', g.bytes, 'datatype', d.datatype)
               || coalesce(x.keys, jsonb_build_object('url', NULL, 'protocol', NULL, 'duration', NULL)) AS payload
          FROM (${gone}) g
         CROSS JOIN LATERAL (
           SELECT ${keysOf(deletions)}::jsonb -> g.did_id::text AS keys OFFSET 0) x
         CROSS JOIN LATERAL (
           SELECT n.scope, n.name, n.datatype FROM dids n WHERE n.id = g.did_id OFFSET 0) d
          JOIN rses e ON e.id = ${rseId}::int`,
  );

/** A copy whose bytes could not be deleted. */
export interface FailedDeletion extends DidName, Omit<Deletion, 'found' | 'didId'> {
  readonly bytes: bigint;
  readonly error: string;
}

/** Tells of deletions that failed, at one RSE. */
export const tellUndeleted = (
  tx: Tx,
  rse: { readonly name: string; readonly uid: string },
  failed: readonly FailedDeletion[],
): Promise<void> =>
  tell(
    tx,
    EventType.DELETION_FAILED,
    failed.map(({ scope, name, bytes, url, scheme, seconds, error }) => ({
      ...{ scope, name, rse: rse.name, rse_id: wireId(rse.uid), url, protocol: scheme },
      ...{ 'file-size': Number(bytes), bytes: Number(bytes), datatype: null },
      ...{ duration: seconds, reason: error },
    })),
  );

/**
 * CTE body: datasets that hold files whose last copy, at this RSE, is being forgotten; once a
 * statement each. `gone` gives (did_id).
 */
export const tellIncomplete = (gone: Sql, rseId: RseId): Sql =>
  tellFrom(
    EventType.INCOMPLETE,
    sql`SELECT jsonb_build_object('scope', p.scope, 'name', p.name,
                                  'did_type', ${lit(DidTypeCodec.name(DidType.DATASET))}) AS payload
          FROM (SELECT DISTINCT u.parent_id FROM (${gone}) g
                 CROSS JOIN LATERAL (
                   SELECT ct.parent_id FROM contents ct WHERE ct.child_id = g.did_id OFFSET 0) u
                 WHERE NOT EXISTS (
                   SELECT FROM replicas o WHERE o.did_id = g.did_id AND o.rse_id <> ${rseId}::int OFFSET 0)) c
          JOIN dids p ON p.id = c.parent_id AND p.type = ${lit(DidType.DATASET)}`,
  );
