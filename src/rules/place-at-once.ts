import { ring, sql, type Tx } from '../db/index.js';
import { depthsOf } from '../dids/index.js';
import { Channel, DidType, type RuleId } from '../vocabulary/index.js';
import { injectRule } from './inject-rule.js';
import { placeDatasets } from './place-datasets.js';
import { placeFiles } from './place-files.js';
import { type PlacingKind, runsOf } from './placing-runs.js';
import { type JudgeTerms, type Rule } from './rule.js';
import { finishInjection } from './injection.sql.js';
import { selectRules } from './rule.sql.js';

/**
 * Places new rules in the order of the request: each gets what those before it leave; files in a row
 * together, and so datasets that stay whole. What holds no dataset has nothing to place. Throws what
 * placing may.
 */
export async function placeAtOnce(
  tx: Tx,
  ids: readonly RuleId[],
  terms: JudgeTerms,
): Promise<void> {
  const found = await selectRules(tx, { where: sql`r.id = ANY (${[...ids]}::bigint[])` });
  const containers = found.filter(({ didType }) => didType === DidType.CONTAINER);
  const below = await depthsOf(
    tx,
    containers.map(({ didId }) => didId),
  );
  const empty = containers.filter(({ didId }) => !below.has(didId)).map(({ id }) => id);
  if (empty.length > 0) await finishInjection(tx, empty, terms.now);
  const byId = new Map(found.map((rule) => [rule.id, rule]));
  for (const id of empty) byId.delete(id);
  let queued = 0;
  for (const { kind, items } of runsOf(ids.flatMap((id) => byId.get(id) ?? []))) {
    queued += await PLACE[kind](tx, items, terms);
  }
  if (queued > 0) await ring(tx, Channel.REQUESTS);
}

/** What places rules of a kind; gives how many transfers they want. */
const PLACE: Readonly<
  Record<PlacingKind, (tx: Tx, rules: readonly Rule[], terms: JudgeTerms) => Promise<number>>
> = {
  files: async (tx, rules, terms) => (await placeFiles(tx, rules, terms)).queued,
  datasets: async (tx, rules, terms) => (await placeDatasets(tx, rules, terms)).queued,
  one: async (tx, [rule], terms) => await placeAll(tx, rule, terms),
};

/** Slice after slice. Gives how many transfers it wants. */
async function placeAll(tx: Tx, first: Rule | undefined, terms: JudgeTerms): Promise<number> {
  let queued = 0;
  for (let rule = first; rule;) {
    const injection = await injectRule(tx, rule, terms);
    queued += injection.queued;
    if (!injection.more) return queued;
    [rule] = await selectRules(tx, { where: sql`r.id = ${rule.id}` });
  }
  return queued;
}
