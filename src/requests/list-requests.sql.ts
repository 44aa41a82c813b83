import { lit, lits, rows, sql, type Sql, type Tx } from '../db/index.js';
import {
  type AccountId,
  type Cause,
  type CopyKey,
  type DidId,
  type RequestId,
  type RequestState,
  type RequestType,
  type RseId,
  type RuleId,
} from '../vocabulary/index.js';

/** A request, or an attempt of one that is over, as stored. */
export interface RequestRow {
  readonly id: RequestId;
  readonly uid: string;
  readonly didId: DidId;
  readonly ruleId: RuleId | null;
  readonly ruleUid: string | null;
  readonly rseId: RseId;
  readonly sourceRseId: RseId | null;
  readonly accountId: AccountId;
  readonly bytes: bigint;
  readonly bytesMoved: bigint | null;
  readonly activity: number;
  readonly priority: number;
  readonly attempt: number;
  readonly type: RequestType;
  readonly state: RequestState;
  readonly tool: string | null;
  readonly externalId: string | null;
  readonly cause: Cause | null;
  readonly error: string | null;
  readonly expected: string | null;
  readonly found: string | null;
  readonly createdAt: Date;
  readonly dueAt: Date | null;
  readonly submittedAt: Date | null;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  /** Null for a request that is not over. */
  readonly archivedAt: Date | null;
}

/** Which movements are asked for. Source and destination: any of these. */
export interface RequestFilter {
  readonly sources: readonly RseId[];
  readonly destinations: readonly RseId[];
  readonly states: readonly RequestState[];
}

const columns = sql`q.id, q.uid, q.did_id AS "didId", q.rule_id AS "ruleId",
  (SELECT u.uid FROM rules u WHERE u.id = q.rule_id) AS "ruleUid", q.rse_id AS "rseId",
  q.source_rse_id AS "sourceRseId", q.account_id AS "accountId", q.bytes, q.bytes_moved AS "bytesMoved",
  q.activity, q.priority, q.attempt, q.type, q.state, q.tool, q.external_id AS "externalId", q.cause,
  q.error, q.expected, q.found, q.created_at AS "createdAt", q.due_at AS "dueAt",
  q.submitted_at AS "submittedAt", q.started_at AS "startedAt", q.finished_at AS "finishedAt"`;

const matches = (
  filter: RequestFilter,
): Sql => sql`q.rse_id = ANY(${[...filter.destinations]}::int[])
  AND q.source_rse_id = ANY(${[...filter.sources]}::int[]) AND q.state IN (${lits(filter.states)})`;

const PAGE = lit(1000);

/** A page of requests in the order of their ids, beginning after `after`. A queued one has no source yet. */
export const requestPage = (
  tx: Tx,
  filter: RequestFilter,
  after: RequestId,
): Promise<RequestRow[]> =>
  rows(
    tx,
    sql`SELECT ${columns}, NULL::timestamptz AS "archivedAt" FROM requests q
         WHERE ${matches(filter)} AND q.id > ${after}::bigint ORDER BY q.id LIMIT ${PAGE}`,
  );

/** Attempts that are over, newest first. */
export const requestHistory = (
  tx: Tx,
  filter: RequestFilter,
  page: { readonly offset: number; readonly limit: number },
): Promise<RequestRow[]> =>
  rows(
    tx,
    sql`SELECT ${columns}, q.archived_at AS "archivedAt" FROM requests_history q WHERE ${matches(filter)}
         ORDER BY q.archived_at DESC, q.id DESC, q.attempt DESC
         LIMIT ${page.limit}::int OFFSET ${page.offset}::bigint`,
  );

/** The request for a copy, if it has one. */
export async function requestOf(
  tx: Tx,
  { didId, rseId }: CopyKey,
): Promise<RequestRow | undefined> {
  const found = await rows<RequestRow>(
    tx,
    sql`SELECT ${columns}, NULL::timestamptz AS "archivedAt" FROM requests q
         WHERE q.did_id = ${didId} AND q.rse_id = ${rseId}`,
  );
  return found[0];
}

/** The attempts for a copy that are over, newest first, at most a hundred. */
export const requestHistoryOf = (tx: Tx, { didId, rseId }: CopyKey): Promise<RequestRow[]> =>
  rows(
    tx,
    sql`SELECT ${columns}, q.archived_at AS "archivedAt" FROM requests_history q
         WHERE q.did_id = ${didId} AND q.rse_id = ${rseId}
         ORDER BY q.archived_at DESC, q.id DESC, q.attempt DESC LIMIT 100`,
  );
