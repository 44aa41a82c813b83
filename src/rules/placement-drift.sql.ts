import { execute, lit, rows, sql, type Sql, type Tx } from '../db/index.js';
import { type RseId, type RuleId } from '../vocabulary/index.js';
import { type DriftKey, type DriftTimes, mayReplace } from './drift.sql.js';
import { type DriftReason } from './placement-drift.js';
import { type Asked } from './resolved-expressions.sql.js';

// Drift of rules with a placement: of how their copies stand to each other.

/** The reason for which locks move from where they have drifted. */
export const DRIFT = 'drift';

/** Rules that ask for the same. */
export interface AskingRules extends Asked {
  readonly ruleIds: readonly RuleId[];
  readonly ignoreAvailability: boolean;
}

/** Those of these rules that have a placement, by what they ask for. */
export const placedRules = (tx: Tx, ruleIds: readonly RuleId[]): Promise<AskingRules[]> =>
  rows<AskingRules>(
    tx,
    sql`SELECT array_agg(r.id ORDER BY r.id) AS "ruleIds", r.rse_expression AS "rseExpression", r.constraints,
               r.weight, r.ignore_availability AS "ignoreAvailability"
          FROM rules r WHERE r.id = ANY (${[...ruleIds]}::bigint[]) AND r.constraints IS NOT NULL
         GROUP BY r.rse_expression, r.constraints, r.weight, r.ignore_availability ORDER BY min(r.id)`,
  );

/** Drift that is suspected, or was found. */
export interface KnownDrift extends DriftKey {
  readonly found: boolean;
}

/** All that is known of the drift of these rules, held until the end of the transaction. */
export const holdDrift = (tx: Tx, ruleIds: readonly RuleId[]): Promise<KnownDrift[]> =>
  rows<KnownDrift>(
    tx,
    sql`SELECT rule_id AS "ruleId", rse_id AS "rseId", locks IS NOT NULL AS found FROM rule_drifts
         WHERE rule_id = ANY (${[...ruleIds]}::bigint[]) ORDER BY rule_id, rse_id FOR UPDATE`,
  );

/** Rules, and what was known of their drift before. */
export interface Examined {
  readonly ruleIds: readonly RuleId[];
  readonly known: readonly KnownDrift[];
}

const knownRows = (known: readonly KnownDrift[]): Sql => sql`
  unnest(${known.map(({ ruleId }) => ruleId)}::bigint[], ${known.map(({ rseId }) => rseId)}::int[],
         ${known.map(({ found }) => found)}::boolean[])`;

/**
 * Rows (rule_id, did_id, rses, doubted): where rules have the copies of each file, without those that
 * move away already. Last are the RSEs that are suspected, and those where drift was found, so that each
 * look finds the same; `doubted` is how many these are.
 */
const copySets = ({ ruleIds, known }: Examined): Sql => sql`
  SELECT l.rule_id, l.did_id, count(k.rule_id)::int AS doubted,
         array_agg(l.rse_id ORDER BY k.rule_id IS NOT NULL, k.found, l.rse_id) AS rses
    FROM locks l
    LEFT JOIN ${knownRows(known)} AS k(rule_id, rse_id, found) ON k.rule_id = l.rule_id AND k.rse_id = l.rse_id
    LEFT JOIN lock_moves v ON v.did_id = l.did_id AND v.rse_id = l.rse_id AND v.rule_id = l.rule_id
   WHERE l.rule_id = ANY (${[...ruleIds]}::bigint[]) AND v.rule_id IS NULL
   GROUP BY l.rule_id, l.did_id`;

/** How the copies of some files stand: what `driftOf` decides on. */
export interface CommonSet {
  readonly rses: readonly RseId[];
  readonly doubted: number;
}

/** The different sets that files of these rules have: few, however many files. */
export const commonSets = (tx: Tx, examined: Examined): Promise<CommonSet[]> =>
  rows<CommonSet>(
    tx,
    sql`SELECT DISTINCT s.rses, s.doubted FROM (${copySets(examined)}) s ORDER BY s.rses, s.doubted`,
  );

/** A set from which copies at one of its RSEs have drifted; null: no part names it. */
export interface DriftedSet extends CommonSet {
  readonly rseId: RseId;
  readonly why: DriftReason | null;
}

