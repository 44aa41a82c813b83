import { randomUUID } from 'node:crypto';
import { lit, rows, sql, type Sql, type Tx } from '../db/index.js';
import { DuplicateRule } from '../errors/index.js';
import { type DidId, type RuleGrouping, type RuleId, RuleState } from '../vocabulary/index.js';
import { type Phase } from './phase.js';
import { type PlacementConstraints } from './placement-constraints.js';
import { type RepairPolicy } from './repair-policy.js';
import { jsonOf } from './rule.sql.js';

/** A rule that was made: its key inside and the id on the wire, as a uuid. */
export interface AddedRule {
  readonly id: RuleId;
  readonly uid: string;
}

/** What rules on some DIDs begin with; every other column has its default. */
export interface NewRule {
  readonly didIds: readonly DidId[];
  readonly accountId: number;
  readonly state: RuleState;
  readonly copies: number;
  readonly rseExpression: string;
  readonly constraints: PlacementConstraints | null;
  readonly weight: string | null;
  readonly expiresAt: Date | null;
  readonly eolAt: Date | null;
  readonly injectAt: Date | null;
  readonly grouping: RuleGrouping;
  readonly locked: boolean;
  readonly sourceReplicaExpression: string | null;
  readonly activity: number;
  readonly notification: string;
  readonly purgeReplicas: boolean;
  readonly ignoreAvailability: boolean;
  readonly ignoreAccountLimit: boolean;
  readonly splitContainer: boolean;
  readonly subscriptionUid: string | null;
  readonly comments: string | null;
  readonly priority: number;
  readonly meta: string | null;
  readonly repairPolicy: RepairPolicy | null;
  /** The id of a rule that stood before. */
  readonly restoredUid?: string | null;
  /** The rule whose place it takes. */
  readonly replaces?: RuleId | null;
  readonly phases: readonly Phase[] | null;
  readonly phasesKey: string | null;
  readonly phase: number | null;
  readonly phaseLookAt: Date | null;
  /** Passes over DIDs that have the very same rule. */
  readonly ignoreDuplicate?: boolean;
  readonly now: Date;
}

/** The columns of new rules, a row each, as JSON: however many there are it is one parameter. */
const wishesOf = (rules: readonly NewRule[]): Sql => sql`
  jsonb_to_recordset(${JSON.stringify(rules.map(recordOf), plain)}::jsonb) AS w(
    at int, account_id int, state "char", copies int, rse_expression text, weight text,
    expires_at timestamptz, eol_at timestamptz, inject_at timestamptz, did_grouping "char", locked boolean,
    source_replica_expression text, activity smallint, notification "char", purge_replicas boolean,
    ignore_availability boolean, ignore_account_limit boolean, split_container boolean,
    subscription_uid uuid, comments text, priority smallint, meta text, repair_policy jsonb,
    constraints jsonb, phases jsonb, phases_key uuid, phase smallint, phase_look_at timestamptz,
    replaces bigint, now timestamptz)`;

/** jsonb takes no half of a pair of surrogates, which a comment may have. */
const plain = (_: string, value: unknown): unknown =>
  typeof value === 'string' ? value.toWellFormed() : value;

const recordOf = (rule: NewRule, at: number) => ({
  at,
  account_id: rule.accountId,
  state: rule.state,
  copies: rule.copies,
  rse_expression: rule.rseExpression,
  weight: rule.weight,
  expires_at: rule.expiresAt,
  eol_at: rule.eolAt,
  inject_at: rule.injectAt,
  did_grouping: rule.grouping,
  locked: rule.locked,
  source_replica_expression: rule.sourceReplicaExpression,
  activity: rule.activity,
  notification: rule.notification,
  purge_replicas: rule.purgeReplicas,
  ignore_availability: rule.ignoreAvailability,
  ignore_account_limit: rule.ignoreAccountLimit,
  split_container: rule.splitContainer,
  subscription_uid: rule.subscriptionUid,
  comments: rule.comments,
  priority: rule.priority,
  meta: rule.meta,
  repair_policy: rule.repairPolicy,
  constraints: rule.constraints,
  phases: rule.phases,
  phases_key: rule.phasesKey,
  phase: rule.phase,
  phase_look_at: rule.phaseLookAt,
  replaces: rule.replaces ? String(rule.replaces) : null,
  now: rule.now,
});

/**
 * CTE body: new rules with their counters, in the order of their DIDs; those that are there already are
 * passed over. `from` gives (did_id, uid, at, ok, replicating, stuck): which of `rules` and with what
 * locks. The state is the rule's own, or follows its locks where all of them are there.
 */
