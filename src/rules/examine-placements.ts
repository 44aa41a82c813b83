import { type Tx } from '../db/index.js';
import { type RuleId } from '../vocabulary/index.js';
import { type DriftTimes } from './drift.sql.js';
import { driftOf } from './placement-drift.js';
import {
  commonSets,
  type DriftedSet,
  type Examined,
  holdDrift,
  placedRules,
  writePlacementDrift,
} from './placement-drift.sql.js';
import { resolveAsked } from './resolve-asked.js';
import { type SiteConstraints } from './site-constraints.js';

/**
 * Looks at all copies of those of these rules that have a placement: which of them it would not have
 * where they are now is written down, with the reason, and what has come right again is over. Rules that
 * ask for the same are looked at together. Gives how many rows of drift came, went or changed.
 */
export async function examinePlacements(
  tx: Tx,
  ruleIds: readonly RuleId[],
  times: DriftTimes,
): Promise<number> {
  const asking = await placedRules(tx, ruleIds);
  if (asking.length === 0) return 0;
  const known = await holdDrift(
    tx,
    asking.flatMap((alike) => alike.ruleIds),
  );
  let changed = 0;
  for (const { asked, rules } of await resolveAsked(tx, asking)) {
    if (!rules) continue;
    const theirs = new Set(asked.ruleIds);
    const examined = {
      ruleIds: asked.ruleIds,
      known: known.filter(({ ruleId }) => theirs.has(ruleId)),
    };
    const drifted = await driftedSets(tx, examined, rules);
    changed += await writePlacementDrift(tx, examined, drifted, times);
  }
  return changed;
}

/** The sets of RSEs at which rules have copies that are not as the placement wants them, RSE by RSE. */
export async function driftedSets(
  tx: Tx,
  examined: Examined,
  rules: SiteConstraints,
): Promise<DriftedSet[]> {
  const sets = await commonSets(tx, examined);
  return sets.flatMap((set) =>
    [...driftOf({ rses: set.rses, doubted: set.doubted > 0 }, rules)].map(([rseId, why]) => ({
      ...set,
      rseId,
      why,
    })),
  );
}
