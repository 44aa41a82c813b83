import { record } from '../audit/index.js';
import { lit, one, only, sql, type Sql, type Tx } from '../db/index.js';
import { changeRse, findRse, resolveRses, type Rse } from '../rses/index.js';
import { JobItemState, ReplicaState } from '../vocabulary/index.js';
import { CACHED_FROM, letCopiesGo } from '../replicas/index.js';
import { type Job, type JobTerms, type Outcome } from './job.js';
import {
  addItems,
  asDone,
  asFailed,
  asTotal,
  settleEach,
  sumCounts,
  type Touched,
} from './job-item.sql.js';
import { type KindOfJob } from './kind.js';
import { moveItems } from './move-items.js';

type Drain = Job<'drain'>;

/**
 * Empties an RSE. In this order:
 *
 * 1. `close`: it takes no new copies.
 * 2. `list`: every lock there is an item.
 * 3. `move`: each gets a successor by its rule's own expression, and is let go when that one is OK. What
 *    came meanwhile is listed and moved too.
 * 4. `copies`: what no rule holds goes, as far as another good copy is left.
 */
export const drain: KindOfJob<'drain'> = {
  first: 'close',
  steps: { close, list, move, copies },
};

async function close(tx: Tx, job: Drain, _terms: JobTerms): Promise<Outcome> {
  const rse = await findRse(tx, job.spec.rse);
  if (rse.availabilityWrite) {
    await changeRse(tx, rse, { availabilityWrite: false });
    await record(tx, {
      by: { accountId: job.accountId },
      action: 'rse.change',
      subject: rse.name,
      change: { availability_write: false, job: job.uid },
    });
  }
  return { next: { step: 'list' }, cursor: null };
}

/** What a slice of the copies at an RSE came to. */
interface Listed extends Touched {
  readonly seen: number;
  readonly last: bigint | null;
}

/** The next copies of an RSE by file: rows (did_id, bytes, state, lock_cnt, tombstone). */
const copiesAt = (rse: Rse, job: Job, limit: number): Sql => sql`
  SELECT r.did_id, r.bytes, r.state, r.lock_cnt, r.tombstone FROM replicas r
   WHERE r.rse_id = ${rse.id} AND r.did_id > ${job.cursor?.did ?? '-1'}::bigint
   ORDER BY r.rse_id, r.did_id LIMIT ${lit(limit)}`;

async function list(tx: Tx, job: Drain, terms: JobTerms): Promise<Outcome> {
  const rse = await findRse(tx, job.spec.rse);
  const { seen, last, ...added } = await only<Listed>(
    tx,
    sql`WITH page AS MATERIALIZED (${copiesAt(rse, job, terms.sliceItems)}),
      added AS (${addItems(
        job.id,
        sql`SELECT l.did_id, l.rse_id, l.rule_id, l.bytes, NULL::int AS target_rse_id
              FROM page p JOIN locks l ON l.did_id = p.did_id AND l.rse_id = ${rse.id}`,
      )})
      SELECT (SELECT count(*)::int FROM page) AS seen, (SELECT max(did_id) FROM page) AS last,
             count(*) AS count, coalesce(sum(bytes), 0)::bigint AS bytes FROM added`,
  );
  const isLast = seen < terms.sliceItems;
  return {
    next: isLast ? { step: 'move' } : 'more',
    cursor: isLast ? null : { did: String(last) },
    ...asTotal(added),
  };
}

async function move(tx: Tx, job: Drain, terms: JobTerms): Promise<Outcome> {
  const { targets, keepCopies } = job.spec;
  const named = targets === null ? undefined : await resolveRses(tx, targets);
  const moving = { cause: 'drain', purge: !keepCopies, targets: named?.map(({ id }) => id) };
  const outcome = await moveItems(tx, job, moving, { step: 'copies' }, terms);
  if (typeof outcome.next !== 'object') return outcome;
  const rse = await findRse(tx, job.spec.rse);
  // A rule that passes over availability may have come here meanwhile.
  if (await hasUnlisted(tx, job, rse)) return { ...outcome, next: { step: 'list' } };
  return keepCopies ? { ...outcome, next: 'end' } : outcome;
}

async function hasUnlisted(tx: Tx, job: Job, rse: Rse): Promise<boolean> {
  const found = await one(
    tx,
    sql`SELECT FROM replicas r JOIN locks l ON l.did_id = r.did_id AND l.rse_id = r.rse_id
         WHERE r.rse_id = ${rse.id} AND r.lock_cnt > 0
           AND NOT EXISTS (SELECT FROM job_items i WHERE i.job_id = ${job.id} AND i.did_id = l.did_id
                              AND i.rse_id = l.rse_id AND i.rule_id = l.rule_id)
         LIMIT 1`,
  );
  return found !== undefined;
}

/** Copies that nothing holds: those that other good copies stand in for are let go, the others stay. */
async function copies(tx: Tx, job: Drain, terms: JobTerms): Promise<Outcome> {
  const rse = await findRse(tx, job.spec.rse);
  const free = sql`
    SELECT p.did_id, ${rse.id}::int AS rse_id, 0::bigint AS rule_id, p.bytes, NULL::int AS target_rse_id
      FROM page p WHERE p.lock_cnt = 0 AND p.state <> ${lit(ReplicaState.BEING_DELETED)}
       AND (p.tombstone IS NULL OR p.tombstone >= ${CACHED_FROM})`;
  const { seen, last, ...added } = await only<Listed>(
    tx,
    sql`WITH page AS MATERIALIZED (${copiesAt(rse, job, terms.sliceItems)}),
      added AS (${addItems(job.id, free)})
      SELECT (SELECT count(*)::int FROM page) AS seen, (SELECT max(did_id) FROM page) AS last,
             count(*) AS count, coalesce(sum(bytes), 0)::bigint AS bytes FROM added`,
  );
  const { done, failed } = await settleEach(tx, job.id, await goneFrom(tx, job));
  const isLast = seen < terms.sliceItems;
  return {
    next: isLast ? 'end' : 'more',
    cursor: isLast ? null : { did: String(last) },
    ...sumCounts(asTotal(added), asDone(done), asFailed(failed)),
  };
}

const LAST_COPY =
  'no other good copy is left that stays, and no rule holds the file: give it a rule, or delete the copy by name';

/** Lets the copies of pending items go, and gives rows (did_id, rse_id, rule_id, state, error). */
async function goneFrom(tx: Tx, job: Drain): Promise<Sql> {
  const items = sql`SELECT i.did_id, i.rse_id FROM job_items i
    WHERE i.job_id = ${job.id}::bigint AND i.state = ${lit(JobItemState.PENDING)} AND i.rule_id = 0`;
  await letCopiesGo(tx, items, 'drain');
  const stays = sql`(r.tombstone IS NULL OR r.tombstone >= ${CACHED_FROM}) AND r.did_id IS NOT NULL`;
  return sql`
    SELECT f.did_id, f.rse_id, 0::bigint AS rule_id,
           CASE WHEN ${stays} THEN ${lit(JobItemState.FAILED)}::"char"
                ELSE ${lit(JobItemState.DONE)}::"char" END AS state,
           CASE WHEN r.lock_cnt > 0 THEN 'a rule holds it again: order the job again'
                WHEN ${stays} THEN ${LAST_COPY} END AS error
      FROM (${items}) f LEFT JOIN replicas r ON r.did_id = f.did_id AND r.rse_id = f.rse_id`;
}
