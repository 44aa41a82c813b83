import { join, lit, sql, type Sql } from '../db/index.js';
import { hex, hex8, moment, tellEach } from '../messages/index.js';
import {
  Activities,
  DidType,
  RequestState,
  RequestStateCodec,
  RequestType,
  RequestTypeCodec,
  RseType,
  RseTypeCodec,
} from '../vocabulary/index.js';

// Rucio's events of transfers: `<type>-<state>`, in the transaction that brings the state. URLs are
// not kept, so their keys are null; a probe a request for names, whatever ANALYZE saw.

/** The types of request that are told by these names. */
const TYPES = [RequestType.TRANSFER, RequestType.STAGEIN] as const;
/** How a movement can end. */
const ENDS = [
  RequestState.DONE,
  RequestState.FAILED,
  RequestState.LOST,
  RequestState.NO_SOURCES,
  RequestState.ONLY_TAPE_SOURCES,
  RequestState.SUBMISSION_FAILED,
  RequestState.MISMATCH_SCHEME,
] as const;

const stateName = (state: RequestState): string => RequestStateCodec.name(state).toLowerCase();
const typeName = (type: RequestType): string => RequestTypeCodec.name(type).toLowerCase();

/** The event types of requests in these states. */
const eventTypes = (states: readonly RequestState[]): string[] =>
  TYPES.flatMap((type) => states.map((state) => `${typeName(type)}-${stateName(state)}`));

/** CASE from a letter of `q` to its name in lower case. */
const named = (column: Sql, names: readonly (readonly [string, string])[]): Sql => sql`
  CASE ${column} ${join(
    names.map(([letter, name]) => sql`WHEN ${lit(letter)} THEN ${lit(name)}`),
    ' ',
  )} END`;

const requestType = named(
  sql`q.type`,
  TYPES.map((type) => [type, typeName(type)]),
);
const stateOf = (states: readonly RequestState[]): Sql =>
  named(
    sql`q.state`,
    states.map((state) => [state, stateName(state)]),
  );

const activity = sql`(${[...Activities]}::text[])[q.activity + 1]`;

/** The file of `q`, its destination and, where it has one, its dataset: that of the rule. */
const names = sql`
  CROSS JOIN LATERAL (
    SELECT n.scope, n.name, n.adler32, n.md5, n.guid, n.datatype FROM dids n
     WHERE n.id = q.did_id OFFSET 0) d
  JOIN rses e ON e.id = q.rse_id
  LEFT JOIN LATERAL (
    SELECT p.scope, p.name FROM rules u JOIN dids p ON p.id = u.did_id
     WHERE u.id = q.rule_id AND p.type = ${lit(DidType.DATASET)} OFFSET 0) ds ON true`;

/** Keys that all of these events have. */
const common = sql`
  'scope', d.scope, 'name', d.name, 'activity', ${activity}, 'file-size', q.bytes, 'bytes', q.bytes,
  'checksum-adler', ${hex8(sql`d.adler32`)}, 'checksum-md5', ${hex(sql`d.md5`)},
  'request-id', ${hex(sql`q.uid`)}, 'dst-rse', e.name`;

const WISHES = [RequestState.QUEUED, RequestState.WAITING] as const;

/** Rows (event_type, payload) of wishes that were queued. */
const queuedEvents = (from: Sql, now: Date): Sql => sql`
  SELECT ${requestType} || '-' || ${stateOf(WISHES)} AS event_type,
         jsonb_build_object(${common}, 'request-type', ${requestType}, 'state', ${stateOf(WISHES)},
           'dst-rse-id', ${hex(sql`e.uid`)}, 'retry-count', q.attempt,
           'rule-id', (SELECT ${hex(sql`u.uid`)} FROM rules u WHERE u.id = q.rule_id),
           'queued_at', ${moment(sql`${now}::timestamptz`)}) AS payload
    FROM (${from}) q ${names}`;

/**
 * CTE body: wishes that were queued. `from` gives (did_id, rse_id, bytes, rule_id, activity, type,
 * state, attempt, uid).
 */
export const tellQueued = (from: Sql, now: Date): Sql =>
  tellEach(eventTypes(WISHES), queuedEvents(from, now));

/** CTE body: requests that a transfer tool took. `from` gives whole requests. */
export const tellSubmitted = (from: Sql): Sql =>
  tellEach(
    eventTypes([RequestState.SUBMITTED]),
    sql`SELECT ${requestType} || ${lit('-submitted')} AS event_type,
               jsonb_build_object(${common}, 'request-type', ${requestType}, 'state', 'submitted',
                 'dataset', ds.name, 'datasetScope', ds.scope,
                 'src-rse-id', ${hex(sql`s.uid`)}, 'src-rse', s.name, 'dst-rse-id', ${hex(sql`e.uid`)},
                 'external-id', coalesce(q.external_id, ${hex(sql`q.uid`)}), 'external-host', q.tool,
                 'queued_at', ${moment(sql`q.submitted_at`)}, 'datatype', d.datatype) AS payload
          FROM (${from}) q ${names} LEFT JOIN rses s ON s.id = q.source_rse_id`,
  );

/** Rows (event_type, payload) of movements that are over. */
const endedEvents = (
  from: Sql,
): Sql => sql`SELECT ${requestType} || '-' || ${stateOf(ENDS)} AS event_type,
               jsonb_build_object(${common}, 'dataset', ds.name, 'datasetScope', ds.scope,
                 'guid', ${hex(sql`d.guid`)}, 'datatype', d.datatype,
                 'duration', coalesce(extract(epoch FROM q.finished_at - q.started_at)::int, -1),
                 'protocol', q.tool, 'src-type', ${rseType(sql`s.type`)}, 'src-rse', s.name, 'src-url', NULL,
                 'dst-type', ${rseType(sql`e.type`)}, 'dst-url', NULL, 'reason', q.error,
                 'previous-request-id', NULL, 'transfer-endpoint', q.tool,
                 'transfer-id', coalesce(q.external_id, ${hex(sql`q.uid`)}), 'transfer-link', NULL,
                 'created_at', ${moment(sql`q.created_at`)}, 'submitted_at', ${moment(sql`q.submitted_at`)},
                 'started_at', ${moment(sql`q.started_at`)}, 'transferred_at', ${moment(sql`q.finished_at`)},
                 'tool-id', 'rucio-conveyor', 'account', (SELECT a.name FROM accounts a WHERE a.id = q.account_id)) AS payload
          FROM (${from}) q ${names} LEFT JOIN rses s ON s.id = q.source_rse_id`;

/** CTE body: movements that are over, well or not. `from` gives whole requests. */
export const tellEnded = (from: Sql): Sql => tellEach(eventTypes(ENDS), endedEvents(from));

/** CTE body: attempts that failed, and then the wishes for the next ones. Both give whole requests. */
export const tellRetried = (failed: Sql, queued: Sql, now: Date): Sql =>
  tellEach(
    [...eventTypes(ENDS), ...eventTypes(WISHES)],
    sql`${endedEvents(failed)} UNION ALL ${queuedEvents(queued, now)}`,
  );

const rseType = (column: Sql): Sql =>
  named(
    column,
    Object.values(RseType).map((type) => [type, RseTypeCodec.name(type)]),
  );
