import { execute, lit, rows, sql, type Sql, type Tx } from '../db/index.js';
import { type RseId, type RuleId, RuleState } from '../vocabulary/index.js';
import { type DriftReason } from './placement-drift.js';

// Drift: a rule holds copies at an RSE where it would not have them any more.

/** One RSE that a rule has drifted from. */
export interface RuleDrift {
  readonly ruleId: RuleId;
  readonly rseId: RseId;
  readonly locks: bigint;
  readonly since: Date;
  /** Why its placement would not have them there; null: its expression does not name the RSE. */
  readonly why: DriftReason | null;
  /** When the judge looks at it again. */
  readonly dueAt: Date;
  /** Why its copies could not be placed elsewhere. */
  readonly error: string | null;
}

/** The policy of rule `rule` says that drifted copies are placed anew. */
export const replacesDrifted = (rule: Sql): Sql =>
  sql`(${rule}.repair_policy ->> 'drift' = 'replace') IS TRUE`;

/** Lock or stuck lock `row` is at an RSE that its rule leaves altogether: the drifter takes care of it. */
export const isLeaving = (row: Sql): Sql => sql`EXISTS (
  SELECT FROM rule_drifts g JOIN rules p ON p.id = g.rule_id
   WHERE g.rule_id = ${row}.rule_id AND g.rse_id = ${row}.rse_id AND g.locks > 0 AND g.why IS NULL
     AND ${replacesDrifted(sql`p`)})`;

/** The drift of these rules, oldest first; what is only suspected is left out. */
export const driftsOf = (tx: Tx, ruleIds: readonly RuleId[]): Promise<RuleDrift[]> =>
  rows<RuleDrift>(
    tx,
    sql`SELECT rule_id AS "ruleId", rse_id AS "rseId", locks, since, why, due_at AS "dueAt", error
          FROM rule_drifts WHERE rule_id = ANY (${[...ruleIds]}::bigint[]) AND locks > 0
         ORDER BY since, rule_id, rse_id`,
  );

/** How many rules hold how many copies at an RSE where they would not have them any more. */
export interface DriftHere {
  readonly rules: bigint;
  readonly locks: bigint;
  readonly since: Date | null;
  /** Of these rules, those whose expression names the RSE: it is their placement that does not. */
  readonly named: bigint;
}

export const driftAt = (tx: Tx, rseId: RseId): Promise<DriftHere[]> =>
  rows(
    tx,
    sql`SELECT count(*) AS rules, coalesce(sum(locks), 0)::bigint AS locks, min(since) AS since,
               count(why) AS named
          FROM rule_drifts WHERE rse_id = ${rseId} AND locks > 0`,
  );

/** The states in which a rule's copies may be placed anew. */
const PLACED = sql`(${lit(RuleState.OK)}, ${lit(RuleState.REPLICATING)}, ${lit(RuleState.STUCK)})`;

/** Condition on rule `r`: its drifted copies are to be placed anew, if it has any. */
export const mayReplace = (now: Date): Sql => sql`(
  r.state IN ${PLACED} AND r.inject_at IS NULL
  AND (r.expires_at IS NULL OR r.expires_at > ${now}::timestamptz)
  AND ${replacesDrifted(sql`r`)})`;

/** Condition on rule `r`: its drifted copies are to be placed anew, and it is time. */
export const isToReplace = (now: Date): Sql => sql`
  EXISTS (SELECT FROM rule_drifts g
           WHERE g.rule_id = r.id AND g.locks > 0 AND g.due_at <= ${now}::timestamptz)
  AND ${mayReplace(now)}`;

/** The drift of a rule is looked at again at `next`; `error` says why its copies stay where they are. */
export const postponeDrift = (
  tx: Tx,
  ruleId: RuleId,
  { next, error }: { readonly next: Date; readonly error: string | null },
): Promise<number> =>
  execute(
    tx,
    sql`UPDATE rule_drifts SET due_at = ${next}::timestamptz, error = ${error} WHERE rule_id = ${ruleId}`,
  );

/** A rule's drift from an RSE. */
export interface DriftKey {
  readonly ruleId: RuleId;
  readonly rseId: RseId;
}

/** A row that is due, held until the end of the transaction. */
export interface DueDrift extends DriftKey {
  /** Of a rule with a placement: which of its locks have drifted is told by all of them. */
  readonly placed: boolean;
}

