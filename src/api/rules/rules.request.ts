import { Type } from 'typebox';
import { sql, type Sql } from '../../db/index.js';
import { InputValidationError, InvalidObject, UnsupportedOperation } from '../../errors/index.js';
import {
  type PlacementConstraints,
  type RuleChange,
  type RuleOverride,
  type RuleReduction,
} from '../../rules/index.js';
import { type DidName, Limits, parseWireId, RuleState } from '../../vocabulary/index.js';
import { parseDate, parseObject, parseParameters } from '../wire/index.js';
import { readRepair, RepairItem } from './repair.request.js';
import {
  parseActivity,
  placedProperties,
  priority,
  readPlacement,
  readRule,
  type RequestedRule,
  ruleMeta,
  ruleProperties,
  seconds,
  text,
} from './rule-item.request.js';
import { readSluiceMeta, type SluiceMeta } from './sluice-meta.request.js';

const name = (maxLength: number) => Type.String({ minLength: 1, maxLength });

const dids = Type.Array(
  Type.Object({ scope: name(Limits.scopeLength), name: name(Limits.didNameLength) }),
  { minItems: 1, maxItems: Limits.bulkItems },
);
const NewRules = Type.Object({ dids, ...ruleProperties });
const PlacedRules = Type.Object({ dids, ...placedProperties });

/** The body of `POST rules`. */
export interface RulesRequest {
  readonly dids: readonly DidName[];
  readonly rule: RequestedRule;
}

/** Throws KeyError, InvalidObject, TypeError, ValueError, InvalidReplicationRule, InvalidRSEExpression. */
export function parseNewRules(body: unknown): RulesRequest {
  const placed =
    typeof body === 'object' && body !== null && ('placement' in body || 'phases' in body);
  const given = parseParameters(placed ? PlacedRules : NewRules, body, 'a rule');
  return {
    dids: given.dids.map(({ scope, name }) => ({ scope, name })),
    rule: readRule(given),
  };
}

/** The body of `DELETE rules/{id}`: whether replicas are purged, or as the rule says. */
export function parseDeletion(body: unknown): boolean | undefined {
  if (body === undefined || body === null) return undefined;
  const Deletion = Type.Object({
    purge_replicas: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
  });
  return parseParameters(Deletion, body, 'a deletion').purge_replicas ?? undefined;
}

const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Optional(Type.Union([schema, Type.Null()]));

const Options = Type.Object(
  {
    comment: orNull(text(Limits.ruleCommentLength)),
    locked: Type.Optional(Type.Boolean()),
    lifetime: orNull(seconds),
    account: Type.Optional(text(Limits.accountLength)),
    state: Type.Optional(text(20)),
    activity: Type.Optional(text(50)),
    source_replica_expression: orNull(text(Limits.expressionLength)),
    cancel_requests: Type.Optional(Type.Boolean()),
    priority: Type.Optional(priority),
    child_rule_id: orNull(text(50)),
    eol_at: orNull(Type.Union([text(40), Type.Number()])),
    meta: ruleProperties.meta,
    purge_replicas: Type.Optional(Type.Boolean()),
    boost_rule: Type.Optional(Type.Boolean()),
    approve: Type.Optional(Type.Boolean()),
    repair: RepairItem,
  },
  { additionalProperties: true },
);

/** What `PUT rules/{id}` asks. The account has to be looked up. */
export interface RuleUpdate {
  /** What the new meta says of the rule; it must be so already. */
  readonly sluice: SluiceMeta;
  readonly change: Omit<RuleChange, 'accountId'>;
  readonly account: string | undefined;
  readonly approve: boolean | undefined;
}

/** Throws KeyError, InvalidObject; InputValidationError for an option that does not exist. */
export function parseUpdate(body: unknown): RuleUpdate {
  const Update = Type.Object({ options: Type.Record(Type.String(), Type.Unknown()) });
  const { options } = parseParameters(Update, body, 'an update');
  const known = Object.keys(Options.properties);
  const stray = Object.keys(options).find((key) => !known.includes(key));
  if (stray !== undefined) {
    throw new InputValidationError(
      `The option '${stray}' is unknown; options are ${known.join(', ')}`,
      { option: stray },
    );
  }
  const given = parseParameters(Options, options, 'options');
  const sluice = readSluiceMeta(given.meta);
  const repair = given.repair === undefined ? sluice.repair : readRepair(given.repair);
  return {
    change: {
      ...(given.comment !== undefined && { comment: given.comment }),
      ...(given.locked !== undefined && { locked: given.locked }),
      ...(given.lifetime !== undefined && { lifetime: given.lifetime }),
      ...(given.state !== undefined && { state: parseState(given.state) }),
      ...(given.cancel_requests !== undefined && { cancelRequests: given.cancel_requests }),
      ...(given.activity !== undefined && { activity: parseActivity(given.activity) }),
      ...(given.priority !== undefined && { priority: given.priority }),
      ...(given.source_replica_expression !== undefined && {
        sourceReplicaExpression: given.source_replica_expression || null,
      }),
      ...(given.child_rule_id !== undefined && { child: parseChild(given.child_rule_id) }),
      ...(given.eol_at !== undefined && { eolAt: parseDate(given.eol_at, 'eol_at') ?? null }),
      ...(given.meta !== undefined && { meta: ruleMeta(given.meta) }),
      ...(given.purge_replicas !== undefined && { purgeReplicas: given.purge_replicas }),
      ...(given.boost_rule !== undefined && { boost: given.boost_rule }),
      ...(repair !== undefined && { repairPolicy: repair }),
    },
    sluice,
    account: given.account,
    approve: given.approve,
  };
}

