import { lit, sql, type Sql } from '../db/index.js';
import { EventType, moment, tellEach, tellFrom } from '../messages/index.js';
import { type AccountId, type DidId, DidType, DidTypeCodec } from '../vocabulary/index.js';
import { type Did } from './did.js';

// What is told of DIDs, with Rucio's names and keys, by the statement that makes it so.

const typeName = (type: Sql): Sql => sql`
  CASE ${type} WHEN ${lit(DidType.CONTAINER)} THEN ${lit(DidTypeCodec.name(DidType.CONTAINER))}
               WHEN ${lit(DidType.DATASET)} THEN ${lit(DidTypeCodec.name(DidType.DATASET))}
               ELSE ${lit(DidTypeCodec.name(DidType.FILE))} END`;

/** CTE body: collections that were made. `made` gives (scope, name, type, "accountId", "expiredAt"). */
export const tellCreated = (made: Sql): Sql =>
  tellEach(
    [EventType.CREATE_DTS, EventType.CREATE_CNT],
    sql`SELECT CASE WHEN m.type = ${lit(DidType.CONTAINER)} THEN ${lit(EventType.CREATE_CNT)}
                    ELSE ${lit(EventType.CREATE_DTS)} END AS event_type,
               jsonb_build_object('account', a.name, 'scope', m.scope, 'name', m.name,
                                  'expired_at', ${moment(sql`m."expiredAt"`)}) AS payload
          FROM (${made}) m JOIN accounts a ON a.id = m."accountId"`,
  );

/**
 * CTE body: collections that came into containers. `from` gives (parent_id, child_id); those of
 * datasets are passed over. The account is who attached them, or the container's where nobody is named.
 */
export const tellRegistered = (from: Sql, accountId: AccountId | null): Sql =>
  tellFrom(
    EventType.REGISTER_CNT,
    sql`SELECT jsonb_build_object('account', a.name, 'scope', p.scope, 'name', p.name,
                 'childscope', c.scope, 'childname', c.name, 'childtype', ${typeName(sql`c.type`)}) AS payload
          FROM (${from}) f
         CROSS JOIN LATERAL (SELECT n.scope, n.name, n.account_id FROM dids n
                              WHERE n.id = f.parent_id AND n.type = ${lit(DidType.CONTAINER)} OFFSET 0) p
         CROSS JOIN LATERAL (SELECT n.scope, n.name, n.type FROM dids n WHERE n.id = f.child_id OFFSET 0) c
          JOIN accounts a ON a.id = coalesce(${accountId}::int, p.account_id)`,
  );

/** CTE body: children that left a collection; `gone` gives (child_id). What left a container is told twice. */
export const tellDetached = (parent: Did, gone: Sql): Sql => {
  const children = sql`(${gone}) g CROSS JOIN LATERAL (
    SELECT n.scope, n.name, n.type FROM dids n WHERE n.id = g.child_id OFFSET 0) c`;
  const from = sql`'scope', ${parent.scope}::text, 'name', ${parent.name}::text`;
  const type = (name: Sql): Sql => sql`('DIDType.' || ${name})`;
  const detach = sql`
    SELECT ${lit(EventType.DETACH)} AS event_type,
           jsonb_build_object(${from}, 'did_type', ${type(lit(DidTypeCodec.name(parent.type)))},
             'child_scope', c.scope, 'child_name', c.name, 'child_type', ${type(typeName(sql`c.type`))}) AS payload
      FROM ${children}`;
  if (parent.type !== DidType.CONTAINER) return tellEach([EventType.DETACH], detach);
  return tellEach(
    [EventType.ERASE_CNT, EventType.DETACH],
    sql`SELECT ${lit(EventType.ERASE_CNT)} AS event_type,
               jsonb_build_object(${from}, 'childscope', c.scope, 'childname', c.name,
                                  'childtype', ${typeName(sql`c.type`)}) AS payload FROM ${children}
        UNION ALL ${detach}`,
  );
};

/** A collection was opened or closed; with its size, which a closed one keeps. */
export const tellStatus = (id: DidId, open: boolean): Sql =>
  open
    ? tellFrom(
        EventType.OPEN,
        sql`SELECT jsonb_build_object('scope', d.scope, 'name', d.name) AS payload FROM dids d WHERE d.id = ${id}`,
      )
    : tellFrom(
        EventType.CLOSE,
        sql`SELECT jsonb_build_object('scope', d.scope, 'name', d.name, 'bytes', s.bytes, 'length', s.length,
                                      'events', d.events) AS payload
              FROM dids d CROSS JOIN LATERAL (${sizeBelow}) s WHERE d.id = ${id}`,
      );

/** Length and bytes of everything below `d`: what its datasets hold, folded and not yet. */
const sizeBelow = sql`
  SELECT coalesce(sum(x.length), 0)::bigint AS length, coalesce(sum(x.bytes), 0)::bigint AS bytes
    FROM (WITH RECURSIVE tree(id, type) AS (
            SELECT d.id, d.type
            UNION
            SELECT n.id, n.type FROM tree t JOIN contents ct ON ct.parent_id = t.id JOIN dids n ON n.id = ct.child_id
             WHERE t.type = ${lit(DidType.CONTAINER)})
          SELECT id FROM tree WHERE type = ${lit(DidType.DATASET)}) b
   CROSS JOIN LATERAL (
     SELECT length, bytes FROM collections c WHERE c.did_id = b.id
     UNION ALL SELECT length, bytes FROM collection_deltas e WHERE e.did_id = b.id) x`;

/** DIDs that are being erased, before they are gone. */
export const tellErased = (ids: readonly DidId[]): Sql =>
  tellFrom(
    EventType.ERASE,
    sql`SELECT jsonb_build_object('account', a.name, 'scope', d.scope, 'name', d.name) AS payload
          FROM dids d JOIN accounts a ON a.id = d.account_id WHERE d.id = ANY(${[...ids]}::bigint[])`,
  );
