import { type Static, Type } from 'typebox';
import { findActiveAccount, type Principal } from '../../accounts/index.js';
import { type Tx } from '../../db/index.js';
import { InvalidObject } from '../../errors/index.js';
import { type DidChoice, type JobOrder, type JobWish, type RuleChoice } from '../../jobs/index.js';
import { type RulesChange } from '../../rules/index.js';
import {
  type DidName,
  type JobKind,
  JobKinds,
  Limits,
  type NamingScheme,
  parseWireId,
  RuleStateCodec,
} from '../../vocabulary/index.js';
import { demandScopes, parseNewName } from '../dids/did-name.js';
import {
  parseActivity,
  priority,
  readRule,
  ruleProperties,
  seconds,
  text,
} from '../rules/rule-item.request.js';
import { parseObject, parseParameters } from '../wire/index.js';

type Schema = Parameters<typeof Type.Union>[0][number];
const orNull = <T extends Schema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]));
const strict = { additionalProperties: false } as const;

const name = (maxLength: number) => Type.String({ minLength: 1, maxLength });
const did = Type.Object(
  { scope: name(Limits.scopeLength), name: name(Limits.didNameLength) },
  strict,
);
const expression = name(Limits.expressionLength);

/** Which DIDs: one of these. */
const choice = {
  query: Type.Optional(
    Type.Object(
      {
        scope: name(Limits.scopeLength),
        filters: Type.Optional(Type.Unknown()),
        type: Type.Optional(text(50)),
      },
      strict,
    ),
  ),
  content: Type.Optional(did),
  dids: Type.Optional(Type.Array(did, { minItems: 1 })),
};
const common = { kind: text(50), comment: orNull(text(Limits.ruleCommentLength)) };