function parseState(state: string): typeof RuleState.STUCK | typeof RuleState.SUSPENDED {
  const named = { STUCK: RuleState.STUCK, SUSPENDED: RuleState.SUSPENDED } as const;
  const found = named[state.toUpperCase() as keyof typeof named];
  if (found !== undefined) return found;
  throw new UnsupportedOperation(`A rule can be set stuck or suspended, not '${state}'`, { state });
}

/** The command line writes Python's None. */
const parseChild = (child: string | null): string | null =>
  child === null || child === '' || child.toLowerCase() === 'none' ? null : child;

/** The body of `POST rules/{id}/reduce`. */
export function parseReduction(body: unknown): RuleReduction {
  const Reduction = Type.Object({
    copies: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
    exclude_expression: orNull(text(Limits.expressionLength)),
    placement: ruleProperties.placement,
  });
  const { copies, placement, ...given } = parseParameters(Reduction, body, 'a reduction');
  const { constraints } = placement ? readPlacement({ copies, placement }) : { constraints: null };
  return { copies, exclude: given.exclude_expression || null, constraints };
}

/** The body of `POST rules/{id}/restore`, which may be missing. Throws InvalidObject, TypeError. */
export function parseRestoration(body: unknown): { lifetime: number | null; copyAgain: boolean } {
  const Restored = Type.Object(
    { lifetime: orNull(seconds), copy_again: orNull(Type.Boolean()) },
    { additionalProperties: false },
  );
  const given = parseParameters(Restored, body ?? {}, 'a restoration');
  return { lifetime: given.lifetime ?? null, copyAgain: given.copy_again ?? false };
}

/** The body of `POST rules/{id}/move`. The account of the override has to be looked up. */
export interface RuleMove {
  readonly rseExpression: string;
  /** Null where none is asked for. */
  readonly constraints: PlacementConstraints | null;
  readonly override: Omit<RuleOverride, 'accountId'>;
  readonly account: string | undefined;
}

const OVERRIDES = [
  'account',
  'copies',
  'weight',
  'lifetime',
  'grouping',
  'locked',
  'source_replica_expression',
  'activity',
  'notify',
  'purge_replicas',
  'ignore_availability',
  'comment',
  'asynchronous',
  'delay_injection',
  'placement',
] as const;

/**
 * Throws KeyError, InvalidObject, InvalidReplicationRule, InvalidRSEExpression; UnsupportedOperation
 * for an override that does not exist.
 */
export function parseMove(body: unknown): RuleMove {
  const Move = Type.Object({
    rse_expression: text(Limits.expressionLength),
    override: orNull(Type.Record(Type.String(), Type.Unknown())),
  });
  const given = parseParameters(Move, body, 'a move');
  const override = parseObject(given.override ?? {}, 'an override');
  const stray = Object.keys(override).find((key) => !OVERRIDES.some((known) => known === key));
  if (stray !== undefined) {
    throw new UnsupportedOperation(
      `The override '${stray}' is unknown; overrides are ${OVERRIDES.join(', ')}`,
      { override: stray },
    );
  }
  const { rse_expression: _, ...properties } = ruleProperties;
  const Override = Type.Partial(Type.Object(properties));
  const checked = parseParameters(Override, override, 'an override');
  const { account, rseExpression, constraints, ...wished } = readRule({
    ...checked,
    rse_expression: given.rse_expression,
  });
  const asked = new Set(Object.keys(override));
  if (constraints) asked.add('copies');
  return {
    rseExpression,
    constraints: constraints ?? null,
    account: asked.has('account') ? (account ?? undefined) : undefined,
    override: Object.fromEntries(Object.entries(wished).filter(([key]) => asked.has(wireKey(key)))),
  };
}

