import { lit, sql, type Sql } from '../db/index.js';
import {
  Cause,
  DidAvailability,
  ReplicaState,
  RequestState,
  RequestType,
} from '../vocabulary/index.js';
import { type Rule } from './rule.js';
import { type Sites } from './sites.js';

/** The rule's columns that its locks and requests carry. */
export type SliceRule = Pick<Rule, 'id' | 'accountId' | 'activity' | 'priority'>;

/** Where copies can be made, from where, and how. */
export type CopySites = Pick<Sites, 'unwritable' | 'staging' | 'sources'>;

/**
 * Whether copy `p` can be made: its RSE may be written and a source is there or on its way. `+ 0`, here
 * and below: by the file's key, not one descent of the index on (rse_id, did_id) for each RSE.
 */
export function startable(sites: CopySites): Sql {
  const from = sites.sources ? sql`AND (o.rse_id + 0) = ANY (${[...sites.sources]}::int[])` : sql``;
  return sql`(p.rse_id <> ALL (${[...sites.unwritable]}::int[])
    AND EXISTS (SELECT FROM replicas o WHERE o.did_id = p.did_id AND o.rse_id <> p.rse_id ${from}
      AND o.state IN (${lit(ReplicaState.AVAILABLE)}, ${lit(ReplicaState.COPYING)}, ${lit(ReplicaState.TEMPORARY_UNAVAILABLE)})))`;
}

/** Condition on a row with a did_id: no good copy of the file is left anywhere. */
export const isLostFile = (row: Sql): Sql => sql`EXISTS (
  SELECT FROM dids lost WHERE lost.id = ${row}.did_id AND lost.availability = ${lit(DidAvailability.LOST)})`;

/** Why a copy (did_id, rse_id) cannot be made now. */
export const whyStuck = (sites: Pick<Sites, 'unwritable'>, row: Sql): Sql => sql`
  CASE WHEN ${isLostFile(row)} THEN ${lit(Cause.FILE_LOST)}
       WHEN ${row}.rse_id = ANY (${[...sites.unwritable]}::int[]) THEN ${lit(Cause.NOT_WRITABLE)}
       ELSE ${lit(Cause.NO_SOURCE)} END`;

/** Rows for `queueCopies` from a CTE (did_id, rse_id, bytes, state, wanted). */
export const wantedRequests = (
  rule: SliceRule,
  sites: CopySites,
  copies: Sql,
  ruleId = sql`${rule.id}::bigint`,
): Sql => sql`
  SELECT did_id, rse_id, bytes, ${ruleId} AS rule_id, ${rule.accountId}::int AS account_id,
         ${rule.activity}::smallint AS activity, ${rule.priority}::smallint AS priority,
         CASE WHEN rse_id = ANY (${[...sites.staging]}::int[]) THEN ${lit(RequestType.STAGEIN)}::"char"
              ELSE ${lit(RequestType.TRANSFER)}::"char" END AS type,
         CASE WHEN state = ${lit(ReplicaState.BEING_DELETED)} THEN ${lit(RequestState.WAITING)}::"char"
              ELSE ${lit(RequestState.QUEUED)}::"char" END AS state
    FROM ${copies} WHERE wanted`;
