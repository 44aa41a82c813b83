import { jsonLit, lit, sql, type Sql, type Tx } from '../db/index.js';
import {
  anyText,
  EventType,
  hex,
  jsonText,
  number,
  plain,
  tell,
  tellEach,
  tellFrom,
} from '../messages/index.js';
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

/** The last keys of payloads by the DID's id: an object is searched by its key, a list row by row. */
const endings = (deletions: readonly Deletion[]): string =>
  JSON.stringify(
    Object.fromEntries(
      deletions.map(({ didId, url, scheme, seconds, found }) => {
        const keys = { url, protocol: scheme, duration: seconds };
        const text = JSON.stringify(found ? keys : { ...keys, reason: NOT_FOUND });
        return [String(didId), text.slice(1)];
      }),
    ),
  );
const NOT_FOUND = 'File Not Found';
const UNKNOWN = '"url":null,"protocol":null,"duration":null}';

/**
 * CTE body: copies that were forgotten because their bytes are gone, at one RSE; `gone` gives (did_id,
 * bytes). Those that no deletion is given for are told without its URL and duration.
 */
export const tellDeleted = (gone: Sql, rseId: RseId, deletions: readonly Deletion[]): Sql => {
  const missing = deletions.filter(({ found }) => !found).map(({ didId }) => didId);
  return tellEach(
    [EventType.DELETION_DONE, EventType.DELETION_NOT_FOUND],
    sql`SELECT CASE WHEN g.did_id = ANY (${missing}::bigint[]) THEN ${lit(EventType.DELETION_NOT_FOUND)}
                    ELSE ${lit(EventType.DELETION_DONE)} END AS event_type,
               ${jsonText(
                 {
                   scope: plain(sql`d.scope`),
                   name: plain(sql`d.name`),
                   rse: sql`e.name`,
                   rse_id: plain(sql`e.uid`),
                   'file-size': number(sql`g.bytes`),
                   bytes: number(sql`g.bytes`),
                   datatype: anyText(sql`d.datatype`),
                 },
                 sql`coalesce(${endings(deletions)}::jsonb ->> g.did_id::text, ${jsonLit(UNKNOWN)})`,
               )} AS payload
          FROM (${gone}) g
         CROSS JOIN LATERAL (
           SELECT n.scope, n.name, n.datatype FROM dids n WHERE n.id = g.did_id OFFSET 0) d
         CROSS JOIN (SELECT to_json(r.name)::text AS name, ${hex(sql`r.uid`)} AS uid FROM rses r
                      WHERE r.id = ${rseId}::int OFFSET 0) e`,
  );
};

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
