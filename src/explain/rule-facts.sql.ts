import { ROOT } from '../accounts/index.js';
import { lit, one, only, rows, sql, type Tx } from '../db/index.js';
import {
  AccountStatus,
  type DidId,
  LockState,
  ReplicaState,
  type RseId,
  type RuleId,
  RuleState,
} from '../vocabulary/index.js';
import { LOCKS_MAX } from './rule-groups.sql.js';

/** What a rule holds at one RSE. */
export interface Holding {
  readonly rseId: RseId;
  readonly files: bigint;
  readonly bytes: bigint;
}

/** What a rule has in order, by RSE. */
export const holdings = (tx: Tx, ruleId: RuleId): Promise<Holding[]> =>
  rows<Holding>(
    tx,
    sql`SELECT l.rse_id AS "rseId", count(*) AS files, sum(l.bytes)::bigint AS bytes
          FROM (SELECT rse_id, bytes FROM locks
                 WHERE rule_id = ${ruleId}::bigint AND state = ${lit(LockState.OK)} LIMIT ${lit(LOCKS_MAX)}) l
         GROUP BY 1 ORDER BY 2 DESC, 1`,
  );

/** Files of a rule that are looked at one by one. */
const SAMPLE = 1000;

/** What some of a rule's files have besides the rule. */
export interface Dependence {
  readonly looked: number;
  /** Files that no other rule holds. */
  readonly alone: number;
  /** Files of which this rule holds every good copy there is. */
  readonly last: number;
}

/** How far a rule's files depend on it: of its first 1,000 locks. */
export const dependence = (tx: Tx, ruleId: RuleId): Promise<Dependence> =>
  only<Dependence>(
    tx,
    sql`SELECT count(*)::int AS looked, count(*) FILTER (WHERE NOT h.others)::int AS alone,
               count(*) FILTER (WHERE NOT h.elsewhere)::int AS last
          FROM (SELECT DISTINCT l.did_id
                  FROM (SELECT did_id FROM locks WHERE rule_id = ${ruleId}::bigint LIMIT ${lit(SAMPLE)}) l) f
         CROSS JOIN LATERAL (
           SELECT EXISTS (SELECT FROM locks o WHERE o.did_id = f.did_id AND o.rule_id <> ${ruleId}::bigint) AS others,
                  EXISTS (SELECT FROM replicas c
                           WHERE c.did_id = f.did_id AND c.state = ${lit(ReplicaState.AVAILABLE)}
                             AND NOT EXISTS (SELECT FROM locks k
                                              WHERE k.did_id = c.did_id AND k.rse_id = c.rse_id
                                                AND k.rule_id = ${ruleId}::bigint)) AS elsewhere) h`,
  );

/** Rules whose turn with the injector comes before this one's. */
export const injectedBefore = async (tx: Tx, ruleId: RuleId, now: Date): Promise<bigint> =>
  (
    await only<{ n: bigint }>(
      tx,
      sql`SELECT count(*) AS n FROM rules r
           WHERE r.state = ${lit(RuleState.INJECT)} AND r.id < ${ruleId}::bigint
             AND (r.inject_at IS NULL OR r.inject_at <= ${now}::timestamptz)`,
    )
  ).n;

/** The dataset that an injection has come to. */
export const cursorAt = (
  tx: Tx,
  dataset: DidId,
): Promise<{ readonly scope: string; readonly name: string } | undefined> =>
  one(tx, sql`SELECT scope, name FROM dids WHERE id = ${dataset}`);

/** When somebody set a rule suspended last, and who. */
export const suspension = (
  tx: Tx,
  id: string,
): Promise<{ readonly at: Date; readonly account: string | null } | undefined> =>
  one(
    tx,
    sql`SELECT a.created_at AS at, c.name AS account
          FROM audit a LEFT JOIN accounts c ON c.id = a.account_id
         WHERE a.subject = ${id} AND a.action = 'rule.change' AND a.change ->> 'state' = ${RuleState.SUSPENDED}
         ORDER BY a.created_at DESC LIMIT 1`,
  );

/** Accounts that administer, by name. */
export const admins = async (tx: Tx): Promise<string[]> =>
  (
    await rows<{ name: string }>(
      tx,
      sql`SELECT DISTINCT a.name FROM accounts a
            LEFT JOIN account_attributes t ON t.account_id = a.id AND t.key = 'admin'
           WHERE a.status = ${lit(AccountStatus.ACTIVE)} AND (a.name = ${ROOT} OR t.value = 'true') ORDER BY 1 LIMIT 20`,
    )
  ).map(({ name }) => name);

/** Rules that wait for this one to be OK before they end. */
export const parents = (tx: Tx, ruleId: RuleId): Promise<{ readonly uid: string }[]> =>
  rows(tx, sql`SELECT uid FROM rules WHERE child_rule_id = ${ruleId}::bigint ORDER BY id LIMIT 10`);
