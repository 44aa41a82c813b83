import { execute, lit, rows, sql, type Sql, type Tx } from '../db/index.js';
import { type RseId, type RuleId, RuleState } from '../vocabulary/index.js';

// Drift: a rule holds copies at an RSE that its expression does not name any more.

/** One RSE that a rule has drifted from. */
export interface RuleDrift {
  readonly ruleId: RuleId;
  readonly rseId: RseId;
  readonly locks: bigint;
  readonly since: Date;
  /** When the judge looks at it again. */
  readonly dueAt: Date;
  /** Why its copies could not be placed elsewhere. */
  readonly error: string | null;
}

/** The policy of rule `rule` says that drifted copies are placed anew. */
export const replacesDrifted = (rule: Sql): Sql =>
  sql`(${rule}.repair_policy ->> 'drift' = 'replace') IS TRUE`;

/** Lock or stuck lock `row` is at an RSE that its rule is leaving: the drifter takes care of it. */
export const isLeaving = (row: Sql): Sql => sql`EXISTS (
  SELECT FROM rule_drifts g JOIN rules p ON p.id = g.rule_id
   WHERE g.rule_id = ${row}.rule_id AND g.rse_id = ${row}.rse_id AND g.locks > 0 AND ${replacesDrifted(sql`p`)})`;

/** The drift of these rules, oldest first; what is only suspected is left out. */
export const driftsOf = (tx: Tx, ruleIds: readonly RuleId[]): Promise<RuleDrift[]> =>
  rows<RuleDrift>(
    tx,
    sql`SELECT rule_id AS "ruleId", rse_id AS "rseId", locks, since, due_at AS "dueAt", error
          FROM rule_drifts WHERE rule_id = ANY (${[...ruleIds]}::bigint[]) AND locks > 0
         ORDER BY since, rule_id, rse_id`,
  );

/** How many rules hold how many copies at an RSE that their expressions do not name any more. */
export const driftAt = (
  tx: Tx,
  rseId: RseId,
): Promise<{ readonly rules: bigint; readonly locks: bigint; readonly since: Date | null }[]> =>
  rows(
    tx,
    sql`SELECT count(*) AS rules, coalesce(sum(locks), 0)::bigint AS locks, min(since) AS since
          FROM rule_drifts WHERE rse_id = ${rseId} AND locks > 0`,
  );

/** A live expression, with what it named when it was looked at last; null where it never was. */
export interface KnownExpression {
  readonly rseExpression: string;
  readonly rses: RseId[] | null;
}

/** Every expression of a rule. */
export const knownExpressions = (tx: Tx): Promise<KnownExpression[]> =>
  rows<KnownExpression>(
    tx,
    sql`SELECT r.rse_expression AS "rseExpression", k.rses
          FROM (SELECT DISTINCT rse_expression FROM rules) r
          LEFT JOIN resolved_expressions k ON k.digest = md5(r.rse_expression)::uuid
         ORDER BY 1`,
  );

/** What expressions name now. */
export interface Resolution {
  readonly rseExpression: string;
  readonly rses: readonly RseId[];
}

const asRows = (resolutions: readonly Resolution[]): Sql => sql`
  SELECT x.expression, x.rses FROM jsonb_to_recordset(${JSON.stringify(
    resolutions.map(({ rseExpression, rses }) => ({ expression: rseExpression, rses })),
  )}::jsonb) AS x(expression text, rses int[])`;

/** Remembers what expressions name, and forgets those that no rule has any more. */
export async function rememberExpressions(
  tx: Tx,
  resolutions: readonly Resolution[],
  now: Date,
): Promise<void> {
  await execute(
    tx,
    sql`INSERT INTO resolved_expressions (digest, rse_expression, rses, resolved_at)
        SELECT md5(x.expression)::uuid, x.expression, to_jsonb(x.rses), ${now}::timestamptz
          FROM (${asRows(resolutions)}) x ORDER BY 1
        ON CONFLICT (digest) DO UPDATE SET rses = excluded.rses, resolved_at = excluded.resolved_at`,
  );
  await execute(
    tx,
    sql`DELETE FROM resolved_expressions k
         WHERE NOT EXISTS (SELECT FROM rules r WHERE r.rse_expression = k.rse_expression)`,
  );
}

/**
 * RSEs that went out of expressions: every rule of such an expression may hold copies there, which is
 * counted later. Gives how many suspicions.
 */
export const suspectDrift = (tx: Tx, lost: readonly Resolution[], now: Date): Promise<number> =>
  execute(
    tx,
    sql`INSERT INTO rule_drifts (rule_id, rse_id, since, due_at)
        SELECT r.id, e.rse_id, ${now}::timestamptz, ${now}::timestamptz
          FROM (${asRows(lost)}) x
          JOIN rules r ON r.rse_expression = x.expression
         CROSS JOIN LATERAL unnest(x.rses) AS e(rse_id)
         ORDER BY r.id, e.rse_id
        ON CONFLICT (rule_id, rse_id) DO NOTHING`,
  );