const {
  rse_expression: _,
  copies: __,
  source_replica_expression: ___,
  ...options
} = ruleProperties;
const Replicate = Type.Object(
  {
    ...common,
    ...choice,
    to: expression,
    from: orNull(expression),
    only_available: Type.Optional(Type.Boolean()),
    into: Type.Optional(did),
    copies: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
    rule: Type.Optional(Type.Object(options, strict)),
  },
  strict,
);
const Drain = Type.Object(
  {
    ...common,
    rse: name(Limits.expressionLength),
    targets: orNull(expression),
    keep_copies: Type.Optional(Type.Boolean()),
  },
  strict,
);
const Delete = Type.Object(
  {
    ...common,
    ...choice,
    rse_expression: orNull(expression),
    remove_rules: Type.Optional(Type.Boolean()),
  },
  strict,
);
const Change = Type.Object(
  {
    ...common,
    rules: Type.Object(
      {
        ids: Type.Optional(Type.Array(text(50), { minItems: 1 })),
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
const percent = Type.Number({ minimum: 1, maximum: 100 });
const Rebalance = Type.Object(
  {
    ...common,
    from: Type.Optional(expression),
    to: Type.Optional(expression),
    threshold: Type.Optional(percent),
    target: Type.Optional(percent),
    bytes_max: orNull(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
  },
  strict,
);

/** Who orders, and what a request may be about at most. */
export interface Orderer {
  readonly caller: Principal;
  readonly itemsMax: number;
  /** How a dataset may be called. */
  readonly naming: NamingScheme;
}

/**
 * The body of `POST jobs`. Throws KeyError, InvalidObject, TypeError, ValueError that name the field,
 * and AccountNotFound for the account of a rule.
 */
export async function parseOrder(tx: Tx, body: unknown, orderer: Orderer): Promise<JobOrder> {
  const given = parseObject(body, 'a job');
  const wish = await READERS[kindOf(given['kind'])](tx, body, orderer);
  const { dids } = given;
  return {
    ...wish,
    // Of a list its length says enough.
    given: Array.isArray(dids) ? { ...given, dids: dids.length } : given,
    comments: (given['comment'] as string | null | undefined) ?? null,
    accountId: orderer.caller.accountId,
  };
}

function kindOf(given: unknown): JobKind {
  const kind = JobKinds.find((known) => known === given);
  if (kind) return kind;
  throw new InvalidObject(
    `Problem validating kind: '${String(given)}' is none of ${JobKinds.join(', ')}`,
    { field: 'kind' },
  );
}

type Reader = (tx: Tx, body: unknown, orderer: Orderer) => Promise<JobWish> | JobWish;

const READERS: Readonly<Record<JobKind, Reader>> = {
  replicate: readReplication,
  drain(_tx, body) {
    const given = parseParameters(Drain, body, 'a job');
    const { rse, targets = null, keep_copies: keepCopies = false } = given;
    return { kind: 'drain', spec: { rse, targets, keepCopies } };
  },
  delete_replicas(_tx, body, orderer) {
    const given = parseParameters(Delete, body, 'a job');
    return {
      kind: 'delete_replicas',
      spec: {
        ...readChoice(given, orderer),
        rseExpression: given.rse_expression ?? null,
        removeRules: given.remove_rules ?? false,
      },
    };
  },
  change(_tx, body, { caller }) {
    const given = parseParameters(Change, body, 'a job');
    return {
      kind: 'change',
      spec: {
        rules: readRuleChoice(given.rules),
        change: readChange(given.change),
        ownerId: caller.isAdmin ? null : caller.accountId,
      },
    };
  },
  rebalance(_tx, body) {
    const given = parseParameters(Rebalance, body, 'a job');
    const { from = '*', to = '*', threshold = 90, target = 80, bytes_max: bytesMax = null } = given;
    if (target > threshold) {
      throw new InvalidObject(
        `Problem validating target: ${target} % is more than the threshold of ${threshold} %`,
        { field: 'target' },
      );
    }
    const marks = { thresholdPercent: threshold, targetPercent: target };
    return { kind: 'rebalance', spec: { from, to, ...marks, bytesMax } };
  },
};

async function readReplication(tx: Tx, body: unknown, orderer: Orderer): Promise<JobWish> {
  const given = parseParameters(Replicate, body, 'a job');
  if (given.only_available && !given.from) {
    throw new InvalidObject(
      'Problem validating only_available: say where by from: an RSE expression',
      { field: 'only_available' },
    );
  }
  const {
    account,
    eolAt: _eolAt,
    ...rule
  } = readRule({
    ...given.rule,
    rse_expression: given.to,
    copies: given.copies ?? 1,
    source_replica_expression: given.from ?? null,
  });
  const { caller } = orderer;
  if (given.into) {
    await demandScopes(tx, caller, [given.into], 'gather files');
  }
  const accountId = account === null ? caller.accountId : (await findActiveAccount(tx, account)).id;
  return {
    kind: 'replicate',
    spec: {
      ...readChoice(given, orderer),
      availableAt: given.only_available ? (given.from ?? null) : null,
      ...(given.into && { into: parseNewName(given.into, orderer.naming) }),
      rule: { ...rule, accountId },
    },
  };
}

interface GivenChoice {
  readonly query?: Static<typeof choice.query>;
  readonly content?: DidName;
  readonly dids?: readonly DidName[];
}

/** Of a list each DID counts once. */
function readChoice({ query, content, dids }: GivenChoice, { itemsMax }: Orderer): DidChoice {
  if (dids && dids.length > itemsMax) {
    throw new InvalidObject(
      `Problem validating dids: ${dids.length} are more than ${itemsMax}; say which by a query or by content`,
      { field: 'dids' },
    );
  }
  const each = dids && new Map(dids.map((did) => [`${did.scope}:${did.name}`, did]));
  return {
    ...(query && {
      query: {
        scope: query.scope,
        filters: query.filters ?? null,
        type: query.type ?? 'collection',
      },
    }),
    ...(content && { content }),
    ...(each && { dids: [...each.values()] }),
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

const calendar = { cron: text(200), time_zone: text(100) };
const NewSchedule = Type.Object(
  { cron: calendar.cron, time_zone: Type.Optional(calendar.time_zone), job: Type.Unknown() },
  strict,
);
const ScheduleUpdate = Type.Object(
  {
    cron: Type.Optional(calendar.cron),
    time_zone: Type.Optional(calendar.time_zone),
    enabled: Type.Optional(Type.Boolean()),
  },
  { ...strict, minProperties: 1 },
);

/** The body of `POST jobs/schedules`. The job is as `POST jobs` takes it. */
export function parseSchedule(body: unknown): { cron: string; timeZone: string; job: unknown } {
  const given = parseParameters(NewSchedule, body, 'a schedule');
  return { cron: given.cron, timeZone: given.time_zone ?? 'UTC', job: given.job };
}

/** The body of `PUT jobs/schedules/{id}`. */
export function parseScheduleUpdate(body: unknown) {
  const { cron, time_zone: timeZone, enabled } = parseParameters(ScheduleUpdate, body, 'a change');
  return {
    ...(cron !== undefined && { cron }),
    ...(timeZone !== undefined && { timeZone }),
    ...(enabled !== undefined && { enabled }),
  };
}
