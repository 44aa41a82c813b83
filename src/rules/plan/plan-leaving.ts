import { rows, sql, type Sql, type Tx } from '../../db/index.js';
import { didsById } from '../../dids/index.js';
import { InsufficientTargetRSEs, SluiceError } from '../../errors/index.js';
import { matchRses, type Rse } from '../../rses/index.js';
import {
  type AccountId,
  type DidId,
  type RseId,
  type RuleGrouping,
  type RuleId,
  RuleNotification,
} from '../../vocabulary/index.js';
import { type AdditionTerms } from '../begin-rules.js';
import { type PlacementConstraints, unionOf } from '../placement-constraints.js';
import { type RuleSpec } from '../rule-spec.js';
import { type Draft, sitesNow } from './draft-rule.js';
import { type Amount, type RulePlan } from './plan.js';
import { openPlan, planDraft } from './plan-draft.js';

/** Rules that ask for the same, and what they have at an RSE that is to leave. */
interface LeavingRules extends Amount {
  readonly ruleIds: readonly RuleId[];
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
}

/** Where copies would go if an RSE left. */
export interface LeavingPlan extends Amount {
  readonly rse: string;
  readonly rules: number;
  /** For rules that ask for the same: what they hold there, and the plan of the same without it. */
  readonly groups: readonly (Amount & { readonly rules: number; readonly plan: RulePlan })[];
}

/**
 * What it would come to if an RSE left for good: every rule with locks there, as if it asked for the
 * same on the other RSEs of its expression. Copies elsewhere stay. What cannot be placed without the
 * RSE is told by the errors of the plans. Writes nothing; give it a snapshot.
 */
export async function planLeaving(tx: Tx, rse: Rse, terms: AdditionTerms): Promise<LeavingPlan> {
  const ground = await openPlan(tx, terms);
  const found = await leavingRules(tx, rse.id);
  const groups = [];
  for (const rules of found) {
    const draft = await draftWithout(tx, rse, rules);
    const keeping = { rse: rse.id, ruleIds: rules.ruleIds };
    const { plan } = await planDraft(tx, draft, ground, (it, files) => keptBy(it, files, keeping));
    // Groups are told each by itself, also where they have files in common.
    ground.books.forgetWanted();
    groups.push({ files: rules.files, bytes: rules.bytes, rules: rules.ruleIds.length, plan });
  }
  const sum = (of: (group: LeavingRules) => bigint) =>
    found.reduce((all, group) => all + of(group), 0n);
  return {
    rse: rse.name,
    rules: groups.reduce((all, { rules }) => all + rules, 0),
    files: sum(({ files }) => files),
    bytes: sum(({ bytes }) => bytes),
    groups,
  };
}

/** Largest first. OFFSET 0: from the RSE's locked copies, a probe each. */
const leavingRules = (tx: Tx, rseId: RseId): Promise<LeavingRules[]> =>
  rows<LeavingRules>(
    tx,
    sql`WITH held AS MATERIALIZED (
          SELECT l.rule_id, count(*) AS files, sum(l.bytes) AS bytes
            FROM replicas p CROSS JOIN LATERAL (
              SELECT x.rule_id, x.bytes FROM locks x
               WHERE x.did_id = p.did_id AND x.rse_id = p.rse_id OFFSET 0) l
           WHERE p.rse_id = ${rseId}::int AND p.lock_cnt > 0 GROUP BY l.rule_id)
        SELECT array_agg(r.id ORDER BY r.id) AS "ruleIds", array_agg(r.did_id ORDER BY r.id) AS "didIds",
               r.account_id AS "accountId", r.rse_expression AS "rseExpression", r.copies, r.constraints, r.weight,
               r.did_grouping AS grouping, r.source_replica_expression AS "sourceReplicaExpression",
               r.ignore_availability AS "ignoreAvailability",
               r.ignore_account_limit AS "ignoreAccountLimit", r.activity, r.locked,
               sum(h.files)::bigint AS files, sum(h.bytes)::bigint AS bytes
          FROM held h JOIN rules r ON r.id = h.rule_id
         GROUP BY r.account_id, r.rse_expression, r.copies, r.constraints, r.weight, r.did_grouping,
                  r.source_replica_expression, r.ignore_availability, r.ignore_account_limit,
                  r.activity, r.locked
         ORDER BY sum(h.bytes) DESC, min(r.id)`,
  );

/** The same wish on the expression without the RSE; that nothing is left of it is an error of the draft. */
async function draftWithout(tx: Tx, rse: Rse, rules: LeavingRules): Promise<Draft> {
  const dids = await didsById(tx, [...new Set(rules.didIds)]);
  const without = (expression: string) => `(${expression})\\${rse.name}`;
  const constraints = rules.constraints && {
    ...rules.constraints,
    parts: rules.constraints.parts.map((part) => ({
      ...part,
      rseExpression: without(part.rseExpression),
    })),
  };
  const spec: RuleSpec = {
    ...rules,
    dids,
    rseExpression: constraints ? unionOf(constraints) : without(rules.rseExpression),
    constraints,
    notification: RuleNotification.NO,
  };
  const wish = {
    accountId: rules.accountId,
    rseExpression: spec.rseExpression,
    constraints,
    sourceReplicaExpression: rules.sourceReplicaExpression,
    weight: rules.weight,
    ignoreAvailability: rules.ignoreAvailability,
    ignoreAccountLimit: rules.ignoreAccountLimit,
  };
  const errors: SluiceError[] = [];
  const beginnings = [{ begins: 'BY_INJECTOR' as const, rules: dids.length }];
  const draft = { spec, wish, dids, existing: 0, beginnings, errors };
  const named = await matchRses(tx, spec.rseExpression);
  if (named.length === 0) {
    const message = `Without ${rse.name}, '${rules.rseExpression}' names no RSE`;
    errors.push(new InsufficientTargetRSEs(message, { copies: rules.copies, targets: 0 }));
    return { ...draft, named: [], sites: undefined };
  }
  const sites = await noted(errors, () => sitesNow(tx, wish, errors));
  return { ...draft, named, sites };
}

/** A fact that is thrown is one of the errors. */
async function noted<T>(errors: SluiceError[], work: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    errors.push(error);
    return undefined;
  }
}

/** Where else the rules have locks on these units: there they stay. */
async function keptBy(
  tx: Tx,
  files: Sql,
  { rse, ruleIds }: { readonly rse: RseId; readonly ruleIds: readonly RuleId[] },
): Promise<ReadonlyMap<number, RseId[]>> {
  const found = await rows<{ unit: number; rses: RseId[] }>(
    tx,
    sql`SELECT k.unit, array_agg(k.rse_id ORDER BY k.files DESC, k.rse_id) AS rses
          FROM (SELECT f.unit, l.rse_id, count(*) AS files
                  FROM (${files}) f CROSS JOIN LATERAL (
                    SELECT x.rse_id FROM locks x
                     WHERE x.did_id = f.did_id AND x.rse_id <> ${rse}::int
                       AND (x.rule_id + 0) = ANY (${[...ruleIds]}::bigint[]) OFFSET 0) l
                 GROUP BY f.unit, l.rse_id) k
         GROUP BY k.unit`,
  );
  return new Map(found.map(({ unit, rses }) => [unit, rses]));
}
