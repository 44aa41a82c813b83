import { Type } from 'typebox';
import { InvalidObject } from '../../errors/index.js';
import { Limits } from '../../vocabulary/index.js';
import {
  parseNewSubscription,
  type SubscriptionRequest,
} from '../subscriptions/subscriptions.request.js';
import { parseObject, parseParameters } from '../wire/index.js';
import { text } from './rule-item.request.js';
import { parseNewRules, type RulesRequest } from './rules.request.js';

/** More rules than that are for several plans. */
const RULES_MAX = 100;
const RSE_LENGTH = 255;

/** What `POST rules/plan` is to plan. */
export type PlanRequest =
  | { readonly kind: 'rules'; readonly rules: readonly RulesRequest[] }
  | { readonly kind: 'leaving'; readonly rse: string }
  | { readonly kind: 'subscription'; readonly subscription: PlannedSubscription };

/** One that stands, or (with `order`) one that is to be. */
export interface PlannedSubscription {
  /** Undefined is the caller's own. */
  readonly account: string | undefined;
  readonly name: string;
  readonly order: SubscriptionRequest | undefined;
}

/** The keys that make a plan something else than that of one rule. */
const KINDS = ['rules', 'rse_leaves', 'subscription'] as const;

/**
 * Reads what is to be planned: a rule as `POST rules` takes it, several as `rules`, a subscription, or
 * an RSE that leaves. Throws KeyError, InvalidObject, TypeError, ValueError.
 */
export function parsePlan(body: unknown): PlanRequest {
  const given = parseObject(body, 'a plan');
  const kinds = KINDS.filter((kind) => given[kind] !== undefined);
  if (kinds.length + ('dids' in given ? 1 : 0) > 1) {
    throw new InvalidObject(
      `Problem validating a plan: it is of one thing, a rule (dids, copies, rse_expression) or one of ${KINDS.join(', ')}`,
    );
  }
  const [kind] = kinds;
  if (kind === undefined) return { kind: 'rules', rules: [parseNewRules(given)] };
  switch (kind) {
    case 'rules': {
      const Rules = Type.Object({
        rules: Type.Array(Type.Unknown(), { minItems: 1, maxItems: RULES_MAX }),
      });
      const { rules } = parseParameters(Rules, given, 'a plan');
      return { kind: 'rules', rules: rules.map(parseNewRules) };
    }
    case 'rse_leaves': {
      const Leaving = Type.Object({ rse_leaves: text(RSE_LENGTH) });
      return { kind: 'leaving', rse: parseParameters(Leaving, given, 'a plan').rse_leaves };
    }
    case 'subscription':
      return { kind: 'subscription', subscription: readSubscription(given['subscription']) };
  }
}

const Named = Type.Object({
  account: Type.Optional(text(Limits.accountLength)),
  name: Type.Optional(text(Limits.subscriptionNameLength)),
});

/** With a filter it is one that is to be, said as on creation. */
function readSubscription(body: unknown): PlannedSubscription {
  const given = parseObject(body, 'a subscription');
  const { account, name } = parseParameters(Named, given, 'a subscription');
  if ('filter' in given || 'replication_rules' in given) {
    return { account, name: name ?? '', order: parseNewSubscription({ options: given }) };
  }
  if (name === undefined) {
    throw new InvalidObject(
      'Problem validating a subscription: it needs a name, or a filter and replication_rules',
    );
  }
  return { account, name, order: undefined };
}
