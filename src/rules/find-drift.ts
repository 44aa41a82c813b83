import { type Tx } from '../db/index.js';
import { matchRsesOfEach } from '../rses/index.js';
import { type RseId, type RuleId } from '../vocabulary/index.js';
import {
  claimDueDrift,
  countDrift,
  endDrift,
  knownExpressions,
  type KnownExpression,
  mayLookForDrift,
  rememberExpressions,
  type Resolution,
  rulesAfter,
  suspectDrift,
  sweepDrift,
} from './drift.sql.js';

export interface DriftTerms {
  readonly now: Date;
  /** Drift is counted, and copies that are placed anew are looked at, again after so long. */
  readonly driftCheckSeconds: number;
}

/** Locks that one count reads. */
const LOCKS_MAX = 1_000_000;
/** Locks that one step of the slow walk reads. */
const STEP_LOCKS = 200_000;
/** Expressions resolved in one statement. */
const CHUNK = 200;

const nextLook = ({ now, driftCheckSeconds }: DriftTerms): Date =>
  new Date(now.getTime() + driftCheckSeconds * 1000);

/**
 * Compares what the expressions of all rules name with what they named before, set-wise, without
 * looking at a lock: RSEs that went out of one are suspected for each of its rules, those that came
 * back end the drift. Gives how many rows of drift came or went. One at a time over all processes.
 */
export async function lookAtExpressions(tx: Tx, { now }: DriftTerms): Promise<number> {
  if (!(await mayLookForDrift(tx))) return 0;
  const known = await knownExpressions(tx);
  const resolved = await resolveAll(
    tx,
    known.map(({ rseExpression }) => rseExpression),
  );
  const changes = known.flatMap((before, at) => changeOf(before, resolved[at]?.rses ?? []));
  if (changes.length === 0) return 0;
  const suspected = await suspectDrift(
    tx,
    changes.filter(({ lost }) => lost.length > 0).map(({ lost, ...it }) => ({ ...it, rses: lost })),
    now,
  );
  const ended = await endDrift(tx, changes);
  await rememberExpressions(tx, changes, now);
  return suspected + ended;
}

async function resolveAll(tx: Tx, expressions: readonly string[]): Promise<Resolution[]> {
  const resolved: Resolution[] = [];
  for (let at = 0; at < expressions.length; at += CHUNK) {
    const chunk = expressions.slice(at, at + CHUNK);
    const named = await matchRsesOfEach(tx, chunk);
    resolved.push(...chunk.map((rseExpression, i) => ({ rseExpression, rses: named[i] ?? [] })));
  }
  return resolved;
}

/** What is different now, if anything is. Pure. */
export function changeOf(
  { rseExpression, rses: before }: KnownExpression,
  rses: readonly RseId[],
): (Resolution & { readonly lost: readonly RseId[] })[] {
  const lost = (before ?? []).filter((id) => !rses.includes(id));
  const gained = rses.filter((id) => !(before ?? []).includes(id));
  const same = before !== null && lost.length === 0 && gained.length === 0;
  return same ? [] : [{ rseExpression, rses, lost }];
}

/** Counts drift that is due. Gives how many rows it claimed and how many say something else now. */
export async function countDueDrift(
  tx: Tx,
  terms: DriftTerms,
): Promise<{ readonly due: number; readonly changed: number }> {
  const due = await claimDueDrift(tx, terms.now, LOCKS_MAX);
  const times = { now: terms.now, next: nextLook(terms) };
  return { due: due.length, changed: await countDrift(tx, due, times) };
}

/**
 * Looks at the locks of the next rules themselves: what no change of an expression has told. `next` is
 * where to go on; null after the last rule.
 */
export async function sweepForDrift(
  tx: Tx,
  after: RuleId,
  terms: DriftTerms,
): Promise<{ readonly next: RuleId | null; readonly found: number }> {
  const swept = await rulesAfter(tx, after, STEP_LOCKS);
  const last = swept.at(-1);
  if (!last) return { next: null, found: 0 };
  const expressions = [...new Set(swept.map(({ rseExpression }) => rseExpression))];
  const named = await resolveAll(tx, expressions);
  const times = { now: terms.now, next: nextLook(terms) };
  return { next: last.id, found: await sweepDrift(tx, swept, named, times) };
}
