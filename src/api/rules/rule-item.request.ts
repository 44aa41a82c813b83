import { type Static, Type } from 'typebox';
import { findActiveAccounts, type Principal } from '../../accounts/index.js';
import { type Tx } from '../../db/index.js';
import { InvalidObject } from '../../errors/index.js';
import { demand, mayAddRule } from '../../policy/index.js';
import { parsePlacement, phasedWish, type RuleSpec, wishedPlacement } from '../../rules/index.js';
import {
  Activities,
  type Activity,
  DEFAULT_ACTIVITY,
  type DidName,
  Limits,
  parseWireId,
  RuleGrouping,
  RuleGroupingCodec,
  RuleNotification,
  RuleNotificationCodec,
} from '../../vocabulary/index.js';
import { orNull } from '../wire/index.js';
import { readRepair, RepairItem } from './repair.request.js';
import { readSluiceMeta } from './sluice-meta.request.js';

/** PostgreSQL's text takes every character but one. */
export const text = (maxLength: number) =>
  Type.String({ maxLength, pattern: '^[^\\u0000]*$', expected: 'text without NUL' });
const expression = text(Limits.expressionLength);
export const seconds = Type.Number({ minimum: -3_155_760_000, maximum: 3_155_760_000 });
export const priority = Type.Integer({ minimum: 0, maximum: 32_767 });

/** What a rule may say, besides its DIDs; other keys are ignored. */
export const ruleProperties = {
  rse_expression: expression,
  copies: Type.Integer({ minimum: -1_000_000, maximum: 1_000_000 }),
  account: orNull(text(Limits.accountLength)),
  weight: orNull(text(Limits.attributeKeyLength)),
  lifetime: orNull(seconds),
  grouping: orNull(text(50)),
  locked: orNull(Type.Boolean()),
  source_replica_expression: orNull(expression),
  activity: orNull(text(50)),
  notify: orNull(text(50)),
  purge_replicas: orNull(Type.Boolean()),
  ignore_availability: orNull(Type.Boolean()),
  comment: orNull(text(Limits.ruleCommentLength)),
  ask_approval: orNull(Type.Boolean()),
  asynchronous: orNull(Type.Boolean()),
  delay_injection: orNull(Type.Number({ minimum: 0, maximum: 3_155_760_000 })),
  priority: orNull(priority),
  meta: orNull(
    Type.Union([text(Limits.ruleMetaLength), Type.Record(Type.String(), Type.Unknown())]),
  ),
  split_container: orNull(Type.Boolean()),
  placement: orNull(Type.Unknown()),
  subscription_id: orNull(Type.String()),
  repair: RepairItem,
  phases: orNull(Type.Unknown()),
};

/** With a placement or phases neither copies nor an expression need be said. */
export const placedProperties = {
  ...ruleProperties,
  copies: orNull(ruleProperties.copies),
  rse_expression: orNull(expression),
};

/** A rule inside another request: copies may be missing. */
export const RuleItem = Type.Object(placedProperties);

type GivenRule = Static<typeof RuleItem>;

/** A rule as a client asked for it, but for its DIDs and its account, which have to be looked up. */
export interface RequestedRule extends Omit<RuleSpec, 'dids' | 'accountId'> {
  /** Null is the caller's own. */
  readonly account: string | null;
}

/** Reads one rule. Throws InvalidObject that names the field, InvalidReplicationRule, InvalidRSEExpression. */
export function readRule(given: GivenRule): RequestedRule {
  return {
    account: given.account ?? null,
    ...readWish(given),
    lifetime: given.lifetime ?? null,
    locked: given.locked ?? false,
    sourceReplicaExpression: given.source_replica_expression || null,
    activity: parseActivity(given.activity),
    notification: parseNotification(given.notify),
    purgeReplicas: given.purge_replicas ?? false,
    ignoreAvailability: given.ignore_availability ?? false,
    comment: given.comment ?? null,
    askApproval: given.ask_approval ?? false,
    asynchronous: given.asynchronous ?? false,
    delayInjection: given.delay_injection ?? null,
    priority: given.priority ?? 3,
    meta: ruleMeta(given.meta),
    splitContainer: given.split_container ?? false,
    subscriptionUid: parseUid(given.subscription_id),
    repairPolicy: readRepair(given.repair) ?? readSluiceMeta(given.meta).repair ?? null,
  };
}