const asRows = (drifted: readonly DriftedSet[]): Sql => sql`
  SELECT x.rses, x.doubted, x.rse_id, x.why FROM jsonb_to_recordset(${JSON.stringify(
    drifted.map(({ rses, doubted, rseId, why }) => ({ rses, doubted, rse_id: rseId, why })),
  )}::jsonb) AS x(rses int[], doubted int, rse_id int, why jsonb)`;

/** Rows (did_id, rule_id), at most so many: files whose copies stand like one of these sets. */
export const filesLike = (
  examined: Examined,
  sets: readonly CommonSet[],
  limit: number,
): Sql => sql`
  SELECT s.did_id, s.rule_id FROM (${copySets(examined)}) s
    JOIN jsonb_to_recordset(${JSON.stringify(sets.map(({ rses, doubted }) => ({ rses, doubted })))}::jsonb)
      AS x(rses int[], doubted int) ON x.rses = s.rses AND x.doubted = s.doubted
   ORDER BY s.did_id LIMIT ${lit(limit)}`;

/**
 * What has drifted of these rules, and on its way because of that: written down with the reason of most
 * copies; what was known and is not so any more is over. What is to be placed anew is due at once when
 * it has been found. Gives how many rows say something else than before.
 */
export async function writePlacementDrift(
  tx: Tx,
  examined: Examined,
  drifted: readonly DriftedSet[],
  { now, next }: DriftTimes,
): Promise<number> {
  const differs = sql`(h.locks IS DISTINCT FROM f.locks OR f.stays AND h.why IS DISTINCT FROM f.why)`;
  const before = sql`LEFT JOIN rule_drifts h ON h.rule_id = f.rule_id AND h.rse_id = f.rse_id`;
  return await execute(
    tx,
    sql`WITH found AS MATERIALIZED (${foundDrift(examined, drifted)}),
      gone AS (
        DELETE FROM rule_drifts g USING ${knownRows(examined.known)} AS k(rule_id, rse_id, found)
         WHERE g.rule_id = k.rule_id AND g.rse_id = k.rse_id
           AND NOT EXISTS (SELECT FROM found f WHERE f.rule_id = g.rule_id AND f.rse_id = g.rse_id)
        RETURNING k.found),
      kept AS (
        INSERT INTO rule_drifts AS g (rule_id, rse_id, locks, why, since, due_at)
        SELECT f.rule_id, f.rse_id, f.locks, CASE WHEN f.stays THEN f.why ELSE h.why END, ${now}::timestamptz,
               CASE WHEN NOT ${mayReplace(now)} THEN ${next}::timestamptz
                    WHEN h.locks IS NULL THEN ${now}::timestamptz ELSE h.due_at END
          FROM found f JOIN rules r ON r.id = f.rule_id ${before}
         WHERE ${differs} OR h.due_at <= ${now}::timestamptz
         ORDER BY f.rule_id, f.rse_id
        ON CONFLICT (rule_id, rse_id) DO UPDATE
          SET locks = excluded.locks, why = excluded.why, due_at = excluded.due_at)
      SELECT FROM gone WHERE found
      UNION ALL SELECT FROM found f ${before} WHERE ${differs}`,
  );
}

/** Rows (rule_id, rse_id, locks, why, stays): `stays` where some of these locks do not move yet. */
function foundDrift(examined: Examined, drifted: readonly DriftedSet[]): Sql {
  const apart = sql`
    SELECT s.rule_id, x.rse_id, x.why, count(*) AS locks, true AS stays
      FROM (${copySets(examined)}) s JOIN (${asRows(drifted)}) x ON x.rses = s.rses AND x.doubted = s.doubted
     GROUP BY s.rule_id, x.rse_id, x.why UNION ALL`;
  return sql`
    SELECT f.rule_id, f.rse_id, sum(f.locks)::bigint AS locks, bool_or(f.stays) AS stays,
           (array_agg(f.why ORDER BY f.stays DESC, f.locks DESC, f.why))[1] AS why
      FROM (${drifted.length === 0 ? sql`` : apart}
            SELECT v.rule_id, v.rse_id, NULL::jsonb AS why, count(*) AS locks, false AS stays FROM lock_moves v
             WHERE v.rule_id = ANY (${[...examined.ruleIds]}::bigint[]) AND v.cause = ${DRIFT}
             GROUP BY v.rule_id, v.rse_id) f
     GROUP BY f.rule_id, f.rse_id`;
}
