import { findAccount } from '../accounts/index.js';
import { type Tx } from '../db/index.js';
import { SluiceError } from '../errors/index.js';
import { addRules, type AdditionTerms, type RuleSpec } from '../rules/index.js';
import { type AccountId, Limits, RuleNotification } from '../vocabulary/index.js';
import { clearBacklog, keepBacklog, type RetryTerms } from './backlog.sql.js';
import { type DescribedDid } from './described-did.js';
import { planRules } from './plan-rules.js';
import { type StandingRule } from './standing-rule.js';
import { type Order, type Subscription } from './subscription.js';

/** A subscription that was read. */
export interface StandingOrder extends Order {
  readonly subscription: Subscription;
}

export interface ApplyTerms extends AdditionTerms, RetryTerms {
  /** Whether what fails has not failed before. */
  readonly anew: boolean;
}

/** What became of an order's rules for some DIDs. */
export interface Applied {
  readonly rules: number;
  readonly failures: readonly OrderFailure[];
}

/** One of a subscription's rules could not be made. */
export interface OrderFailure {
  readonly subscriptionUid: string;
  /** Counted from 1. */
  readonly entry: number;
  readonly dids: number;
  readonly error: SluiceError;
}

/**
 * Makes one entry (counted from 1) of an order into rules on these DIDs; rules that are there already
 * are passed over. The injector places them: what an account may use, and where there is room, are
 * told by the rules. What cannot be made at all is kept in the backlog with the reason.
 */
export async function applyEntry(
  tx: Tx,
  order: StandingOrder,
  { entry, dids }: { readonly entry: number; readonly dids: readonly DescribedDid[] },
  terms: ApplyTerms,
): Promise<Applied> {
  const { subscription } = order;
  const keys = dids.map(({ id }) => ({ didId: id, subscriptionId: subscription.id, entry }));
  try {
    const rules = await makeRules(tx, order, entry - 1, dids, terms);
    await clearBacklog(tx, keys);
    return { rules, failures: [] };
  } catch (error) {
    // A fact about a rule is thrown before anything of it is written.
    if (!(error instanceof SluiceError)) throw error;
    await keepBacklog(tx, keys, { ...terms, error: `${error.name}: ${error.message}` });
    const failure = { subscriptionUid: subscription.uid, entry, dids: dids.length, error };
    return { rules: 0, failures: [failure] };
  }
}

async function makeRules(
  tx: Tx,
  order: StandingOrder,
  at: number,
  dids: readonly DescribedDid[],
  terms: AdditionTerms,
): Promise<number> {
  let made = 0;
  for (const wish of await wishesOf(tx, order, { at, dids, hold: true })) {
    made += (await addRules(tx, wish, terms)).length;
  }
  return made;
}

/** What of a subscription its wishes carry. */
export interface Orderer extends Order {
  readonly subscription: Pick<Subscription, 'uid' | 'accountId' | 'comments'>;
}

/** One entry of an order (counted from 0), and what it is about. */
export interface Wishing {
  readonly at: number;
  readonly dids: readonly DescribedDid[];
  /** Whether rules are made of it. */
  readonly hold: boolean;
}

/** The wishes of one entry of an order for these DIDs. Throws as `planRules` does. */
export async function wishesOf(
  tx: Tx,
  order: Orderer,
  { at, dids, hold }: Wishing,
): Promise<RuleSpec[]> {
  const { subscription, filter, rules } = order;
  const accountIds: AccountId[] = [];
  for (const { account } of rules) {
    accountIds.push(
      account === null ? subscription.accountId : (await findAccount(tx, account)).id,
    );
  }
  const [entry, accountId] = [rules[at], accountIds[at]];
  if (!entry || accountId === undefined) return [];
  const { uid: subscriptionUid } = subscription;
  const terms = { subscriptionUid, splitRule: filter.splitRule, accountIds, hold };
  const plans = await planRules(tx, rules, { at, dids }, terms);
  return plans.map((plan) => ({ ...plan, accountId, ...saidBy(order, entry) }));
}

/** What an entry says of its rules besides where their copies go. */
const saidBy = ({ subscription }: Orderer, entry: StandingRule) => ({
  lifetime: entry.lifetime,
  grouping: entry.grouping,
  locked: entry.locked,
  activity: entry.activity,
  notification: RuleNotification.NO,
  purgeReplicas: entry.purgeReplicas,
  ignoreAvailability: entry.ignoreAvailability,
  comment: entry.comments ?? subscription.comments?.slice(0, Limits.ruleCommentLength) ?? null,
  asynchronous: true,
  delayInjection: entry.delayInjection,
  priority: entry.priority ?? 3,
  subscriptionUid: subscription.uid,
  ignoreDuplicate: true,
});