const DUE = 1000;

/** What is asked for: drift that is due now, of rules that have about so many locks together. */
export interface DriftClaim {
  readonly now: Date;
  readonly locksMax: number;
  /** Also of rules with a placement. */
  readonly placed: boolean;
}

/**
 * Drift that is due to be counted, oldest first. What is being placed anew is counted by whoever does
 * that.
 */
export const claimDueDrift = (tx: Tx, { now, locksMax, placed }: DriftClaim): Promise<DueDrift[]> =>
  rows<DueDrift>(
    tx,
    sql`SELECT w."ruleId", w."rseId", w.placed FROM (
          SELECT h.*, sum(h.size) OVER (ORDER BY h.due_at, h."ruleId", h."rseId") - h.size AS before
            FROM (SELECT g.rule_id AS "ruleId", g.rse_id AS "rseId", g.due_at,
                         r.constraints IS NOT NULL AS placed,
                         r.locks_ok + r.locks_replicating + r.locks_stuck AS size
                    FROM rule_drifts g JOIN rules r ON r.id = g.rule_id
                   WHERE g.due_at <= ${now}::timestamptz AND (g.locks IS NULL OR NOT ${mayReplace(now)})
                     ${placed ? sql`` : sql`AND r.constraints IS NULL`}
                   ORDER BY g.due_at, g.rule_id, g.rse_id LIMIT ${lit(DUE)}
                   FOR UPDATE OF g SKIP LOCKED) h) w
         WHERE w.before < ${locksMax}`,
  );

/** The time, and when drift that stays is looked at again. */
export interface DriftTimes {
  readonly now: Date;
  readonly next: Date;
}

/** Rules that had a placement and have none any more: the reasons that it gave are none. */
export const forgetPlacements = (tx: Tx, now: Date): Promise<number> =>
  execute(
    tx,
    sql`DELETE FROM rule_drifts g USING rules r
         WHERE g.due_at <= ${now}::timestamptz AND g.why IS NOT NULL
           AND r.id = g.rule_id AND r.constraints IS NULL`,
  );

/**
 * Counts the locks at drifted RSEs anew, of rules without a placement: none ends the drift, some are written down until the next look;
 * what is to be placed anew is due at once when it has been found. Gives how many rows say something
 * else than before.
 */
export async function countDrift(
  tx: Tx,
  due: readonly DriftKey[],
  { now, next }: DriftTimes,
): Promise<number> {
  if (due.length === 0) return 0;
  const pairs = sql`SELECT * FROM unnest(${due.map(({ ruleId }) => ruleId)}::bigint[],
    ${due.map(({ rseId }) => rseId)}::int[]) AS k(rule_id, rse_id)`;
  const changed = await rows<{ changed: boolean }>(
    tx,
    sql`WITH counted AS MATERIALIZED (
          SELECT k.rule_id, k.rse_id, count(l.did_id) AS locks
            FROM (${pairs}) k LEFT JOIN locks l ON l.rule_id = k.rule_id AND l.rse_id = k.rse_id
           GROUP BY k.rule_id, k.rse_id),
        ended AS (
          DELETE FROM rule_drifts g USING counted c
           WHERE g.rule_id = c.rule_id AND g.rse_id = c.rse_id AND c.locks = 0
          RETURNING g.locks IS NOT NULL AS changed),
        kept AS (
          UPDATE rule_drifts g
             SET locks = c.locks, due_at = CASE WHEN c.first AND c.replaced THEN ${now}::timestamptz ELSE ${next}::timestamptz END
            FROM (SELECT x.rule_id, x.rse_id, x.locks AS was, x.locks IS NULL AS first, c.locks,
                         ${replacesDrifted(sql`r`)} AS replaced
                    FROM rule_drifts x JOIN counted c ON c.rule_id = x.rule_id AND c.rse_id = x.rse_id
                    JOIN rules r ON r.id = x.rule_id
                   WHERE c.locks > 0 ORDER BY x.rule_id, x.rse_id) c
           WHERE g.rule_id = c.rule_id AND g.rse_id = c.rse_id
          RETURNING c.was IS DISTINCT FROM c.locks AS changed)
        SELECT changed FROM ended UNION ALL SELECT changed FROM kept`,
  );
  return changed.filter((row) => row.changed).length;
}