const wireKey = (key: string): string =>
  key === 'notification' ? 'notify' : key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** A filter `column = value` over r (rules), d (its DID), a (its account), k (its child). */
type Reader = (value: string, key: string) => Sql;

const wrong = (key: string, value: string, expected: string): InvalidObject =>
  new InvalidObject(`Problem validating ${key}: '${value}' is not ${expected}`, { field: key });

const plain =
  (column: Sql): Reader =>
  (value) =>
    sql`${column} = ${value.replaceAll('\0', '')}`;
const wildcard =
  (column: Sql): Reader =>
  (value) => {
    const safe = value.replaceAll('\0', '').replace(/[\\%_]/g, '\\$&');
    return value.includes('*')
      ? sql`${column} LIKE ${safe.replaceAll('*', '%')}`
      : plain(column)(value, '');
  };
const letter =
  (column: Sql): Reader =>
  (value, key) => {
    if (!/^[A-Za-z]$/.test(value)) throw wrong(key, value, 'a letter');
    return sql`${column} = ${value.toUpperCase()}::"char"`;
  };
const flag =
  (column: Sql): Reader =>
  (value, key) => {
    if (!/^(true|false|1|0)$/i.test(value)) throw wrong(key, value, 'True or False');
    return sql`${column} = ${/^(true|1)$/i.test(value)}`;
  };
const integer =
  (column: Sql): Reader =>
  (value, key) => {
    if (!/^-?\d{1,15}$/.test(value)) throw wrong(key, value, 'an integer');
    return sql`${column} = ${value}::bigint`;
  };
const id =
  (column: Sql): Reader =>
  (value, key) => {
    const uid = parseWireId(value);
    if (uid === undefined) throw wrong(key, value, 'an id of 32 hex digits');
    return sql`${column} = ${uid}::uuid`;
  };
const moment =
  (column: Sql, operator: Sql): Reader =>
  (value, key) =>
    sql`${column} ${operator} ${parseDate(value, key)}::timestamptz`;

const FILTERS: Readonly<Record<string, Reader>> = {
  id: id(sql`r.uid`),
  subscription_id: id(sql`r.subscription_uid`),
  child_rule_id: id(sql`k.uid`),
  scope: wildcard(sql`d.scope`),
  name: plain(sql`d.name`),
  did_type: letter(sql`d.type`),
  account: wildcard(sql`a.name`),
  state: letter(sql`r.state`),
  grouping: letter(sql`r.did_grouping`),
  notification: letter(sql`r.notification`),
  rse_expression: plain(sql`r.rse_expression`),
  source_replica_expression: plain(sql`r.source_replica_expression`),
  weight: plain(sql`r.weight`),
  error: plain(sql`r.error`),
  comments: plain(sql`r.comments`),
  meta: plain(sql`r.meta`),
  activity: (value) => sql`r.activity = ${parseActivity(value)}`,
  copies: integer(sql`r.copies`),
  priority: integer(sql`r.priority`),
  locks_ok_cnt: integer(sql`r.locks_ok`),
  locks_replicating_cnt: integer(sql`r.locks_replicating`),
  locks_stuck_cnt: integer(sql`r.locks_stuck`),
  locked: flag(sql`r.locked`),
  purge_replicas: flag(sql`r.purge_replicas`),
  ignore_availability: flag(sql`r.ignore_availability`),
  ignore_account_limit: flag(sql`r.ignore_account_limit`),
  split_container: flag(sql`r.split_container`),
  created_before: moment(sql`r.created_at`, sql`<=`),
  created_after: moment(sql`r.created_at`, sql`>=`),
  updated_before: moment(sql`r.updated_at`, sql`<=`),
  updated_after: moment(sql`r.updated_at`, sql`>=`),
  created_at: moment(sql`r.created_at`, sql`=`),
  updated_at: moment(sql`r.updated_at`, sql`=`),
  expires_at: moment(sql`r.expires_at`, sql`=`),
  eol_at: moment(sql`r.eol_at`, sql`=`),
  stuck_at: moment(sql`r.stuck_at`, sql`=`),
};

/** The conditions of a listing's query. Throws InvalidObject. */
export function parseFilters(query: Readonly<Record<string, unknown>>): Sql[] {
  return Object.entries(query).map(([key, value]) => {
    const read = Object.hasOwn(FILTERS, key) ? FILTERS[key] : undefined;
    if (!read) {
      throw new InvalidObject(
        `Problem validating ${key}: rules have no such column; there are ${Object.keys(FILTERS).join(', ')}`,
        { field: key },
      );
    }
    if (typeof value !== 'string') throw wrong(key, String(value), 'given once');
    return read(value, key);
  });
}
