import { lit, sql, type Sql, type Tx } from '../db/index.js';
import { SluiceError } from '../errors/index.js';
import { type HandedOver, handOverLocks, type Rule, selectRules } from '../rules/index.js';
import {
  DidType,
  JobItemState,
  type RseId,
  type RuleId,
  RuleState,
  RuleStateCodec,
  wireId,
} from '../vocabulary/index.js';
import { type Counts, type Job, type JobTerms } from './job.js';
import {
  asDone,
  asFailed,
  noteMoves,
  pending,
  type PendingItem,
  settleItems,
  sumCounts,
} from './job-item.sql.js';
import { reasonOf } from './kind.js';
import { rulesLike } from './rule-items.sql.js';

const { DONE, FAILED } = JobItemState;

/** Why locks move for a job, and where to. */
export interface Moving {
  readonly cause: string;
  readonly purge: boolean;
  /** Only to these RSEs; undefined is wherever the rule allows. An item's own target comes first. */
  readonly targets?: readonly RseId[] | undefined;
}

/** What came of one rule's locks, or of those of several like it. */
export interface Part {
  readonly counts: Counts;
  readonly moved: number;
  /** Nothing can be decided for the rule now. */
  readonly later?: boolean;
}

interface Portion {
  readonly moving: Moving;
  readonly limit: number;
}

/**
 * Gives pending items of one rule successors, or of several rules like it, beginning with the first one;
 * settles those that need or can have none.
 */
export async function moveRuleItems(
  tx: Tx,
  job: Job,
  first: PendingItem,
  portion: Portion,
  terms: JobTerms,
): Promise<Part> {
  const rules = await heldRules(tx, job, first, Math.min(portion.limit, terms.sliceRules));
  const items = itemsOf([first.ruleId, ...rules.map(({ id }) => id)], first);
  const ended = await settleItems(tx, job.id, sql`${items} AND NOT ${holdsLock}`, {
    state: DONE,
    error: 'the lock had gone',
  });
  const [rule] = rules;
  const counts = asDone(ended);
  if (!rule) return { counts, moved: 0 };
  if (rule.state === RuleState.INJECT) return { counts, moved: 0, later: true };
  if (!isMovable(rule)) {
    const verdict = { state: FAILED, error: restingReason(rule) };
    const failed = await settleItems(tx, job.id, items, verdict);
    return { counts: sumCounts(counts, asFailed(failed)), moved: 0 };
  }
  const part = await handOver(tx, job, { rules, first, items }, portion, terms);
  return { ...part, counts: sumCounts(counts, part.counts) };
}

const MOVABLE = [RuleState.OK, RuleState.REPLICATING, RuleState.STUCK] as const;
const isMovable = ({ state }: Rule): boolean => MOVABLE.some((movable) => movable === state);

/** The rule of the first item, held; where it is on a file of its own, with others like it. */
async function heldRules(
  tx: Tx,
  job: Job,
  first: PendingItem,
  limit: number,
): Promise<readonly Rule[]> {
  const hold = 'wait';
  const [rule] = await selectRules(tx, { where: sql`r.id = ${first.ruleId}`, hold });
  if (!rule || rule.didType !== DidType.FILE || !isMovable(rule)) return rule ? [rule] : [];
  const ids = await rulesLike(tx, job.id, first, limit);
  const alike = await selectRules(tx, { where: sql`r.id = ANY (${[...ids]}::bigint[])`, hold });
  return alike.filter(isMovable);
}

/** Condition on items `i` of these rules with the origin and target of the first one. */
const itemsOf = (ids: readonly RuleId[], { rseId, targetRseId }: PendingItem): Sql => sql`(
  i.rule_id = ANY (${[...ids]}::bigint[]) AND i.rse_id = ${rseId}::int
  AND i.target_rse_id IS NOT DISTINCT FROM ${targetRseId}::int)`;

/** Condition on item `i`: its lock is there. */
const holdsLock = sql`EXISTS (SELECT FROM locks l WHERE l.did_id = i.did_id AND l.rse_id = i.rse_id
  AND (l.rule_id + 0) = i.rule_id OFFSET 0)`;

const restingReason = ({ state, uid }: Rule): string =>
  `the rule ${wireId(uid)} is ${RuleStateCodec.name(state)}: set it STUCK (PUT rules/${wireId(uid)}) to have it looked after, then order the job again`;

async function handOver(
  tx: Tx,
  job: Job,
  { rules, first, items }: { rules: readonly Rule[]; first: PendingItem; items: Sql },
  { moving, limit }: Portion,
  terms: JobTerms,
): Promise<Part> {
  const files = sql`SELECT i.did_id, i.rule_id FROM ${pending(job.id)} AND ${items}
                     ORDER BY i.rule_id, i.did_id LIMIT ${lit(limit)}`;
  const targets = first.targetRseId === null ? moving.targets : [first.targetRseId];
  let handed: HandedOver;
  try {
    handed = await handOverLocks(
      tx,
      rules,
      {
        cause: moving.cause,
        purge: moving.purge,
        origin: first.rseId,
        files,
        ...(targets && { targets }),
      },
      terms,
    );
  } catch (error) {
    // A fact about all of them is thrown before anything is written.
    if (!(error instanceof SluiceError)) throw error;
    const failed = await settleItems(tx, job.id, items, refusal(error, rules));
    return { counts: asFailed(failed), moved: 0 };
  }
  let counts: Counts = {};
  for (const { files: stay, error } of handed.refused) {
    const which = sql`${items} AND i.did_id IN (${stay})`;
    const failed = await settleItems(tx, job.id, which, refusal(error, rules));
    counts = sumCounts(counts, asFailed(failed));
  }
  const ids = rules.map(({ id }) => id);
  const noted = await noteMoves(tx, job.id, ids);
  // Files that have left their dataset, and the judge has not looked yet, are of no unit that could move.
  const later = noted.count === 0n && handed.refused.length === 0;
  return { counts, moved: handed.moved, later };
}

/** Why locks stay where they are, and what a person could do. */
const refusal = (error: SluiceError, rules: readonly Rule[]) => ({
  state: FAILED,
  error: `${reasonOf(error)}; move the rule (POST rules/${wireId(rules[0]?.uid ?? '')}/move) or make room, then order the job again`,
});
