import { join, lit, sql, type Sql } from '../db/index.js';
import {
  anyText,
  hex,
  hex8,
  jsonText,
  type JsonValue,
  moment,
  number,
  plain,
  plainOrNull,
  tellEach,
} from '../messages/index.js';
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

/** RSEs with their names as JSON and their ids as the wire has them, made once each: OFFSET 0. */
const rses = sql`(
  SELECT e.id, e.type, to_json(e.name)::text AS name, ${hex(sql`e.uid`)} AS uid FROM rses e OFFSET 0)`;

/** The file of `q`, its destination and, where it has one, its dataset: that of the rule. */
const names = sql`
  CROSS JOIN LATERAL (
    SELECT n.scope, n.name, n.adler32, n.md5, n.guid, n.datatype FROM dids n
     WHERE n.id = q.did_id OFFSET 0) d
  JOIN ${rses} e ON e.id = q.rse_id
  LEFT JOIN LATERAL (
    SELECT p.scope, p.name FROM rules u JOIN dids p ON p.id = u.did_id
     WHERE u.id = q.rule_id AND p.type = ${lit(DidType.DATASET)} OFFSET 0) ds ON true`;

/** Keys that all of these events have. */
const common: Readonly<Record<string, JsonValue>> = {
  scope: plain(sql`d.scope`),
  name: plain(sql`d.name`),
  activity: plain(activity),
  'file-size': number(sql`q.bytes`),
  bytes: number(sql`q.bytes`),
  'checksum-adler': plainOrNull(hex8(sql`d.adler32`)),
  'checksum-md5': plainOrNull(hex(sql`d.md5`)),
  'request-id': plain(hex(sql`q.uid`)),
  'dst-rse': sql`e.name`,
};
const dataset: Readonly<Record<string, JsonValue>> = {
  dataset: plainOrNull(sql`ds.name`),
  datasetScope: plainOrNull(sql`ds.scope`),
  datatype: anyText(sql`d.datatype`),
};
const transferId = anyText(sql`coalesce(q.external_id, ${hex(sql`q.uid`)})`);
const momentOrNull = (at: Sql): Sql => plainOrNull(moment(at));

const rseType = (column: Sql): Sql =>
  named(
    column,
    Object.values(RseType).map((type) => [type, RseTypeCodec.name(type)]),
  );

const WISHES = [RequestState.QUEUED, RequestState.WAITING] as const;

/** Rows (event_type, payload) of wishes that were queued. */
const queuedEvents = (from: Sql, now: Date): Sql => sql`
  SELECT ${requestType} || '-' || ${stateOf(WISHES)} AS event_type,
         ${jsonText({
           ...common,
           'request-type': plain(requestType),
           state: plain(stateOf(WISHES)),
           'dst-rse-id': plain(sql`e.uid`),
           'retry-count': number(sql`q.attempt`),
           'rule-id': plainOrNull(
             sql`(SELECT ${hex(sql`u.uid`)} FROM rules u WHERE u.id = q.rule_id)`,
           ),
           queued_at: plain(moment(sql`${now}::timestamptz`)),
         })} AS payload
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
               ${jsonText({
                 ...common,
                 ...dataset,
                 'request-type': plain(requestType),
                 state: 'submitted',
                 'src-rse-id': plainOrNull(sql`s.uid`),
                 'src-rse': sql`coalesce(s.name, 'null')`,
                 'dst-rse-id': plain(sql`e.uid`),
                 'external-id': transferId,
                 'external-host': plainOrNull(sql`q.tool`),
                 queued_at: momentOrNull(sql`q.submitted_at`),
               })} AS payload
          FROM (${from}) q ${names} LEFT JOIN ${rses} s ON s.id = q.source_rse_id`,
  );

/** Rows (event_type, payload) of movements that are over. */
const endedEvents = (
  from: Sql,
): Sql => sql`SELECT ${requestType} || '-' || ${stateOf(ENDS)} AS event_type,
               ${jsonText({
                 ...common,
                 ...dataset,
                 guid: plainOrNull(hex(sql`d.guid`)),
                 duration: number(
                   sql`coalesce(extract(epoch FROM q.finished_at - q.started_at)::int, -1)`,
                 ),
                 protocol: plainOrNull(sql`q.tool`),
                 'src-type': plainOrNull(rseType(sql`s.type`)),
                 'src-rse': sql`coalesce(s.name, 'null')`,
                 'src-url': null,
                 'dst-type': plainOrNull(rseType(sql`e.type`)),
                 'dst-url': null,
                 reason: anyText(sql`q.error`),
                 'previous-request-id': null,
                 'transfer-endpoint': plainOrNull(sql`q.tool`),
                 'transfer-id': transferId,
                 'transfer-link': null,
                 created_at: momentOrNull(sql`q.created_at`),
                 submitted_at: momentOrNull(sql`q.submitted_at`),
                 started_at: momentOrNull(sql`q.started_at`),
                 transferred_at: momentOrNull(sql`q.finished_at`),
                 'tool-id': 'rucio-conveyor',
                 account: anyText(sql`(SELECT a.name FROM accounts a WHERE a.id = q.account_id)`),
               })} AS payload
          FROM (${from}) q ${names} LEFT JOIN ${rses} s ON s.id = q.source_rse_id`;

/** CTE body: movements that are over, well or not. `from` gives whole requests. */
export const tellEnded = (from: Sql): Sql => tellEach(eventTypes(ENDS), endedEvents(from));

/** CTE body: attempts that failed, and then the wishes for the next ones. Both give whole requests. */
export const tellRetried = (failed: Sql, queued: Sql, now: Date): Sql =>
  tellEach(
    [...eventTypes(ENDS), ...eventTypes(WISHES)],
    sql`${endedEvents(failed)} UNION ALL ${queuedEvents(queued, now)}`,
  );
