import { type Tx } from '../db/index.js';
import { RuleGrouping } from '../vocabulary/index.js';
import { chooseForEach, unitsOf } from './dataset-units.js';
import { type Injection } from './inject-rule.js';
import { type JudgeTerms, type Rule } from './rule.js';
import { formerOf } from './phase.js';
import { storePlacements } from './injection.sql.js';
import { scheduleRepair } from './rule.sql.js';
import { findSites } from './sites.js';
import { copiesOfAll, filesOfAll } from './slice-files.sql.js';
import { placeSlice } from './slice.sql.js';

/**
 * Places new rules, each on a dataset of its own that stays together, that differ in nothing else: as
 * `injectRule` would one after the other, by as many statements as for one. Quota and space are what
 * the datasets before leave; of a file that is in several, each counts the whole.
 * Throws what placing may: InsufficientTargetRSEs, InsufficientAccountLimit, RSEOverQuota,
 * InvalidRSEExpression, RSEWriteBlocked, InvalidRuleWeight, InvalidSourceReplicaExpression.
 */
export async function placeDatasets(
  tx: Tx,
  rules: readonly Rule[],
  terms: JudgeTerms,
): Promise<Injection> {
  const [rule] = rules;
  if (!rule) return { locks: 0, queued: 0, more: false };
  const sites = await findSites(tx, { ...rule, formerOf: formerOf(rules) });
  const didIds = rules.map(({ didId }) => didId);
  const units = await unitsOf(tx, didIds, sites.candidates);
  const { places } = await chooseForEach(units, rule.copies, sites);
  if (rule.grouping === RuleGrouping.ALL) {
    const decided = rules.map(({ id }, at) => ({ ruleId: id, rses: places[at]?.rses ?? [] }));
    await storePlacements(tx, decided);
  }
  const datasets = places.flatMap(({ didId, rses }) => rses.map((rseId) => ({ didId, rseId })));
  const ruleIds = rules.map(({ id }) => id);
  const { locks, queued } = await placeSlice(
    tx,
    {
      ...{ rule, ruleIds, datasets, sites, whole: true as const },
      files: filesOfAll(didIds),
      copies: copiesOfAll(datasets),
    },
    terms,
  );
  await scheduleRepair(tx, ruleIds);
  return { locks, queued, more: false };
}
