import { lit, lits, one, rows, sql, type Sql, type Tx } from '../db/index.js';
import {
  type Cause,
  type CopyKey,
  type DidType,
  type RequestId,
  type RequestState,
  type RequestType,
  type RseId,
} from '../vocabulary/index.js';

/** A request, or an attempt of one that is over, with the names of what it points to. */
export interface RequestRow {
  readonly id: RequestId;
  readonly uid: string;
  /** Null of a DID that has been erased since. */
  readonly scope: string | null;
  readonly name: string | null;
  readonly didType: DidType | null;
  /** Two's complement, as stored. */
  readonly adler32: number | null;
  readonly md5: string | null;
  readonly ruleUid: string | null;
  readonly sourceExpression: string | null;
  readonly destination: string;
  readonly destinationUid: string;
  readonly source: string | null;
  readonly sourceUid: string | null;
  readonly account: string;
  readonly bytes: bigint;
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
  readonly submittedAt: Date | null;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

/** Which movements are asked for. Source and destination: any of these. */
export interface RequestFilter {
  readonly sources: readonly RseId[];
  readonly destinations: readonly RseId[];
  readonly states: readonly RequestState[];
}

const columns = sql`q.id, q.uid, d.scope, d.name, d.type AS "didType", d.adler32, d.md5,
  u.uid AS "ruleUid", u.source_replica_expression AS "sourceExpression", e.name AS destination, e.uid AS "destinationUid", s.name AS source,
  s.uid AS "sourceUid", a.name AS account, q.bytes, q.activity, q.priority, q.attempt, q.type, q.state,
  q.tool, q.external_id AS "externalId", q.cause, q.error, q.expected, q.found,
  q.created_at AS "createdAt", q.submitted_at AS "submittedAt", q.started_at AS "startedAt",
  q.finished_at AS "finishedAt"`;

const withNames = sql`JOIN rses e ON e.id = q.rse_id JOIN accounts a ON a.id = q.account_id
  LEFT JOIN rses s ON s.id = q.source_rse_id LEFT JOIN rules u ON u.id = q.rule_id
  LEFT JOIN dids d ON d.id = q.did_id`;

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
    sql`SELECT ${columns} FROM requests q ${withNames}
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
    sql`SELECT ${columns}
          FROM (SELECT * FROM requests_history q WHERE ${matches(filter)}
                 ORDER BY q.archived_at DESC, q.id DESC, q.attempt DESC
                 LIMIT ${page.limit}::int OFFSET ${page.offset}::bigint) q ${withNames}
         ORDER BY q.archived_at DESC, q.id DESC, q.attempt DESC`,
  );

/** The request for a copy, if it has one. */
export const requestOf = (tx: Tx, { didId, rseId }: CopyKey): Promise<RequestRow | undefined> =>
  one(
    tx,
    sql`SELECT ${columns} FROM requests q ${withNames}
         WHERE q.did_id = ${didId} AND q.rse_id = ${rseId}`,
  );

/** The latest attempt for a copy that is over, if there is one. */
export const lastRequestOf = (tx: Tx, { didId, rseId }: CopyKey): Promise<RequestRow | undefined> =>
  one(
    tx,
    sql`SELECT ${columns} FROM requests_history q ${withNames}
         WHERE q.did_id = ${didId} AND q.rse_id = ${rseId}
         ORDER BY q.archived_at DESC, q.id DESC, q.attempt DESC LIMIT 1`,
  );
