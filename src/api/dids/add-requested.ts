import { type Principal } from '../../accounts/index.js';
import { type Config } from '../../config/index.js';
import { type Tx } from '../../db/index.js';
import { addDescribedDids } from '../../metadata/index.js';
import { addAllRules, rulesTerms } from '../../rules/index.js';
import { demandOpen, existingScopes } from '../../scopes/index.js';
import { ruleSpecsOf, type WishedRule } from '../rules/rule-item.request.js';
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
 * nothing. Throws ScopeNotFound, AccessDenied, UnsupportedOperation (a closed scope) and what the rooms
 * throw.
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
  const specs = await ruleSpecsOf(tx, caller, wishesOf(requests));
  await addAllRules(tx, specs, rulesTerms(config, now));
}

/** Each rule with the DIDs that it is asked for: a thousand datasets usually want the same. */
function wishesOf(requests: readonly DidRequest[]): WishedRule[] {
  const wishes = new Map<string, WishedRule & { readonly dids: DidRequest[] }>();
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
