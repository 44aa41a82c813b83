import { execute, sql, type Sql, type Tx } from '../db/index.js';
import { SluiceError } from '../errors/index.js';
import { type RseId } from '../vocabulary/index.js';
import { countDrift, driftsOf, isToReplace, postponeDrift } from './drift.sql.js';
import { driftedSets, examinePlacements } from './examine-placements.js';
import { type DriftTerms } from './find-drift.js';
import { handOverLocks, locksAt } from './hand-over.js';
import { letGoOfRule } from './let-go.js';
import { DRIFT, type DriftedSet, filesLike, holdDrift } from './placement-drift.sql.js';
import { resolveAsked } from './resolve-asked.js';
import { type JudgeTerms, type Rule } from './rule.js';
import { selectRules } from './rule.sql.js';

/** What one pass over a rule's drifted copies came to. */
export interface Replacement {
  /** Locks made where the rule leads now. */
  readonly placed: number;
  /** Locks let go where it does not any more. */
  readonly released: number;
}

/** Files that leave the same RSEs. */
interface Leaving {
  readonly rses: readonly RseId[];
  /** Rows (did_id, rule_id): those with a lock at one of them that does not move yet, at most so many. */
  readonly files: (origin: RseId, limit: number) => Sql;
}

/**
 * Hands the drifted copies of one rule over, whose policy says so, as a drain does: first locks are made
 * where the rule leads now, and each old one is let go when the one in its place is OK (`letGoNext`). So
 * the rule never has fewer good copies than it asks for. At most about `sliceLocks` locks made and as
 * many released. Undefined where nothing is due.
 */
export async function handOverDriftedNext(
  tx: Tx,
  terms: JudgeTerms & DriftTerms,
): Promise<Replacement | undefined> {
  const [rule] = await selectRules(tx, { where: isToReplace(terms.now), limit: 1, hold: 'skip' });
  if (!rule) return undefined;
  const leaving = await leavingOf(tx, rule);
  const { placed, error } = await handOverAll(tx, rule, leaving, terms);
  const released = await letGoOfRule(tx, rule.id, terms.sliceLocks, terms);
  // Files that have one successor now stand otherwise: the next pass finds what else they leave.
  const one =
    rule.constraints !== null && placed > 0 && leaving.some(({ rses }) => rses.length > 1);
  const full = one || placed >= terms.sliceLocks || released >= terms.sliceLocks;
  const wait = error === null ? terms.driftCheckSeconds : terms.lockRetrySeconds;
  const next = full ? terms.now : new Date(terms.now.getTime() + wait * 1000);
  const times = { now: terms.now, next };
  if (rule.constraints) await examinePlacements(tx, [rule.id], times);
  else await countDrift(tx, await driftsOf(tx, [rule.id]), times);
  await postponeDrift(tx, rule.id, { next, error });
  return { placed, released };
}

interface Placed {
  readonly placed: number;
  /** The first fact that keeps copies where they are. */
  readonly error: string | null;
}

async function handOverAll(
  tx: Tx,
  rule: Rule,
  leaving: readonly Leaving[],
  terms: JudgeTerms,
): Promise<Placed> {
  let placed = 0;
  let error: string | null = null;
  for (const { rses, files } of leaving) {
    for (const origin of rses) {
      const limit = terms.sliceLocks - placed;
      if (limit <= 0) return { placed, error };
      const some = { origin, leaving: rses, files: files(origin, limit) };
      const handed = await handOverSome(tx, rule, some, terms);
      placed += handed.placed;
      error ??= handed.error;
    }
  }
  return { placed, error };
}

/** A fact about placing is why the copies stay where they are, with all that was placed before it. */
async function handOverSome(
  tx: Tx,
  { id, purgeReplicas }: Rule,
  files: { readonly origin: RseId; readonly leaving: readonly RseId[]; readonly files: Sql },
  terms: JudgeTerms,
): Promise<Placed> {
  if ((await execute(tx, sql`SELECT FROM (${files.files}) f LIMIT 1`)) === 0) {
    return { placed: 0, error: null };
  }
  // As it is now: where its files go together may have changed with the RSE before.
  const rules = await selectRules(tx, { where: sql`r.id = ${id}` });
  const wish = { ...files, cause: DRIFT, purge: purgeReplicas };
  try {
    const { moved, refused } = await handOverLocks(tx, rules, wish, terms);
    return { placed: moved, error: refused[0]?.error.message ?? null };
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return { placed: 0, error: error.message };
  }
}

async function leavingOf(tx: Tx, rule: Rule): Promise<readonly Leaving[]> {
  if (rule.constraints) return await leavingPlacement(tx, rule);
  const rses = (await driftsOf(tx, [rule.id])).map(({ rseId }) => rseId);
  return [{ rses, files: (origin, limit) => locksAt(rule, origin, limit) }];
}

/** Files whose copies have drifted from the same RSEs, as they are told to stand now. */
async function leavingPlacement(tx: Tx, rule: Rule): Promise<readonly Leaving[]> {
  const examined = { ruleIds: [rule.id], known: await holdDrift(tx, [rule.id]) };
  const [resolved] = await resolveAsked(tx, [rule]);
  if (!resolved?.rules) return [];
  const drifted = await driftedSets(tx, examined, resolved.rules);
  const alike = new Map<string, DriftedSet[]>();
  for (const set of drifted) {
    const rses = drifted.flatMap((other) => (other.rses === set.rses ? [other.rseId] : []));
    const key = rses.sort((a, b) => a - b).join();
    alike.set(key, [...(alike.get(key) ?? []), set]);
  }
  return [...alike].map(([key, sets]) => ({
    rses: key.split(',').map(Number),
    files: (origin, limit) =>
      filesLike(
        examined,
        sets.filter(({ rseId }) => rseId === origin),
        limit,
      ),
  }));
}
