import { ring, sql, type Tx } from '../db/index.js';
import { depthsOf, type Did } from '../dids/index.js';
import {
  Channel,
  type DidId,
  DidType,
  type RuleGrouping,
  type RuleId,
} from '../vocabulary/index.js';
import { injectRule } from './inject-rule.js';
import { type AddedRule, insertRules, type NewRule } from './new-rule.sql.js';
import { placeDatasets } from './place-datasets.js';
import { addRulesOnFiles } from './place-files.js';
import { type PlacingRun, runsOf } from './placing-runs.js';
import { type JudgeTerms, type Rule } from './rule.js';
import { finishInjection } from './injection.sql.js';
import { selectRules } from './rule.sql.js';

/** Rules that are to be made and placed in this transaction, and their DIDs. */
export interface PromptRules {
  readonly rule: NewRule;
  readonly dids: readonly Did[];
}

/** One of them. */
interface Item {
  readonly did: Did;
  readonly didType: DidType;
  readonly grouping: RuleGrouping;
  /** Which of the rules. */
  readonly wish: number;
}

type Made = readonly Map<DidId, AddedRule>[];

/**
 * Makes new rules and places them in the order of the request: each gets what those before it leave;
 * files in a row together, and so datasets that stay whole. What holds no dataset has nothing to place.
 * Rules on files are written once, with their locks. Gives those made of each, by DID. Throws
 * DuplicateRule, and what placing may.
 */
export async function placeAtOnce(
  tx: Tx,
  prompt: readonly PromptRules[],
  terms: JudgeTerms,
): Promise<Map<DidId, AddedRule>[]> {
  if (prompt.length === 0) return [];
  const made = await insertRules(tx, prompt.map(onCollections));
  const ids = made.flatMap((rules) => [...rules.values()].map(({ id }) => id));
  const found =
    ids.length > 0 ? await selectRules(tx, { where: sql`r.id = ANY (${ids}::bigint[])` }) : [];
  const filled = await finishEmpty(tx, found, terms);
  const byId = new Map(filled.map((rule) => [rule.id, rule]));
  const ruleOf = ({ did, wish }: Item): Rule | undefined =>
    byId.get(made[wish]?.get(did.id)?.id ?? -1n);
  const items = prompt.flatMap(itemsOf);
  const placeable = items.filter((item) => item.didType === DidType.FILE || ruleOf(item));
  let queued = 0;
  for (const run of runsOf(placeable)) {
    queued +=
      run.kind === 'files'
        ? await placeFileRun(tx, prompt, { run, made }, terms)
        : await placeRun(
            tx,
            run,
            run.items.flatMap((item) => ruleOf(item) ?? []),
            terms,
          );
  }
  if (queued > 0) await ring(tx, Channel.REQUESTS);
  return made;
}

const itemsOf = ({ rule, dids }: PromptRules, wish: number): Item[] =>
  dids.map((did) => ({ did, didType: did.type, grouping: rule.grouping, wish }));

const onCollections = ({ rule, dids }: PromptRules): NewRule => ({
  ...rule,
  didIds: dids.filter(({ type }) => type !== DidType.FILE).map(({ id }) => id),
});

/** Rules on containers without a dataset are OK. Gives the others. */
async function finishEmpty(tx: Tx, rules: readonly Rule[], { now }: JudgeTerms): Promise<Rule[]> {
  const containers = rules.filter(({ didType }) => didType === DidType.CONTAINER);
  const below = await depthsOf(
    tx,
    containers.map(({ didId }) => didId),
  );
  const empty = new Set<RuleId>();
  for (const { id, didId } of containers) if (!below.has(didId)) empty.add(id);
  if (empty.size > 0) await finishInjection(tx, [...empty], now);
  return rules.filter(({ id }) => !empty.has(id));
}

/** Gives how many transfers the rules want, as the others. */
async function placeFileRun(
  tx: Tx,
  prompt: readonly PromptRules[],
  { run, made }: { readonly run: PlacingRun<Item>; readonly made: Made },
  terms: JudgeTerms,
): Promise<number> {
  const wish = run.items[0]?.wish ?? 0;
  const rule = prompt[wish]?.rule as NewRule;
  const didIds = run.items.map(({ did }) => did.id);
  const added = await addRulesOnFiles(tx, { ...rule, didIds }, terms);
  for (const [didId, one] of added.made) made[wish]?.set(didId, one);
  return added.queued;
}

async function placeRun(
  tx: Tx,
  { kind }: PlacingRun<Item>,
  rules: readonly Rule[],
  terms: JudgeTerms,
): Promise<number> {
  if (kind === 'datasets') return (await placeDatasets(tx, rules, terms)).queued;
  return await placeAll(tx, rules[0], terms);
}

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
