import { type Principal } from '../../accounts/index.js';
import { type Config } from '../../config/index.js';
import { type Tx } from '../../db/index.js';
import { InvalidObject } from '../../errors/index.js';
import { addDescribedDids } from '../../metadata/index.js';
import { addRules, rulesTerms } from '../../rules/index.js';
import { demandOpen, existingScopes } from '../../scopes/index.js';
import { type RequestedRule, ruleSpecOf } from '../rules/rule-item.request.js';
import { attachContent } from './attach-content.js';
import { demandScopes } from './did-name.js';
import { type DidRequest } from './dids.request.js';

export interface AddTerms {
  readonly caller: Principal;
  readonly now: Date;
  readonly config: Config;
}

/**
 * Adds datasets and containers with their metadata, content and rules: all that one request asks, or
 * nothing. Throws ScopeNotFound, AccessDenied, UnsupportedOperation (a closed scope), InvalidObject (too
 * many different rules) and what the rooms throw.
 */
export async function addRequested(
  tx: Tx,
  requests: readonly DidRequest[],
  { caller, now, config }: AddTerms,
): Promise<void> {
  const scopes = await existingScopes(
    tx,
    requests.map(({ scope }) => scope),
  );
  await demandScopes(tx, caller, requests, 'add DIDs');
  demandOpen(scopes.values());
  await addDescribedDids(tx, caller.accountId, requests, now);
  const attachments = requests
    .filter(({ dids }) => dids.length > 0)
    .map((request) => ({ parent: request, children: request.dids, rse: request.rse }));
  await attachContent(tx, attachments, { caller, now, naming: config.dids.naming });
  for (const { rule, dids } of demandFew(wishesOf(requests))) {
    const spec = await ruleSpecOf(tx, caller, dids, rule);
    await addRules(tx, spec, rulesTerms(config, now));
  }
}

/** One rule, and the DIDs that it is asked for: a thousand datasets usually want the same. */
interface Wishes {
  readonly rule: RequestedRule;
  readonly dids: DidRequest[];
}

function wishesOf(requests: readonly DidRequest[]): Wishes[] {
  const wishes = new Map<string, Wishes>();
  for (const did of requests) {
    for (const rule of did.rules) {
      const key = JSON.stringify(rule);
      const known = wishes.get(key);
      if (known) known.dids.push(did);
      else wishes.set(key, { rule, dids: [did] });
    }
  }
  return [...wishes.values()];
}

/** Different rules a request: each is checked and placed by statements of its own. */
const RULES_MAX = 200;

function demandFew(wishes: Wishes[]): Wishes[] {
  if (wishes.length <= RULES_MAX) return wishes;
  throw new InvalidObject(
    `Problem validating rules: the DIDs of one request may ask for at most ${RULES_MAX} different rules, not ${wishes.length}; add them by several requests`,
    { field: 'rules', rules: wishes.length, most: RULES_MAX },
  );
}
