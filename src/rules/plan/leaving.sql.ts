import { rows, sql, type Sql, type Tx } from '../../db/index.js';
import { isMoving } from '../../locks/index.js';
import {
  type AccountId,
  type DidId,
  type RseId,
  type RuleGrouping,
  type RuleId,
} from '../../vocabulary/index.js';
import { type PlacementConstraints } from '../placement-constraints.js';
import { type Leaving } from './placing.js';
import { type Amount } from './plan.js';

/** Rules that ask for the same, and what they have at an RSE that is to leave. */
export interface LeavingRules extends Amount {
  readonly ruleIds: readonly RuleId[];
  /** Of each rule its DID. */
  readonly didIds: readonly DidId[];
  readonly accountId: AccountId;
  readonly rseExpression: string;
  readonly copies: number;
  readonly constraints: PlacementConstraints | null;
  readonly weight: string | null;
  readonly grouping: RuleGrouping;
  readonly sourceReplicaExpression: string | null;
  readonly ignoreAvailability: boolean;
  readonly ignoreAccountLimit: boolean;
  readonly activity: number;
  readonly locked: boolean;
  /** How many of the files other rules have there too. */
  readonly shared: bigint;
}

/** Largest first. OFFSET 0: from the RSE's locked copies, a probe each. */
export const leavingRules = (tx: Tx, rseId: RseId): Promise<LeavingRules[]> =>
  rows<LeavingRules>(
    tx,
    sql`WITH held AS MATERIALIZED (
          SELECT l.rule_id, count(*) AS files, sum(l.bytes) AS bytes,
                 count(*) FILTER (WHERE p.lock_cnt > 1) AS shared
            FROM replicas p CROSS JOIN LATERAL (
              SELECT x.rule_id, x.bytes FROM locks x
               WHERE x.did_id = p.did_id AND x.rse_id = p.rse_id OFFSET 0) l
           WHERE p.rse_id = ${rseId}::int AND p.lock_cnt > 0 GROUP BY l.rule_id)
        SELECT array_agg(r.id ORDER BY r.id) AS "ruleIds", array_agg(r.did_id ORDER BY r.id) AS "didIds",
               r.account_id AS "accountId", r.rse_expression AS "rseExpression", r.copies, r.constraints, r.weight,
               r.did_grouping AS grouping, r.source_replica_expression AS "sourceReplicaExpression",
               r.ignore_availability AS "ignoreAvailability",
               r.ignore_account_limit AS "ignoreAccountLimit", r.activity, r.locked,
               sum(h.files)::bigint AS files, sum(h.bytes)::bigint AS bytes, sum(h.shared)::bigint AS shared
          FROM held h JOIN rules r ON r.id = h.rule_id
         GROUP BY r.account_id, r.rse_expression, r.copies, r.constraints, r.weight, r.did_grouping,
                  r.source_replica_expression, r.ignore_availability, r.ignore_account_limit,
                  r.activity, r.locked
         ORDER BY sum(h.bytes) DESC, min(r.id)`,
  );

/** Condition on a lock `x` there: it is still to go somewhere. */
const leaves = (rseId: RseId) => sql`x.rse_id = ${rseId}::int AND NOT ${isMoving(sql`x`)}`;

/** Those of the files (unit, did_id) of which the rules have a copy where it leaves. OFFSET 0: a probe a file. */
export const filesLeaving = (files: Sql, { rseId, ruleIds }: Leaving): Sql => sql`
  SELECT f.unit, f.did_id FROM (${files}) f
   WHERE EXISTS (SELECT FROM locks x WHERE x.did_id = f.did_id AND ${leaves(rseId)}
                    AND (x.rule_id + 0) = ANY (${[...ruleIds]}::bigint[]) OFFSET 0)`;

/** What rules whose files go each its own way have where it leaves: (did_id, rule_id, bytes). */
export const locksLeaving = ({ rseId, aloneIds }: Leaving): Sql => sql`
  SELECT l.did_id, l.rule_id, l.bytes FROM unnest(${[...aloneIds]}::bigint[]) u(id)
   CROSS JOIN LATERAL (SELECT x.did_id, x.rule_id, x.bytes FROM locks x
                        WHERE x.rule_id = u.id AND ${leaves(rseId)} OFFSET 0) l`;

/** Where else the rules have locks on files (unit, did_id), by unit: there they stay. */
export async function keptBy(
  tx: Tx,
  files: Sql,
  { rseId, ruleIds }: Leaving,
): Promise<ReadonlyMap<number, RseId[]>> {
  const found = await rows<{ unit: number; rses: RseId[] }>(
    tx,
    sql`SELECT k.unit, array_agg(k.rse_id ORDER BY k.files DESC, k.rse_id) AS rses
          FROM (SELECT f.unit, l.rse_id, count(*) AS files
                  FROM (${files}) f CROSS JOIN LATERAL (
                    SELECT x.rse_id FROM locks x
                     WHERE x.did_id = f.did_id AND x.rse_id <> ${rseId}::int
                       AND (x.rule_id + 0) = ANY (${[...ruleIds]}::bigint[]) OFFSET 0) l
                 GROUP BY f.unit, l.rse_id) k
         GROUP BY k.unit`,
  );
  return new Map(found.map(({ unit, rses }) => [unit, rses]));
}
