import { execute, lit, rows, sql, type Sql, type Tx } from '../db/index.js';
import { type RseId, type RuleId } from '../vocabulary/index.js';
import { type DriftTimes, replacesDrifted } from './drift.sql.js';
import { type PlacementConstraints } from './placement-constraints.js';

// What the expressions and placements of all rules named when the judge looked last: where one names
// less now, or another part names it, the rules that it is of may have drifted.

/** What rules ask for, as far as it decides where copies may be. */
export interface Asked {
  readonly rseExpression: string;
  /** Of a placement: its constraints, and the weight of parts that have none of their own. */
  readonly constraints: PlacementConstraints | null;
  readonly weight: string | null;
}

/** RSEs, each with what it is to a placement: its parts and values as text. Without one: empty texts. */
export type Places = Readonly<Record<string, string>>;

/** What rules ask for now, and what it named when it was looked at last; null where it never was. */
export interface KnownExpression extends Asked {
  readonly places: Places | null;
}

/** Rules without a placement are alike whatever their weight. */
const weightOfAsked = (row: Sql): Sql =>
  sql`CASE WHEN ${row}.constraints IS NOT NULL THEN ${row}.weight END`;

/** What a rule, or a row like one, asks for: of rules there is an index on it. */
const digestOf = (row: Sql): Sql => sql`
  (md5(${row}.rse_expression || CASE WHEN ${row}.constraints IS NULL THEN ''
    ELSE E'\n' || ${row}.constraints::text || coalesce(E'\n' || ${row}.weight, '') END)::uuid)`;

const NIL = sql`'00000000-0000-0000-0000-000000000000'::uuid`;
/** One of the rules that ask for the next digest. */
const nextAsked = (after: Sql): Sql => sql`
  SELECT ${digestOf(sql`r`)} AS digest, r.id FROM rules r
   WHERE ${digestOf(sql`r`)} > ${after} ORDER BY 1 LIMIT 1`;

/** Everything that rules ask for: from one to the next that differs, however many rules ask the same. */
export const knownExpressions = (tx: Tx): Promise<KnownExpression[]> =>
  rows<KnownExpression>(
    tx,
    sql`WITH RECURSIVE asked AS (
          (${nextAsked(NIL)})
          UNION ALL
          SELECT n.* FROM asked a CROSS JOIN LATERAL (${nextAsked(sql`a.digest`)}) n)
        SELECT r.rse_expression AS "rseExpression", r.constraints, ${weightOfAsked(sql`r`)} AS weight,
               coalesce(k.places, (SELECT jsonb_object_agg(e.id, '') FROM jsonb_array_elements_text(k.rses) e(id)),
                        CASE WHEN k.digest IS NOT NULL THEN '{}'::jsonb END) AS places
          FROM asked a JOIN rules r ON r.id = a.id
          LEFT JOIN resolved_expressions k ON k.digest = a.digest
         ORDER BY r.rse_expression, r.constraints, weight`,
  );

/** What rules ask for, and RSEs. */
export interface Resolution extends Asked {
  readonly rses: readonly RseId[];
}

const asRows = (resolutions: readonly Resolution[]): Sql => sql`
  SELECT x.rse_expression, x.constraints, x.weight, x.rses FROM jsonb_to_recordset(${JSON.stringify(
    resolutions.map(({ rseExpression, constraints, weight, rses }) => ({
      rse_expression: rseExpression,
      constraints,
      weight,
      rses,
    })),
  )}::jsonb) AS x(rse_expression text, constraints jsonb, weight text, rses int[])`;

/** Condition on rule `r` and row `x` of `asRows`: it asks for that. Found by the expression. */
const asksFor = sql`(r.rse_expression = x.rse_expression
  AND r.constraints IS NOT DISTINCT FROM x.constraints
  AND (r.constraints IS NULL OR r.weight IS NOT DISTINCT FROM x.weight))`;

/** Remembers what is named now, and forgets what no rule asks for any more. */
export async function rememberExpressions(
  tx: Tx,
  named: readonly (Asked & { readonly places: Places })[],
  now: Date,
): Promise<void> {
  const given = named.map(({ rseExpression, constraints, weight, places }) => ({
    rse_expression: rseExpression,
    constraints,
    weight,
    rses: Object.keys(places).map(Number),
    places: constraints && places,
  }));
  await execute(
    tx,
    sql`INSERT INTO resolved_expressions (digest, rse_expression, constraints, weight, rses, places, resolved_at)
        SELECT ${digestOf(sql`x`)}, x.rse_expression, x.constraints, x.weight, x.rses, x.places, ${now}::timestamptz
          FROM jsonb_to_recordset(${JSON.stringify(given)}::jsonb)
            AS x(rse_expression text, constraints jsonb, weight text, rses jsonb, places jsonb)
         ORDER BY 1
        ON CONFLICT (digest) DO UPDATE
          SET rses = excluded.rses, places = excluded.places, resolved_at = excluded.resolved_at`,
  );
  await execute(
    tx,
    sql`DELETE FROM resolved_expressions k
         WHERE NOT EXISTS (SELECT FROM rules r WHERE ${digestOf(sql`r`)} = k.digest OFFSET 0)`,
  );
}