/** What is wanted: of a rule with phases, what the first one wants. */
function readWish(given: GivenRule) {
  const weight = given.weight || null;
  const grouping = parseGrouping(given.grouping);
  const { placement, phases: inMeta } = readSluiceMeta(given.meta);
  const phased = phasedWish({
    phases: given.phases,
    inMeta,
    placed: Boolean(placement ?? given.placement),
    copies: given.copies ?? null,
    rseExpression: given.rse_expression || null,
    weight,
    grouping,
  });
  return phased ?? { ...readPlacement(given), weight, grouping, phases: null };
}

/** Where the copies go: by an expression, or a placement in any of its forms. */
export function readPlacement({ rse_expression, copies, placement, meta }: Partial<GivenRule>) {
  const wish = wishedPlacement({
    rseExpression: rse_expression,
    copies,
    placements: [
      placement === null || placement === undefined ? null : parsePlacement(placement),
      readSluiceMeta(meta).placement,
    ],
  });
  if (wish) return wish;
  throw new InvalidObject('Problem validating a rule: rse_expression is missing', {
    field: 'rse_expression',
  });
}

/** Rucio keeps the JSON of what it was given, of a text too. */
export function ruleMeta(meta: string | Record<string, unknown> | null | undefined): string | null {
  if (meta === null || meta === undefined) return null;
  const json = JSON.stringify(meta);
  if (json.length > Limits.ruleMetaLength || json.includes('\\u0000')) {
    throw new InvalidObject(
      `Problem validating meta: at most ${Limits.ruleMetaLength} characters, none of them NUL`,
      { field: 'meta' },
    );
  }
  return json;
}

const unknown = (field: string, given: string, known: readonly string[]): InvalidObject =>
  new InvalidObject(`Problem validating ${field}: '${given}' is none of ${known.join(', ')}`, {
    field,
  });

/** The stored number of an activity; none is the default one. Throws InvalidObject. */
export function parseActivity(activity: string | null | undefined): number {
  const index = Activities.indexOf((activity || DEFAULT_ACTIVITY) as Activity);
  if (index < 0) throw unknown('activity', activity ?? '', Activities);
  return index;
}

function parseGrouping(grouping: string | null | undefined): RuleGrouping {
  if (grouping === null || grouping === undefined || grouping === '') return RuleGrouping.DATASET;
  const letter = RuleGroupingCodec.parse(grouping);
  if (letter === undefined) throw unknown('grouping', grouping, RuleGroupingCodec.names);
  return letter;
}

function parseNotification(notify: string | null | undefined): RuleNotification {
  if (notify === null || notify === undefined || notify === '') return RuleNotification.NO;
  const letter = RuleNotificationCodec.parse(notify);
  if (letter === undefined) throw unknown('notify', notify, RuleNotificationCodec.letters);
  return letter;
}

function parseUid(id: string | null | undefined): string | null {
  if (id === null || id === undefined) return null;
  const uid = parseWireId(id);
  if (uid === undefined) throw unknown('subscription_id', id, ['32 hex digits']);
  return uid;
}

/** A rule that is asked for, and its DIDs. */
export interface WishedRule {
  readonly rule: RequestedRule;
  readonly dids: readonly DidName[];
}

/** The wish of a request, with its account looked up. Throws AccountNotFound, AccessDenied. */
export async function ruleSpecOf(
  tx: Tx,
  caller: Principal,
  dids: readonly DidName[],
  rule: RequestedRule,
): Promise<RuleSpec> {
  const [spec] = await ruleSpecsOf(tx, caller, [{ rule, dids }]);
  return spec as RuleSpec;
}

/** The wishes of a request, with all their accounts looked up. Throws AccountNotFound, AccessDenied. */
export async function ruleSpecsOf(
  tx: Tx,
  caller: Principal,
  wishes: readonly WishedRule[],
): Promise<RuleSpec[]> {
  const accounts = await findActiveAccounts(
    tx,
    wishes.flatMap(({ rule }) => rule.account ?? []),
  );
  return wishes.map(({ rule: { account, ...rule }, dids }) => {
    const accountId =
      (account === null ? undefined : accounts.get(account)?.id) ?? caller.accountId;
    demand(
      mayAddRule(caller, accountId, rule.locked ?? false),
      `add ${rule.locked ? 'locked rules' : 'rules'} for account ${account ?? caller.account}`,
    );
    return { ...rule, dids, accountId };
  });
}
