import { execute, join, lit, rows, sql, type Sql, type Tx } from '../db/index.js';
import { EventType, hex, tellEach } from '../messages/index.js';
import {
  type AccountId,
  type DidId,
  type RseId,
  type RuleId,
  RuleNotification,
  RuleState,
} from '../vocabulary/index.js';
import { type Phase } from './phase.js';

/** A rule that is to be looked at, because its phase may be over. Its row is held. */
export interface DuePhase {
  readonly id: RuleId;
  readonly didId: DidId;
  readonly phases: readonly Phase[];
  readonly phase: number;
  readonly state: RuleState;
  readonly locked: boolean;
  readonly expiresAt: Date | null;
  /** Another rule is to take its place. */
  readonly replaced: boolean;
  /** A former rule that says the same as the next phase has not gone yet. */
  readonly taken: boolean;
}

/** Element `at` of rule `r`'s phases. */
const phaseOf = (r: Sql, at: Sql): Sql => sql`(${r}.phases -> (${at})::int)`;

/** Rules whose look is due, those that have waited the longest first; nobody else has them. */
export const claimPhases = (tx: Tx, now: Date, limit: number): Promise<DuePhase[]> =>
  rows<DuePhase>(
    tx,
    sql`SELECT r.id, r.did_id AS "didId", r.phases, r.phase, r.state, r.locked,
               r.expires_at AS "expiresAt", r.child_rule_id IS NOT NULL AS replaced,
               EXISTS (SELECT FROM rules x
                 WHERE x.did_id = r.did_id AND x.account_id = r.account_id
                   AND x.rse_expression = ${phaseOf(sql`r`, sql`r.phase + 1`)} ->> 'rseExpression'
                   AND x.copies = (${phaseOf(sql`r`, sql`r.phase + 1`)} ->> 'copies')::int
                   AND x.phases_key = r.phases_key AND x.id <> r.id) AS taken
          FROM rules r
         WHERE r.phase_look_at <= ${now}::timestamptz
         ORDER BY r.phase_look_at, r.id LIMIT ${lit(limit)} FOR UPDATE OF r SKIP LOCKED`,
  );

/** These are looked at again then; null is never. */
export async function postponePhases(
  tx: Tx,
  looks: readonly { readonly id: RuleId; readonly lookAt: Date | null }[],
): Promise<void> {
  if (looks.length === 0) return;
  await execute(
    tx,
    sql`UPDATE rules r SET phase_look_at = k.at
          FROM unnest(${looks.map(({ id }) => id)}::bigint[],
                      ${looks.map(({ lookAt }) => lookAt)}::timestamptz[]) AS k(id, at)
         WHERE r.id = k.id`,
  );
}

/**
 * The next phase of these rules begins, whose rows are held: a rule that waits for the injector takes
 * over the wire id and everything that was said about it, and the former one ends when it is OK. Who
 * waits for the former, because it is not OK yet, waits for the next one.
 */
export async function beginPhases(tx: Tx, ids: readonly RuleId[], now: Date): Promise<void> {
  const these = sql`ANY (${[...ids]}::bigint[])`;
  await execute(
    tx,
    sql`UPDATE rules SET phase_of = uid, uid = gen_random_uuid(), phase_look_at = NULL WHERE id = ${these}`,
  );
  await execute(tx, insertNext(these, now));
  await execute(
    tx,
    sql`UPDATE rules o SET child_rule_id = c.id, expires_at = ${now}::timestamptz, locked = false,
               updated_at = ${now}::timestamptz
          FROM rules c WHERE o.id = ${these} AND c.uid = o.phase_of`,
  );
  await execute(
    tx,
    sql`UPDATE rules p SET child_rule_id = o.child_rule_id
          FROM rules o WHERE o.id = ${these} AND o.state <> ${lit(RuleState.OK)} AND p.child_rule_id = o.id`,
  );
  await execute(tx, tellEach([EventType.RULE_PHASE], begunPayloads(these)));
}