/**
 * RSEs that went out of expressions, or are something else to a placement: every rule that asks so may
 * have drifted from there, which is counted later. Drift that is known is looked at again at once.
 * Gives how many suspicions.
 */
export const suspectDrift = (tx: Tx, lost: readonly Resolution[], now: Date): Promise<number> =>
  execute(
    tx,
    sql`INSERT INTO rule_drifts (rule_id, rse_id, since, due_at)
        SELECT r.id, e.rse_id, ${now}::timestamptz, ${now}::timestamptz
          FROM (${asRows(lost)}) x
          JOIN rules r ON ${asksFor}
         CROSS JOIN LATERAL unnest(x.rses) AS e(rse_id)
         ORDER BY r.id, e.rse_id
        ON CONFLICT (rule_id, rse_id) DO UPDATE SET due_at = excluded.due_at`,
  );

/** What placements name has changed: all drift of their rules is looked at again at once. */
export const lookAgainAtDrift = (
  tx: Tx,
  changed: readonly Resolution[],
  now: Date,
): Promise<number> =>
  execute(
    tx,
    sql`UPDATE rule_drifts g SET due_at = ${now}::timestamptz
          FROM (SELECT h.rule_id, h.rse_id FROM (${asRows(changed)}) x
                  JOIN rules r ON ${asksFor} JOIN rule_drifts h ON h.rule_id = r.id
                 WHERE h.due_at > ${now}::timestamptz
                 ORDER BY h.rule_id, h.rse_id FOR UPDATE OF h) o
         WHERE g.rule_id = o.rule_id AND g.rse_id = o.rse_id`,
  );

/** RSEs that are in the expressions again: nothing has drifted from there. Gives how many rows ended. */
export const endDrift = (tx: Tx, named: readonly Resolution[]): Promise<number> =>
  execute(
    tx,
    sql`DELETE FROM rule_drifts g
         USING (${asRows(named)}) x, rules r
         WHERE ${asksFor} AND g.rule_id = r.id AND g.rse_id = ANY (x.rses)`,
  );

/** A rule whose own locks are looked at. */
export interface SweptRule extends Asked {
  readonly id: RuleId;
}

const PAGE = 1000;

/** The next rules by their ids: as many as have about `locksMax` locks together, one at least. */
export const rulesAfter = (tx: Tx, after: RuleId, locksMax: number): Promise<SweptRule[]> =>
  rows<SweptRule>(
    tx,
    sql`SELECT p.id, p.rse_expression AS "rseExpression", p.constraints, p.weight FROM (
          SELECT n.*, sum(n.size) OVER (ORDER BY n.id) - n.size AS before FROM (
            SELECT r.id, r.rse_expression, r.constraints, ${weightOfAsked(sql`r`)} AS weight,
                   r.locks_ok + r.locks_replicating + r.locks_stuck AS size
              FROM rules r WHERE r.id > ${after}::bigint ORDER BY r.id LIMIT ${lit(PAGE)}) n) p
         WHERE p.before < ${locksMax} ORDER BY p.id`,
  );

/**
 * Looks at the locks of these rules themselves, whatever was remembered: drift that nobody has seen is
 * written down. They have no placement. Gives how many rows.
 */
export const sweepDrift = (
  tx: Tx,
  swept: readonly SweptRule[],
  named: readonly Resolution[],
  times: DriftTimes,
): Promise<number> =>
  execute(
    tx,
    sql`INSERT INTO rule_drifts (rule_id, rse_id, locks, since, due_at)
        SELECT h.rule_id, h.rse_id, h.locks, ${times.now}::timestamptz,
               CASE WHEN ${replacesDrifted(sql`r`)} THEN ${times.now}::timestamptz ELSE ${times.next}::timestamptz END
          FROM (SELECT l.rule_id, l.rse_id, count(*) AS locks FROM locks l
                 WHERE l.rule_id = ANY (${swept.map(({ id }) => id)}::bigint[]) GROUP BY 1, 2) h
          JOIN rules r ON r.id = h.rule_id
          JOIN (${asRows(named)}) x ON ${asksFor}
         WHERE h.rse_id <> ALL (x.rses)
         ORDER BY 1, 2
        ON CONFLICT (rule_id, rse_id) DO NOTHING`,
  );

/**
 * One drifter at a time looks at expressions, and at all copies of rules with a placement: true if it is
 * this transaction, until it ends.
 */
export async function mayLookForDrift(tx: Tx): Promise<boolean> {
  const [row] = await rows<{ mine: boolean }>(
    tx,
    sql`SELECT pg_try_advisory_xact_lock(hashtext('sluice drift')) AS mine`,
  );
  return row?.mine ?? false;
}
