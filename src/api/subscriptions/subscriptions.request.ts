import { Type } from 'typebox';
import { findActiveAccount, type Principal } from '../../accounts/index.js';
import { type Tx } from '../../db/index.js';
import { InvalidObject } from '../../errors/index.js';
import { demand, mayAddRule } from '../../policy/index.js';
import { parseAction, type SubscriptionChange } from '../../subscriptions/index.js';
import {
  type AccountId,
  SubscriptionState,
  SubscriptionStateCodec,
} from '../../vocabulary/index.js';
import { orNull, parseParameters } from '../wire/index.js';

const Body = Type.Object({ options: Type.Record(Type.String(), Type.Unknown()) });
const FILTER_TEXT_MAX = 65_536;
const filter = Type.Record(Type.String(), Type.Unknown());
const rules = Type.Array(Type.Unknown());

/** Other keys are ignored: `dry_run` is one that clients send. */
const common = {
  comments: orNull(Type.String({ maxLength: 4000 })),
  lifetime: orNull(Type.Union([Type.Number({ minimum: 0, maximum: 36_500 }), Type.Literal(false)])),
  retroactive: orNull(Type.Boolean()),
  /** The command line sends what its user wrote: a text. */
  priority: orNull(
    Type.Union([
      Type.Integer({ minimum: 0, maximum: 32_767 }),
      Type.String({ pattern: '^\\d{0,4}$', expected: 'an integer' }),
    ]),
  ),
};
const NewSubscription = Type.Object({ filter, replication_rules: rules, ...common });
const Update = Type.Object({
  filter: orNull(filter),
  replication_rules: orNull(rules),
  state: orNull(Type.String({ maxLength: 20 })),
  ...common,
});

/** The body of `POST subscriptions/{account}/{name}`. */
export interface SubscriptionRequest {
  readonly filter: Readonly<Record<string, unknown>>;
  readonly replicationRules: readonly unknown[];
  readonly comments: string | null;
  readonly lifetimeDays: number | null;
  readonly priority: number;
  /** Also about DIDs that are there: a backfill begins. */
  readonly retroactive: boolean;
}

const USUAL_PRIORITY = 3;

/** Throws ValueError, KeyError, InvalidObject. */
export function parseNewSubscription(body: unknown): SubscriptionRequest {
  const { options } = parseParameters(Body, body, 'a subscription');
  const given = parseParameters(NewSubscription, options, 'a subscription');
  demandShort(given.filter, given.replication_rules);
  return {
    filter: given.filter,
    replicationRules: given.replication_rules,
    comments: given.comments || null,
    lifetimeDays: given.lifetime || null,
    priority: priorityOf(given.priority) ?? USUAL_PRIORITY,
    retroactive: given.retroactive ?? false,
  };
}

/** The body of `PUT subscriptions/{account}/{name}`; null leaves as it is. Throws as the other does. */
export function parseSubscriptionUpdate(body: unknown): SubscriptionChange {
  const { options } = parseParameters(Body, body, 'an update');
  const given = parseParameters(Update, options, 'an update');
  demandShort(given.filter, given.replication_rules);
  const priority = priorityOf(given.priority);
  const { lifetime } = given;
  return {
    ...(given.filter && { filter: given.filter }),
    ...(given.replication_rules && { replicationRules: given.replication_rules }),
    ...(given.comments && { comments: given.comments }),
    ...(lifetime !== null && lifetime !== undefined && { lifetimeDays: lifetime || null }),
    ...(priority !== undefined && { priority }),
    ...(given.retroactive && { retroactive: true }),
    ...(given.state && { deactivate: isEnd(given.state) }),
  };
}

/** A subscription can be ended and taken up again; the other states come by themselves. */
function isEnd(text: string): boolean {
  const state = SubscriptionStateCodec.parse(text);
  if (state === SubscriptionState.INACTIVE) return true;
  if (state === SubscriptionState.ACTIVE || state === SubscriptionState.UPDATED) return false;
  throw new InvalidObject(
    `Problem validating state: '${text}' is neither I (inactive) nor A (active)`,
    { field: 'state' },
  );
}

function priorityOf(priority: number | string | null | undefined): number | undefined {
  if (priority === null || priority === undefined || priority === '') return undefined;
  return Number(priority);
}

function demandShort(...given: readonly unknown[]): void {
  for (const value of given) {
    if ((JSON.stringify(value ?? null) ?? '').length <= FILTER_TEXT_MAX) continue;
    throw new InvalidObject(
      `Problem validating a subscription: filter and rules take ${FILTER_TEXT_MAX} characters at most`,
    );
  }
}

/** Throws AccessDenied where a rule says what the caller may not, AccountNotFound. */
export async function demandRules(
  tx: Tx,
  caller: Principal,
  ownerId: AccountId,
  rules: readonly unknown[],
): Promise<void> {
  for (const { account, locked } of parseAction(rules).rules) {
    const payer = account === null ? ownerId : (await findActiveAccount(tx, account)).id;
    demand(
      mayAddRule(caller, payer, locked),
      `order ${locked ? 'locked rules' : 'rules'}${account === null ? '' : ` for account ${account}`}`,
    );
  }
}
