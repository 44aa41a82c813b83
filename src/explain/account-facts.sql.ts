import { lit, rows, sql, type Tx } from '../db/index.js';
import { type AccountId, RuleState } from '../vocabulary/index.js';

/** Rules of an account that are not OK for the same reason. */
export interface RulesInTrouble {
  readonly state: RuleState;
  /** Of STUCK ones: what most of their stuck locks have; null where it is the placement, or none. */
  readonly cause: string | null;
  readonly error: string | null;
  readonly rules: bigint;
  readonly locks: bigint;
  readonly oldest: Date;
  /** When the judge looks at the next of them. */
  readonly nextLook: Date | null;
  /** The uids of a few. */
  readonly examples: string[];
  /** The first that can be changed: what is left of a phase cannot. */
  readonly changeable: string | null;
}

/** Rules that are looked at; of more it is told that these are the first. */
export const RULES_MAX = 10_000;
const STUCK_SAMPLE = 1000;

/**
 * The rules of an account in groups: by state, and STUCK ones by the commonest cause among the first of
 * their stuck locks, or by the error that kept them from being placed.
 */
export const rulesByTrouble = (
  tx: Tx,
  accountId: AccountId,
  states: { readonly ok: RuleState; readonly stuck: RuleState },
): Promise<RulesInTrouble[]> =>
  rows<RulesInTrouble>(
    tx,
    sql`SELECT r.state, c.cause, CASE WHEN c.cause IS NULL THEN r.error END AS error, count(*) AS rules,
               sum(r.locks_replicating + r.locks_stuck)::bigint AS locks, min(r.created_at) AS oldest,
               min(CASE r.state WHEN ${lit(states.stuck)} THEN r.repair_at
                                WHEN ${lit(RuleState.INJECT)} THEN r.inject_at END) AS "nextLook",
               (array_agg(r.uid ORDER BY r.id))[1:3] AS examples,
               (array_agg(r.uid ORDER BY r.id) FILTER (WHERE r.phase_of IS NULL))[1] AS changeable
          FROM (SELECT id, uid, state, error, locks_replicating, locks_stuck, created_at, repair_at,
                       inject_at, phase_of FROM rules
                 WHERE account_id = ${accountId} AND state <> ${lit(states.ok)}
                 ORDER BY id LIMIT ${lit(RULES_MAX)}) r
          LEFT JOIN LATERAL (
            SELECT s.cause FROM (SELECT cause FROM stuck_locks k WHERE k.rule_id = r.id LIMIT ${lit(STUCK_SAMPLE)}) s
             WHERE r.state = ${lit(states.stuck)} GROUP BY s.cause ORDER BY count(*) DESC, s.cause LIMIT 1) c ON true
         GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2 LIMIT 50`,
  );

/** How many rules an account has in each state. */
export const rulesByState = (
  tx: Tx,
  accountId: AccountId,
): Promise<{ readonly state: RuleState; readonly rules: bigint }[]> =>
  rows(
    tx,
    sql`SELECT state, count(*) AS rules FROM rules WHERE account_id = ${accountId} GROUP BY 1 ORDER BY 2 DESC, 1`,
  );
