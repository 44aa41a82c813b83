import { findAccount } from '../accounts/index.js';
import { type Tx } from '../db/index.js';
import { SluiceError } from '../errors/index.js';
import { addRules, type AdditionTerms, type RuleSpec } from '../rules/index.js';
import { type AccountId, Limits, RuleNotification } from '../vocabulary/index.js';
import { clearBacklog, keepBacklog, type RetryTerms } from './backlog.sql.js';
import { type DescribedDid } from './described-did.js';
import { planRules } from './plan-rules.js';
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
  for (const wish of await wishesOf(tx, order, at, dids)) {
    made += (await addRules(tx, wish, terms)).length;
  }
  return made;
}

/** What of a subscription its wishes carry. */
export interface Orderer extends Order {
  readonly subscription: Pick<Subscription, 'uid' | 'accountId' | 'comments'>;
}

/** The wishes of one entry (counted from 0) of an order for these DIDs. Throws as `planRules` does. */
export async function wishesOf(
  tx: Tx,
  { subscription, filter, rules }: Orderer,
  at: number,
  dids: readonly DescribedDid[],
): Promise<RuleSpec[]> {
  const entry = rules[at];
  if (!entry) return [];
  const accountIds: AccountId[] = [];
  for (const { account } of rules) {
    accountIds.push(
      account === null ? subscription.accountId : (await findAccount(tx, account)).id,
    );
  }
  const { uid: subscriptionUid } = subscription;
  const { splitRule } = filter;
  const plans = await planRules(
    tx,
    rules,
    { at, dids },
    { subscriptionUid, splitRule, accountIds },
  );
  return plans.map((plan) => ({
    ...plan,
    accountId: accountIds[at] as AccountId,
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
    subscriptionUid,
    ignoreDuplicate: true,
  }));
}
