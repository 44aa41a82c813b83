import { type Tx } from '../db/index.js';
import { type RseId, type RuleId } from '../vocabulary/index.js';
import { claimDueDrift, countDrift, type DriftTimes, forgetPlacements } from './drift.sql.js';
import { examinePlacements } from './examine-placements.js';
import {
  endDrift,
  knownExpressions,
  type KnownExpression,
  lookAgainAtDrift,
  mayLookForDrift,
  type Places,
  rememberExpressions,
  type Resolution,
  rulesAfter,
  suspectDrift,
  sweepDrift,
  type SweptRule,
} from './resolved-expressions.sql.js';
import { placesOfAsked, resolveAsked } from './resolve-asked.js';

export interface DriftTerms {
  readonly now: Date;
  /** Drift is counted, and copies that are placed anew are looked at, again after so long. */
  readonly driftCheckSeconds: number;
}

/** Locks that one count reads. */
const LOCKS_MAX = 1_000_000;
/** Locks that one step of the slow walk reads. */
const STEP_LOCKS = 200_000;

const timesOf = ({ now, driftCheckSeconds }: DriftTerms): DriftTimes => ({
  now,
  next: new Date(now.getTime() + driftCheckSeconds * 1000),
});

/**
 * Compares what the expressions and placements of all rules name with what they named before, set-wise,
 * without looking at a lock: RSEs that went out of one, or are of other parts or have other values now,
 * are suspected for each of its rules; those that came back into an expression end the drift. Gives how
 * many rows of drift came or went. One at a time over all processes.
 */
export async function lookAtExpressions(tx: Tx, { now }: DriftTerms): Promise<number> {
  if (!(await mayLookForDrift(tx))) return 0;
  const known = await knownExpressions(tx);
  const changes = (await resolveAsked(tx, known)).flatMap((resolved) => {
    const { asked, rses } = resolved;
    const places = placesOfAsked(resolved);
    return changeOf(asked, places).map(({ lost }) => ({ ...asked, rses, places, lost }));
  });
  if (changes.length === 0) return 0;
  const suspects = changes.filter(({ lost }) => lost.length > 0);
  const suspected = await suspectDrift(
    tx,
    suspects.map(({ lost, ...it }) => ({ ...it, rses: lost })),
    now,
  );
  const isPlaced = ({ constraints }: Resolution) => constraints !== null;
  await lookAgainAtDrift(tx, changes.filter(isPlaced), now);
  const ended = await endDrift(
    tx,
    changes.filter((change) => !isPlaced(change)),
  );
  await rememberExpressions(tx, changes, now);
  return suspected + ended;
}

/** What is different now, if anything is: the RSEs where copies may have drifted. Pure. */
export function changeOf(
  { places: before }: Pick<KnownExpression, 'places'>,
  places: Places,
): { readonly lost: readonly RseId[] }[] {
  const were = Object.entries(before ?? {});
  const lost = were.filter(([id, place]) => places[id] !== place).map(([id]) => Number(id));
  const gained = Object.keys(places).filter((id) => before?.[id] === undefined);
  return before !== null && lost.length === 0 && gained.length === 0 ? [] : [{ lost }];
}

/** Counts drift that is due. Gives how many rows it claimed and how many say something else now. */
export async function countDueDrift(
  tx: Tx,
  terms: DriftTerms,
): Promise<{ readonly due: number; readonly changed: number }> {
  const { now } = terms;
  const placed = await mayLookForDrift(tx);
  await forgetPlacements(tx, now);
  const due = await claimDueDrift(tx, { now, locksMax: LOCKS_MAX, placed });
  const counted = await countDrift(
    tx,
    due.filter((row) => !row.placed),
    timesOf(terms),
  );
  const rules = new Set(due.filter((row) => row.placed).map(({ ruleId }) => ruleId));
  const examined = await examinePlacements(tx, [...rules], timesOf(terms));
  return { due: due.length, changed: counted + examined };
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
  const isPlaced = ({ constraints }: SweptRule) => constraints !== null;
  const found = await sweepExpressions(
    tx,
    swept.filter((rule) => !isPlaced(rule)),
    terms,
  );
  const placed = swept.filter(isPlaced).map(({ id }) => id);
  const examined =
    placed.length > 0 && (await mayLookForDrift(tx))
      ? await examinePlacements(tx, placed, timesOf(terms))
      : 0;
  return { next: last.id, found: found + examined };
}

async function sweepExpressions(
  tx: Tx,
  swept: readonly SweptRule[],
  terms: DriftTerms,
): Promise<number> {
  if (swept.length === 0) return 0;
  const asked = new Map(swept.map((rule) => [rule.rseExpression, rule]));
  const named = await resolveAsked(tx, [...asked.values()]);
  const resolutions = named.map(({ asked: rule, rses }) => ({ ...rule, rses }));
  return await sweepDrift(tx, swept, resolutions, timesOf(terms));
}
