import { join, lit, only, rows, sql, type Sql, type Tx } from '../db/index.js';
import { changeRules } from '../rules/index.js';
import { JobItemState, type RuleId } from '../vocabulary/index.js';
import { type Job, type JobTerms, type Outcome } from './job.js';
import { addItems, asDone, asTotal, pending, settleItems, type Touched } from './job-item.sql.js';
import { type KindOfJob } from './kind.js';

type Change = Job<'change'>;

/** Rules that agree with a choice get other options, and their transfers follow. One item is one rule. */
export const change: KindOfJob<'change'> = { first: 'list', steps: { list, change: apply } };

async function list(tx: Tx, job: Change, terms: JobTerms): Promise<Outcome> {
  const page = sql`
    SELECT r.id, r.did_id FROM rules r
      JOIN dids d ON d.id = r.did_id JOIN accounts a ON a.id = r.account_id
     WHERE r.id > ${job.cursor?.rule ?? '0'}::bigint AND ${isChosen(job)}
     ORDER BY r.id LIMIT ${lit(terms.sliceItems)}`;
  const { seen, last, ...added } = await only<Touched & { seen: number; last: RuleId | null }>(
    tx,
    sql`WITH page AS MATERIALIZED (${page}),
      added AS (${addItems(
        job.id,
        sql`SELECT did_id, 0 AS rse_id, id AS rule_id, 0 AS bytes, NULL::int AS target_rse_id FROM page`,
      )})
      SELECT (SELECT count(*)::int FROM page) AS seen, (SELECT max(id) FROM page) AS last,
             count(*) AS count, coalesce(sum(bytes), 0)::bigint AS bytes FROM added`,
  );
  if (seen < terms.sliceItems) return { next: { step: 'change' }, cursor: null, ...asTotal(added) };
  return { next: 'more', cursor: { rule: String(last) }, ...asTotal(added) };
}

/** Condition on rule `r`, its DID `d` and its account `a`. */
function isChosen({ spec }: Change): Sql {
  const { rules, ownerId } = spec;
  const conditions: Sql[] = [sql`true`];
  if (ownerId !== null) conditions.push(sql`r.account_id = ${ownerId}`);
  if (rules.ids) conditions.push(sql`r.uid = ANY (${[...rules.ids]}::uuid[])`);
  if (rules.account !== undefined) conditions.push(sql`a.name = ${rules.account}`);
  if (rules.scope !== undefined) conditions.push(sql`d.scope = ${rules.scope}`);
  if (rules.name !== undefined) conditions.push(sql`d.name LIKE ${likeOf(rules.name)}`);
  if (rules.state !== undefined) conditions.push(sql`r.state = ${rules.state}::"char"`);
  if (rules.activity !== undefined) conditions.push(sql`r.activity = ${rules.activity}::smallint`);
  if (rules.rseExpression !== undefined) {
    conditions.push(sql`r.rse_expression = ${rules.rseExpression}`);
  }
  if (rules.subscriptionUid !== undefined) {
    conditions.push(sql`r.subscription_uid = ${rules.subscriptionUid}::uuid`);
  }
  return join(conditions, ' AND ');
}

const likeOf = (name: string): string => name.replace(/[\\%_]/g, '\\$&').replaceAll('*', '%');

/** As many rules as have a slice of transfers to follow them. */
async function apply(tx: Tx, job: Change, terms: JobTerms): Promise<Outcome> {
  const found = await rows<{ id: RuleId; exists: boolean }>(
    tx,
    sql`SELECT w.id, w.exists FROM (
          SELECT p.rule_id AS id, r.id IS NOT NULL AS exists,
                 sum(coalesce(r.locks_replicating, 0)) OVER (ORDER BY p.rule_id)
                   - coalesce(r.locks_replicating, 0) AS before
            FROM (SELECT i.rule_id FROM ${pending(job.id)}
                   ORDER BY i.rule_id, i.did_id, i.rse_id LIMIT ${lit(terms.sliceItems)}) p
            LEFT JOIN rules r ON r.id = p.rule_id) w
         WHERE w.before < ${terms.sliceLocks} ORDER BY w.id`,
  );
  if (found.length === 0) return { next: 'end', cursor: null };
  const ids = found.filter(({ exists }) => exists).map(({ id }) => id);
  await changeRules(tx, ids, job.spec.change, terms.now);
  const changed = sql`i.rule_id = ANY (${ids}::bigint[])`;
  const done = await settleItems(tx, job.id, changed, { state: JobItemState.DONE });
  const others = sql`i.rule_id = ANY (${found.map(({ id }) => id)}::bigint[])`;
  const error = 'the rule had ended';
  const ended = await settleItems(tx, job.id, others, { state: JobItemState.DONE, error });
  return {
    next: 'more',
    ...asDone({ count: done.count + ended.count, bytes: done.bytes + ended.bytes }),
  };
}