/** RSEs that are in the expressions again: nothing has drifted from there. Gives how many rows ended. */
export const endDrift = (tx: Tx, named: readonly Resolution[]): Promise<number> =>
  execute(
    tx,
    sql`DELETE FROM rule_drifts g
         USING (${asRows(named)}) x, rules r
         WHERE r.rse_expression = x.expression AND g.rule_id = r.id AND g.rse_id = ANY (x.rses)`,
  );

/** A row that is due, held until the end of the transaction. */
export interface DueDrift {
  readonly ruleId: RuleId;
  readonly rseId: RseId;
}

const DUE = 1000;

/**
 * Drift that is due to be counted, oldest first: of rules that have about `locksMax` locks together.
 * What is being placed anew is counted by whoever does that.
 */
export const claimDueDrift = (tx: Tx, now: Date, locksMax: number): Promise<DueDrift[]> =>
  rows<DueDrift>(
    tx,
    sql`SELECT w."ruleId", w."rseId" FROM (
          SELECT h.*, sum(h.size) OVER (ORDER BY h.due_at, h."ruleId", h."rseId") - h.size AS before
            FROM (SELECT g.rule_id AS "ruleId", g.rse_id AS "rseId", g.due_at,
                         r.locks_ok + r.locks_replicating + r.locks_stuck AS size
                    FROM rule_drifts g JOIN rules r ON r.id = g.rule_id
                   WHERE g.due_at <= ${now}::timestamptz AND (g.locks IS NULL OR NOT ${replacesDrifted(sql`r`)})
                   ORDER BY g.due_at, g.rule_id, g.rse_id LIMIT ${lit(DUE)}
                   FOR UPDATE OF g SKIP LOCKED) h) w
         WHERE w.before < ${locksMax}`,
  );

/**
 * Counts the locks at drifted RSEs anew: none ends the drift, some are written down until the next look;
 * what is to be placed anew is due at once when it has been found. Gives how many rows say something
 * else than before.
 */
export async function countDrift(
  tx: Tx,
  due: readonly DueDrift[],
  { now, next }: { readonly now: Date; readonly next: Date },
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

/** A rule whose own locks are looked at. */
export interface SweptRule {
  readonly id: RuleId;
  readonly rseExpression: string;
}

const PAGE = 1000;

/** The next rules by their ids: as many as have about `locksMax` locks together, one at least. */
export const rulesAfter = (tx: Tx, after: RuleId, locksMax: number): Promise<SweptRule[]> =>
  rows<SweptRule>(
    tx,
    sql`SELECT p.id, p.rse_expression AS "rseExpression" FROM (
          SELECT n.*, sum(n.size) OVER (ORDER BY n.id) - n.size AS before FROM (
            SELECT r.id, r.rse_expression, r.locks_ok + r.locks_replicating + r.locks_stuck AS size
              FROM rules r WHERE r.id > ${after}::bigint ORDER BY r.id LIMIT ${lit(PAGE)}) n) p
         WHERE p.before < ${locksMax} ORDER BY p.id`,
  );

/**
 * Looks at the locks of these rules themselves, whatever was remembered: drift that nobody has seen is
 * written down. Gives how many rows.
 */
export const sweepDrift = (
  tx: Tx,
  swept: readonly SweptRule[],
  named: readonly Resolution[],
  times: { readonly now: Date; readonly next: Date },
): Promise<number> =>
  execute(
    tx,
    sql`INSERT INTO rule_drifts (rule_id, rse_id, locks, since, due_at)
        SELECT h.rule_id, h.rse_id, h.locks, ${times.now}::timestamptz,
               CASE WHEN ${replacesDrifted(sql`r`)} THEN ${times.now}::timestamptz ELSE ${times.next}::timestamptz END
          FROM (SELECT l.rule_id, l.rse_id, count(*) AS locks FROM locks l
                 WHERE l.rule_id = ANY (${swept.map(({ id }) => id)}::bigint[]) GROUP BY 1, 2) h
          JOIN rules r ON r.id = h.rule_id
          JOIN (${asRows(named)}) x ON x.expression = r.rse_expression
         WHERE h.rse_id <> ALL (x.rses)
         ORDER BY 1, 2
        ON CONFLICT (rule_id, rse_id) DO NOTHING`,
  );

/** The states in which a rule's copies may be placed anew. */
const PLACED = sql`(${lit(RuleState.OK)}, ${lit(RuleState.REPLICATING)}, ${lit(RuleState.STUCK)})`;

/** Condition on rule `r`: its drifted copies are to be placed anew, and it is time. */
export const isToReplace = (now: Date): Sql => sql`
  r.state IN ${PLACED} AND r.inject_at IS NULL
  AND (r.expires_at IS NULL OR r.expires_at > ${now}::timestamptz)
  AND EXISTS (SELECT FROM rule_drifts g
               WHERE g.rule_id = r.id AND g.locks > 0 AND g.due_at <= ${now}::timestamptz)
  AND ${replacesDrifted(sql`r`)}`;

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

/** One drifter at a time looks at expressions: true if it is this transaction, until it ends. */
export async function mayLookForDrift(tx: Tx): Promise<boolean> {
  const [row] = await rows<{ mine: boolean }>(
    tx,
    sql`SELECT pg_try_advisory_xact_lock(hashtext('sluice drift')) AS mine`,
  );
  return row?.mine ?? false;
}
