import { lit, rows, sql, type Sql, type Tx } from '../db/index.js';
import { type DidId, DidType, type RuleId, type RuleState } from '../vocabulary/index.js';
import { type Rule } from './rule.js';
import { findRule, selectRules } from './rule.sql.js';

/** A rule in a list, with the bytes of its DID where they are settled. */
export interface ListedRule extends Rule {
  readonly bytes: bigint | null;
}

const PAGE = 500;

/**
 * Rules that `where` selects (over r, d and a, as in `selectRules`), in the order of their ids, page
 * by page: each a short statement of its own, so nothing stays open while a client reads.
 */
export async function* listRules(
  read: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>,
  where: Sql,
): AsyncGenerator<ListedRule> {
  for (let after = -1n; ;) {
    const page = await read((tx) => rulePage(tx, where, after));
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    after = last.id;
  }
}

async function rulePage(tx: Tx, where: Sql, after: RuleId): Promise<ListedRule[]> {
  const rules = await selectRules(tx, {
    where: sql`r.id > ${after}::bigint AND (${where})`,
    limit: PAGE,
  });
  const bytes = await settledBytes(tx, [...new Set(rules.map((rule) => rule.didId))]);
  return rules.map((rule) => ({ ...rule, bytes: bytes.get(rule.didId) ?? null }));
}

/** One rule as it stands in a list. Throws RuleNotFound. */
export async function findListedRule(tx: Tx, id: string): Promise<ListedRule> {
  const rule = await findRule(tx, id);
  const bytes = await settledBytes(tx, [rule.didId]);
  return { ...rule, bytes: bytes.get(rule.didId) ?? null };
}

/** Bytes of files and of closed datasets; an open one, and a container, has none to show here. */
async function settledBytes(tx: Tx, ids: readonly DidId[]): Promise<Map<DidId, bigint>> {
  if (ids.length === 0) return new Map();
  const found = await rows<{ id: DidId; bytes: bigint | null }>(
    tx,
    sql`SELECT d.id, CASE d.type
          WHEN ${lit(DidType.FILE)} THEN d.bytes
          WHEN ${lit(DidType.DATASET)} THEN (
            SELECT sum(s.bytes)::bigint FROM (
              SELECT bytes FROM collections c WHERE c.did_id = d.id
              UNION ALL SELECT bytes FROM collection_deltas e WHERE e.did_id = d.id) s) END AS bytes
          FROM dids d
         WHERE d.id = ANY (${[...ids]}::bigint[]) AND d.is_open IS DISTINCT FROM true`,
  );
  return new Map(found.flatMap(({ id, bytes }) => (bytes === null ? [] : [[id, bytes] as const])));
}

/** The condition of rules with a lock on this file. */
export const holdsFile = (didId: DidId): Sql =>
  sql`r.id IN (SELECT l.rule_id FROM locks l WHERE l.did_id = ${didId}::bigint)`;

/** A rule as it was when it ended, or is. */
export interface PastRule {
  readonly uid: string;
  readonly subscriptionUid: string | null;
  readonly account: string;
  readonly rseExpression: string;
  readonly state: RuleState;
  readonly locksOk: bigint;
  readonly locksReplicating: bigint;
  readonly locksStuck: bigint;
  readonly createdAt: Date;
  /** Which of its phases it was, counted from 0; of a rule without phases null. */
  readonly phase: number | null;
  readonly updatedAt: Date;
}

/** A former phase is told under the id of the rule that it was a phase of. */
const pastColumns = sql`r.id, coalesce(r.phase_of, r.uid) AS uid, r.phase, r.subscription_uid AS "subscriptionUid", a.name AS account,
  r.rse_expression AS "rseExpression", r.state,
  r.locks_ok AS "locksOk", r.locks_replicating AS "locksReplicating", r.locks_stuck AS "locksStuck",
  r.created_at AS "createdAt", r.updated_at AS "updatedAt"`;

/** All rules that a DID has and had, oldest first. */
export const ruleHistory = (
  tx: Tx,
  did: { readonly scope: string; readonly name: string },
): Promise<PastRule[]> =>
  rows<PastRule>(
    tx,
    sql`SELECT ${pastColumns} FROM rules r JOIN accounts a ON a.id = r.account_id
          JOIN dids d ON d.id = r.did_id WHERE d.scope = ${did.scope} AND d.name = ${did.name}
        UNION ALL
        SELECT ${pastColumns} FROM rules_history r JOIN accounts a ON a.id = r.account_id
         WHERE r.scope = ${did.scope} AND r.name = ${did.name}
        ORDER BY "createdAt", id`,
  );

/** One rule's last states: in history, or as it is; of one with phases, each of them. */
export const pastOfRule = (tx: Tx, uid: string): Promise<PastRule[]> =>
  rows<PastRule>(
    tx,
    sql`SELECT ${pastColumns} FROM rules r JOIN accounts a ON a.id = r.account_id WHERE ${isOrWas(uid)}
        UNION ALL
        SELECT ${pastColumns} FROM rules_history r JOIN accounts a ON a.id = r.account_id
         WHERE ${isOrWas(uid)}
        ORDER BY phase NULLS FIRST, "updatedAt"`,
  );

const isOrWas = (uid: string): Sql => sql`(r.uid = ${uid}::uuid OR r.phase_of = ${uid}::uuid)`;