export function newRules(
  from: Sql,
  rules: readonly NewRule[],
  { placed }: { readonly placed: boolean },
): Sql {
  const { STUCK, REPLICATING, OK } = RuleState;
  const stuck = sql`CASE WHEN i.stuck > 0 THEN`;
  const begins = placed
    ? sql`CASE WHEN i.stuck > 0 THEN ${lit(STUCK)}::"char"
               WHEN i.replicating > 0 THEN ${lit(REPLICATING)}::"char" ELSE ${lit(OK)}::"char" END,
          ${stuck} 'MissingSourceReplica' END, ${stuck} w.now END, ${stuck} w.now END, NULL::timestamptz`
    : sql`w.state, NULL::text, NULL::timestamptz, NULL::timestamptz, w.inject_at`;
  return sql`
    INSERT INTO rules (did_id, uid, locks_ok, locks_replicating, locks_stuck,
      state, error, stuck_at, repair_at, inject_at,
      account_id, copies, rse_expression, weight, expires_at, eol_at, did_grouping, locked,
      source_replica_expression, activity, notification, purge_replicas, ignore_availability,
      ignore_account_limit, split_container, subscription_uid, comments, priority, meta, repair_policy,
      constraints, phases, phases_key, phase, phase_look_at, created_at, updated_at)
    SELECT i.did_id, i.uid, i.ok, i.replicating, i.stuck, ${begins},
      w.account_id, w.copies, w.rse_expression, w.weight, w.expires_at, w.eol_at, w.did_grouping, w.locked,
      w.source_replica_expression, w.activity, w.notification, w.purge_replicas, w.ignore_availability,
      w.ignore_account_limit, w.split_container, w.subscription_uid, w.comments, w.priority, w.meta,
      w.repair_policy, w.constraints, w.phases, w.phases_key, w.phase, w.phase_look_at, w.now, w.now
      FROM (${from}) i JOIN ${wishesOf(rules)} ON w.at = i.at
     ${rules.some(({ phasesKey }) => phasesKey !== null) ? hasNoSuchPhases : sql``}
     ORDER BY i.did_id, i.at
    ON CONFLICT (did_id, account_id, rse_expression, copies, (coalesce(md5(constraints::text), '')),
                 (coalesce(phases_key::text, ''))) DO NOTHING`;
}

/** A rule of the same phases on the same DID is a duplicate, whichever of them holds. */
const hasNoSuchPhases: Sql = sql`
  WHERE (w.phases_key IS NULL OR NOT EXISTS (
    SELECT FROM rules x WHERE x.did_id = i.did_id AND x.account_id = w.account_id
       AND x.phases_key = w.phases_key AND x.phase_of IS NULL
       AND x.id IS DISTINCT FROM w.replaces))`;

/**
 * Makes many rules, different ones too, by one statement. Gives those made of each of them, by DID.
 * Throws DuplicateRule.
 */
export async function insertRules(
  tx: Tx,
  rules: readonly NewRule[],
): Promise<Map<DidId, AddedRule>[]> {
  const wished = rules.flatMap((rule, at) =>
    rule.didIds.map((didId) => ({ didId, at, uid: rule.restoredUid ?? randomUUID() })),
  );
  const made: Map<DidId, AddedRule>[] = rules.map(() => new Map<DidId, AddedRule>());
  if (wished.length === 0) return made;
  const from = sql`
    SELECT x.did_id, x.uid, x.at, 0 AS ok, 0 AS replicating, 0 AS stuck
      FROM unnest(${wished.map(({ didId }) => didId)}::bigint[], ${wished.map(({ uid }) => uid)}::uuid[],
                  ${wished.map(({ at }) => at)}::int[]) AS x(did_id, uid, at)`;
  const found = await rows<AddedRule>(
    tx,
    sql`${newRules(from, rules, { placed: false })} RETURNING id, uid`,
  );
  const byUid = new Map(found.map((rule) => [rule.uid, rule]));
  for (const { didId, at, uid } of wished) {
    const rule = byUid.get(uid);
    if (rule) made[at]?.set(didId, rule);
    else if (!rules[at]?.ignoreDuplicate) throw duplicateOf(rules[at] as NewRule);
  }
  return made;
}

/** Those of the rule's DIDs that have the very same one. */
export async function duplicatesOf(tx: Tx, rule: NewRule): Promise<Set<DidId>> {
  // `||` and `+`: by the DID, which has few rules, whatever ANALYZE saw of the account and the expression.
  const found = await rows<{ didId: DidId }>(
    tx,
    sql`SELECT i.did_id AS "didId" FROM unnest(${[...rule.didIds]}::bigint[]) AS i(did_id)
         WHERE EXISTS (
           SELECT FROM rules r
            WHERE r.did_id = i.did_id AND (r.account_id + 0) = ${rule.accountId}::int
              AND (r.rse_expression || '' = ${rule.rseExpression} AND r.copies = ${rule.copies}::int
                   AND coalesce(md5(r.constraints::text), '')
                       = coalesce(md5((${jsonOf(rule.constraints)}::jsonb)::text), '')
                   AND r.phases_key IS NOT DISTINCT FROM ${rule.phasesKey}::uuid
                OR r.phases_key = ${rule.phasesKey}::uuid AND r.phase_of IS NULL
                   AND r.id IS DISTINCT FROM ${rule.replaces ?? null}::bigint) OFFSET 0)`,
  );
  return new Set(found.map(({ didId }) => didId));
}

/** The fact that a rule is there already. */
export const duplicateOf = ({
  copies,
  rseExpression,
}: Pick<NewRule, 'copies' | 'rseExpression'>): DuplicateRule =>
  new DuplicateRule(
    `A duplicate rule for this account, did, rse_expression, copies already exists: ${copies} on '${rseExpression}'`,
    { expression: rseExpression, copies },
  );
