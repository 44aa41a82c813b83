import { lit, one, rows, sql, type Sql, type Tx } from '../db/index.js';
import { findDid } from '../dids/index.js';
import { condemnCopies } from '../replicas/index.js';
import { resolveRses } from '../rses/index.js';
import { removeRules } from '../rules/index.js';
import {
  type DidId,
  DidType,
  JobItemState,
  ReplicaState,
  type RuleId,
} from '../vocabulary/index.js';
import { listSlice } from './choose-dids.sql.js';
import { type Job, type JobTerms, type Outcome } from './job.js';
import { asDone, asFailed, asTotal, pending, settleEach, sumCounts } from './job-item.sql.js';
import { type KindOfJob } from './kind.js';
import { noteMissing } from './replicate.js';

type Deletion = Job<'delete_replicas'>;

/**
 * Copies of everything that is chosen, let go by name and on purpose, the last ones too: what rules hold
 * stays and is told, unless the rules on the very DIDs are to be removed first.
 */
export const deleteReplicas: KindOfJob<'delete_replicas'> = {
  first: 'list',
  steps: { list, rules, condemn },
};

async function list(tx: Tx, job: Deletion, terms: JobTerms): Promise<Outcome> {
  const { rseExpression, removeRules: removes } = job.spec;
  const rses = rseExpression === null ? null : await resolveRses(tx, rseExpression);
  const there = rses ? sql`AND (r.rse_id + 0) = ANY (${rses.map(({ id }) => id)}::int[])` : sql``;
  const itemsOf = (dids: Sql): Sql => sql`
    SELECT r.did_id, r.rse_id, 0 AS rule_id, r.bytes, NULL::int AS target_rse_id FROM (${dids}) d
     CROSS JOIN LATERAL (SELECT x.did_id, x.rse_id, x.bytes FROM replicas x WHERE x.did_id = d.id OFFSET 0) r
     WHERE true ${there}
    UNION ALL
    SELECT d.id, 0, 0, 0, NULL FROM (${dids}) d WHERE d.type <> ${lit(DidType.FILE)}`;
  const { added, next } = await listSlice(tx, job, itemsOf, terms.sliceItems);
  if (next) return { next: 'more', cursor: next, ...asTotal(added) };
  await noteMissing(tx, job);
  return { next: { step: removes ? 'rules' : 'condemn' }, cursor: null, ...asTotal(added) };
}

/**
 * Rules on the DID whose content is chosen, and on the files, go; locked ones stay. A slice of the files
 * is done when no rule is left on any of them.
 */
async function rules(tx: Tx, job: Deletion, terms: JobTerms): Promise<Outcome> {
  const { sliceLocks, sliceRules, ...times } = terms;
  const { content } = job.spec;
  const root = content && job.cursor === null ? [(await findDid(tx, content)).id] : [];
  const files = await nextFiles(tx, job, sliceRules);
  if (files.length + root.length === 0) return { next: { step: 'condemn' }, cursor: null };
  const own = await ownRules(tx, [...root, ...files], sliceRules);
  if (own.length === 0) return { next: 'more', cursor: { did: String(files.at(-1) ?? -1n) } };
  await removeRules(tx, own, { ...times, locksMax: sliceLocks, purge: true });
  return { next: 'more' };
}

/** The files of the next pending items, a file once. */
async function nextFiles(tx: Tx, job: Deletion, limit: number): Promise<DidId[]> {
  const found = await rows<{ id: DidId }>(
    tx,
    sql`SELECT DISTINCT i.did_id AS id FROM ${pending(job.id)}
           AND i.rule_id = 0 AND i.rse_id <> 0 AND i.did_id > ${job.cursor?.did ?? '-1'}::bigint
         ORDER BY i.did_id LIMIT ${lit(limit)}`,
  );
  return found.map(({ id }) => id);
}

/** Rules on these DIDs, in the order of their ids. */
async function ownRules(tx: Tx, dids: readonly DidId[], limit: number): Promise<RuleId[]> {
  const found = await rows<{ id: RuleId }>(
    tx,
    sql`SELECT r.id FROM rules r WHERE r.did_id = ANY (${[...dids]}::bigint[]) AND NOT r.locked
         ORDER BY r.id LIMIT ${lit(limit)}`,
  );
  return found.map(({ id }) => id);
}

async function condemn(tx: Tx, job: Deletion, terms: JobTerms): Promise<Outcome> {
  const bound = await one<{ did: bigint }>(
    tx,
    sql`SELECT max(p.did_id) AS did FROM (SELECT i.did_id FROM ${pending(job.id)}
         ORDER BY i.rule_id, i.did_id, i.rse_id LIMIT ${lit(terms.sliceItems)}) p HAVING count(*) > 0`,
  );
  if (!bound) return { next: 'end', cursor: null };
  const items = sql`SELECT i.did_id, i.rse_id FROM ${pending(job.id)}
                       AND i.rule_id = 0 AND i.did_id <= ${bound.did}::bigint`;
  await condemnCopies(tx, items);
  const { done, failed } = await settleEach(tx, job.id, endsOf(items));
  return { next: 'more', ...sumCounts(asDone(done), asFailed(failed)) };
}

const NO_FILE = 'UnsupportedOperation: it is no file and has no copies: say its files by content';

/**
 * Rows (did_id, rse_id, rule_id, state, error): a copy that is still held stays, and by which rules; what
 * is at no RSE is a collection of the list.
 */
const endsOf = (items: Sql): Sql => sql`
  SELECT f.did_id, f.rse_id, 0::bigint AS rule_id,
         CASE WHEN h.rules IS NULL AND f.rse_id <> 0 THEN ${lit(JobItemState.DONE)}::"char"
              ELSE ${lit(JobItemState.FAILED)}::"char" END AS state,
         CASE f.rse_id WHEN 0 THEN ${NO_FILE} ELSE 'ReplicaIsLocked: held by ' || h.rules END AS error
    FROM (${items}) f
    LEFT JOIN LATERAL (
      SELECT string_agg('rule ' || replace(u.uid::text, '-', '') || ' of ' || a.name, ', ' ORDER BY u.id) AS rules
        FROM replicas r JOIN locks l ON l.did_id = r.did_id AND l.rse_id = r.rse_id
        JOIN rules u ON u.id = l.rule_id JOIN accounts a ON a.id = u.account_id
       WHERE r.did_id = f.did_id AND r.rse_id = f.rse_id AND r.lock_cnt > 0
         AND r.state <> ${lit(ReplicaState.BEING_DELETED)} OFFSET 0) h ON true`;