/** What a next phase has from the rule itself; the rest is its own, or begins anew. */
const KEPT = sql`did_id, account_id, expires_at, eol_at, source_replica_expression, activity,
  notification, purge_replicas, ignore_availability, ignore_account_limit, split_container,
  subscription_uid, comments, priority, meta, repair_policy, created_at, phases_key`;

const insertNext = (ids: Sql, now: Date): Sql => {
  const next = sql`(o.phase + 1)`;
  return sql`
    INSERT INTO rules (${KEPT}, uid, state, inject_at, copies, rse_expression, weight, did_grouping,
      constraints, locked, phases, phase, phase_look_at, updated_at)
    SELECT ${KEPT}, o.phase_of, ${lit(RuleState.INJECT)}::"char", ${now}::timestamptz,
           (n.p ->> 'copies')::int, n.p ->> 'rseExpression', n.p ->> 'weight', (n.p ->> 'grouping')::"char",
           nullif(n.p -> 'constraints', 'null'), (n.p ->> 'locked')::boolean,
           jsonb_set(o.phases, ARRAY[${next}::text, 'since'], to_jsonb(${now.toISOString()}::text)), ${next},
           ${now}::timestamptz + make_interval(secs =>
             coalesce((n.p ->> 'forSeconds')::float8, (n.p ->> 'untilIdleSeconds')::float8)),
           ${now}::timestamptz
      FROM rules o CROSS JOIN LATERAL (SELECT ${phaseOf(sql`o`, next)} AS p) n
     WHERE o.id = ${ids} ORDER BY o.did_id, o.id`;
};

/** Who wants to be told how a rule goes on is told that its next phase began. */
const begunPayloads = (ids: Sql): Sql => sql`
  SELECT ${lit(EventType.RULE_PHASE)} AS event_type,
         jsonb_build_object('scope', d.scope, 'name', d.name, 'rule_id', ${hex(sql`c.uid`)},
                            'phase', c.phase + 1, 'phases', jsonb_array_length(c.phases)) AS payload
    FROM rules o JOIN rules c ON c.id = o.child_rule_id JOIN dids d ON d.id = c.did_id
   WHERE o.id = ${ids} AND c.notification <> ${lit(RuleNotification.NO)}`;

/** A phase that is over and still holds, because the next one does not. */
export interface FormerPhase {
  readonly id: RuleId;
  readonly uid: string;
  readonly accountId: AccountId;
  /** Counted from 1. */
  readonly number: number;
  readonly rseExpression: string;
  readonly copies: number;
  readonly locks: bigint;
}

/** Former phases of a rule follow what is done to it. */
export const writeFormer = (tx: Tx, uid: string, assignments: readonly Sql[]): Promise<number> =>
  execute(tx, sql`UPDATE rules SET ${join(assignments, ', ')} WHERE phase_of = ${uid}::uuid`);

/** The former phases of a rule that are still there, oldest first. */
export const formerPhases = (tx: Tx, uid: string): Promise<FormerPhase[]> =>
  rows<FormerPhase>(
    tx,
    sql`SELECT id, uid, account_id AS "accountId", phase + 1 AS number, rse_expression AS "rseExpression",
               copies, locks_ok + locks_replicating + locks_stuck AS locks
          FROM rules WHERE phase_of = ${uid}::uuid ORDER BY phase, id`,
  );

/**
 * What an account is charged for former phases of these rules at each RSE: it is given back as soon as the
 * next phase holds, so it is no reason to refuse that one.
 */
export async function formerCharges(
  tx: Tx,
  uids: readonly string[],
  accountId: AccountId,
): Promise<Map<RseId, bigint>> {
  if (uids.length === 0) return new Map();
  const found = await rows<{ rseId: RseId; bytes: bigint }>(
    tx,
    sql`SELECT l.rse_id AS "rseId", sum(l.bytes)::bigint AS bytes
          FROM rules f JOIN locks l ON l.rule_id = f.id
         WHERE f.phase_of = ANY (${[...uids]}::uuid[]) AND f.account_id = ${accountId}::int GROUP BY l.rse_id`,
  );
  return new Map(found.map(({ rseId, bytes }) => [rseId, bytes]));
}
