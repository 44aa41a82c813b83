import { depthsOf } from '../dids/index.js';
import { sql, type Sql, type Tx } from '../db/index.js';
import { SluiceError } from '../errors/index.js';
import { DidType, RuleGrouping } from '../vocabulary/index.js';
import { type Injection } from './inject-rule.js';
import { placeDatasets } from './place-datasets.js';
import { placeFiles } from './place-files.js';
import { type JudgeTerms, type Rule } from './rule.js';
import { selectRules } from './rule.sql.js';

/** Rules that are placed by one statement: enough that a rule costs little, and few to be held. */
const TOGETHER = 200;

/**
 * Places `rule`, which is new and small, together with others in INJECT that differ from it in nothing
 * but the DID: an online filter or DIRAC makes thousands of them, and each by itself would cost a
 * dozen statements. Where one of them cannot be placed fewer are tried, down to the rule by itself.
 * `due` is the condition on rules whose turn it is. Undefined where it has no company.
 */
export async function injectAlike(
  tx: Tx,
  rule: Rule,
  due: Sql,
  terms: JudgeTerms,
): Promise<Injection | undefined> {
  const place = placeOf(rule);
  if (!place || !isUntouched(rule)) return undefined;
  const found = await selectRules(tx, {
    where: sql`${due} AND r.id > ${rule.id} AND r.account_id = ${rule.accountId}
      AND r.rse_expression = ${rule.rseExpression} AND d.type = ${rule.didType}::"char"`,
    limit: TOGETHER - 1,
    hold: 'skip',
  });
  const alike = found.filter((other) => isUntouched(other) && wishOf(other) === wishOf(rule));
  let rules = await upTo(tx, oneOnEach([rule, ...alike]), terms.sliceLocks);
  for (; rules.length > 1; rules = rules.slice(0, rules.length / 2)) {
    try {
      return await place(tx, rules, terms);
    } catch (error) {
      // A fact about placing is thrown before anything is written.
      if (!(error instanceof SluiceError)) throw error;
    }
  }
  return undefined;
}

/** Rules that differ in later phases only may be on one DID: the second one has its turn later. */
const oneOnEach = (rules: readonly Rule[]): readonly Rule[] =>
  [...new Map(rules.toReversed().map((rule) => [rule.didId, rule])).values()].reverse();

function placeOf({ didType, grouping }: Rule): typeof placeFiles | undefined {
  if (didType === DidType.FILE) return placeFiles;
  return didType === DidType.DATASET && grouping !== RuleGrouping.NONE ? placeDatasets : undefined;
}

/** Nothing of it is placed, and nothing decided. */
const isUntouched = (rule: Rule): boolean =>
  !rule.splitContainer &&
  rule.cursorDataset === null &&
  rule.placement === null &&
  rule.locksOk + rule.locksReplicating + rule.locksStuck === 0n;

/** All that placing goes by, and what locks and requests carry. */
const wishOf = (rule: Rule): string =>
  JSON.stringify([
    ...[rule.copies, rule.grouping, rule.weight, rule.sourceReplicaExpression],
    ...[rule.ignoreAvailability, rule.ignoreAccountLimit, rule.activity, rule.priority],
    rule.constraints,
  ]);

/** As many as make no more locks than one slice. */
async function upTo(tx: Tx, rules: readonly Rule[], locksMax: number): Promise<readonly Rule[]> {
  const datasets = rules.filter(({ didType }) => didType === DidType.DATASET);
  const depths = await depthsOf(
    tx,
    datasets.map(({ didId }) => didId),
  );
  let locks = 0n;
  const end = rules.findIndex(({ didId, didType, copies }) => {
    const files = didType === DidType.FILE ? 1n : (depths.get(didId)?.length ?? 0n);
    locks += files * BigInt(copies);
    return locks > BigInt(locksMax);
  });
  return end < 0 ? rules : rules.slice(0, end);
}
