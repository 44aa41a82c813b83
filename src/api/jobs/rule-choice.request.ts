import { type Static, Type } from 'typebox';
import { InvalidObject } from '../../errors/index.js';
import { type JobWish, type RuleChoice } from '../../jobs/index.js';
import { type RulesChange } from '../../rules/index.js';
import { Limits, parseWireId, RuleStateCodec } from '../../vocabulary/index.js';
import { parseActivity, priority, seconds, text } from '../rules/rule-item.request.js';
import { orNull, parseParameters } from '../wire/index.js';
import { common, expression, name, type Orderer, strict } from './job-order.request.js';

const Change = Type.Object(
  {
    ...common,
    rules: Type.Object(
      {
        ids: Type.Optional(Type.Array(text(50), { minItems: 1, maxItems: Limits.jobRules })),
        account: Type.Optional(name(Limits.accountLength)),
        scope: Type.Optional(name(Limits.scopeLength)),
        name: Type.Optional(name(Limits.didNameLength)),
        state: Type.Optional(text(50)),
        activity: Type.Optional(text(50)),
        rse_expression: Type.Optional(expression),
        subscription_id: Type.Optional(text(50)),
      },
      strict,
    ),
    change: Type.Object(
      {
        activity: Type.Optional(text(50)),
        priority: Type.Optional(priority),
        comment: orNull(text(Limits.ruleCommentLength)),
        lifetime: orNull(seconds),
        purge_replicas: Type.Optional(Type.Boolean()),
      },
      { ...strict, minProperties: 1 },
    ),
  },
  strict,
);
/** A job that changes rules. Throws as `parseOrder` does. */
export function readRuleChange(body: unknown, { caller }: Orderer): JobWish {
  const given = parseParameters(Change, body, 'a job');
  return {
    kind: 'change',
    spec: {
      rules: readRuleChoice(given.rules),
      change: readChange(given.change),
      ownerId: caller.isAdmin ? null : caller.accountId,
    },
  };
}

const wrong = (field: string, value: string, expected: string): InvalidObject =>
  new InvalidObject(`Problem validating ${field}: '${value}' is not ${expected}`, { field });

function readRuleChoice(given: Static<typeof Change>['rules']): RuleChoice {
  const uid = (id: string, field: string): string => {
    const found = parseWireId(id);
    if (found === undefined) throw wrong(field, id, 'an id of 32 hex digits');
    return found;
  };
  const { ids, account, scope, state, activity, rse_expression, subscription_id } = given;
  return {
    ...(ids && { ids: ids.map((id) => uid(id, 'rules.ids')) }),
    ...(account !== undefined && { account }),
    ...(scope !== undefined && { scope }),
    ...(given.name !== undefined && { name: given.name }),
    ...(state !== undefined && { state: readState(state) }),
    ...(activity !== undefined && { activity: parseActivity(activity) }),
    ...(rse_expression !== undefined && { rseExpression: rse_expression }),
    ...(subscription_id !== undefined && {
      subscriptionUid: uid(subscription_id, 'rules.subscription_id'),
    }),
  };
}

function readState(state: string): string {
  const letter = RuleStateCodec.parse(state);
  if (letter === undefined) {
    throw wrong('rules.state', state, `one of ${RuleStateCodec.names.join(', ')}`);
  }
  return letter;
}

const readChange = (given: Static<typeof Change>['change']): RulesChange => ({
  ...(given.activity !== undefined && { activity: parseActivity(given.activity) }),
  ...(given.priority !== undefined && { priority: given.priority }),
  ...(given.comment !== undefined && { comment: given.comment }),
  ...(given.lifetime !== undefined && { lifetime: given.lifetime }),
  ...(given.purge_replicas !== undefined && { purgeReplicas: given.purge_replicas }),
});
