import { type Tx } from '../db/index.js';
import { JobItemState } from '../vocabulary/index.js';
import { type Counts, type Job, type JobTerms, type Outcome } from './job.js';
import { asDone, firstPending, followItems, hasItems, sumCounts } from './job-item.sql.js';
import { type Moving, moveRuleItems } from './move-rule-items.js';

const { PENDING, MOVING } = JobItemState;

/** Rules a transaction: many have a lock or two. */
const RULES = 50;

/**
 * A slice of the locks that a job moves. As long as some are pending they get successors, rule after
 * rule; a rule that is being placed has its turn later. Then those on the move are looked at: one that
 * has left is done. `after` follows when none is pending or on the move.
 */
export async function moveItems(
  tx: Tx,
  job: Job,
  moving: Moving,
  after: Outcome['next'],
  terms: JobTerms,
): Promise<Outcome> {
  let counts: Counts = {};
  let last = BigInt(job.cursor?.rule ?? 0);
  let left = terms.sliceItems;
  for (let turn = 0; turn < RULES && left > 0; turn++) {
    const first = await firstPending(tx, job.id, last);
    if (!first) {
      return turn > 0
        ? { next: 'more', cursor: { rule: String(last) }, ...counts }
        : await follow(tx, job, after, terms);
    }
    const part = await moveRuleItems(tx, job, first, { moving, limit: left }, terms);
    counts = sumCounts(counts, part.counts);
    left -= part.moved;
    if (part.later) last = first.ruleId;
  }
  return { next: 'more', cursor: { rule: String(last) }, ...counts };
}

async function follow(
  tx: Tx,
  job: Job,
  after: Outcome['next'],
  { sliceItems }: JobTerms,
): Promise<Outcome> {
  const from = BigInt(job.cursor?.did ?? -1);
  const { seen, last, done } = await followItems(tx, job.id, from, sliceItems);
  if (seen === sliceItems) {
    return { next: 'more', cursor: { ...job.cursor, did: String(last) }, ...asDone(done) };
  }
  const open = (await hasItems(tx, job.id, PENDING)) || (await hasItems(tx, job.id, MOVING));
  return { next: open ? 'wait' : after, cursor: null, ...asDone(done) };
}
