import { type Tx } from '../db/index.js';
import { claimDids, claimNewDids, endNews } from '../dids/index.js';
import { SluiceError } from '../errors/index.js';
import {
  applyEntry,
  type ApplyTerms,
  type OrderFailure,
  type StandingOrder,
} from './apply-order.js';
import { type BacklogKey, claimBacklog, clearBacklog } from './backlog.sql.js';
import { type DescribedDid, describeDids } from './described-did.js';
import { matchDids } from './match-dids.js';
import { serveOrder } from './serve-order.js';
import { parseOrder, type Subscription } from './subscription.js';
import { breakSubscription, standingSubscriptions } from './subscription.sql.js';

export type ServeTerms = Omit<ApplyTerms, 'anew'>;

/** What one page came to. */
export interface ServeTally {
  /** DIDs looked at, or retries. */
  readonly seen: number;
  /** Rules, and tasks, that were made. */
  readonly rules: number;
  readonly failures: readonly OrderFailure[];
  /** Subscriptions that could not be read, with what is wrong with them. */
  readonly broken: readonly { readonly uid: string; readonly error: SluiceError }[];
}

/**
 * Shows one page of new DIDs to all standing subscriptions, in the order of their priority, and makes
 * the rules, or tasks, that they ask for. These and the end of the mark are one transaction: it may
 * be broken off, or done by two at once on different DIDs, and every DID is served once.
 */
export async function serveNewDids(tx: Tx, limit: number, terms: ServeTerms): Promise<ServeTally> {
  const ids = await claimNewDids(tx, limit);
  if (ids.length === 0) return NOTHING;
  const { orders, broken } = await standingOrders(tx, terms.now);
  const failures: OrderFailure[] = [];
  let made = 0;
  const dids = orders.length === 0 ? [] : await describeDids(tx, ids, terms.now);
  const matched = await matchDids(
    tx,
    orders.map(({ filter }) => filter),
    dids,
  );
  for (const [at, order] of orders.entries()) {
    const served = await serveOrder(tx, order, matched[at] ?? [], { ...terms, anew: true });
    made += served.rules + served.tasks;
    failures.push(...served.failures);
  }
  await endNews(tx, ids);
  return { seen: ids.length, rules: made, failures, broken };
}

export const NOTHING: ServeTally = { seen: 0, rules: 0, failures: [], broken: [] };

/**
 * Tries again one page of what could not be served and is due: each DID only by the entry that
 * failed, and only if the subscription is about it still.
 */
export async function retryBacklog(tx: Tx, limit: number, terms: ServeTerms): Promise<ServeTally> {
  const { orders, broken } = await standingOrders(tx, terms.now);
  const subscriptionIds = orders.map(({ subscription }) => subscription.id);
  const keys = await claimBacklog(tx, subscriptionIds, { now: terms.now, limit });
  if (keys.length === 0) return NOTHING;
  const held = await claimDids(tx, [...new Set(keys.map(({ didId }) => didId))]);
  const dids = new Map((await describeDids(tx, held, terms.now)).map((did) => [did.id, did]));
  const failures: OrderFailure[] = [];
  let rules = 0;
  for (const order of orders) {
    for (const [entry, due] of byEntry(keys, order.subscription.id)) {
      const known = due.flatMap(({ didId }) => dids.get(didId) ?? []);
      const [wanted = []] = await matchDids(tx, [order.filter], known);
      const stays = entry <= order.rules.length ? wanted : [];
      await clearBacklog(
        tx,
        due.filter((key) => held.includes(key.didId) && !has(stays, key)),
      );
      if (stays.length === 0) continue;
      const applied = await applyEntry(
        tx,
        order,
        { entry, dids: stays },
        { ...terms, anew: false },
      );
      rules += applied.rules;
      failures.push(...applied.failures);
    }
  }
  return { seen: keys.length, rules, failures, broken };
}

const has = (dids: readonly DescribedDid[], { didId }: BacklogKey): boolean =>
  dids.some(({ id }) => id === didId);

function byEntry(keys: readonly BacklogKey[], subscriptionId: number): Map<number, BacklogKey[]> {
  const groups = new Map<number, BacklogKey[]>();
  for (const key of keys) {
    if (key.subscriptionId !== subscriptionId) continue;
    groups.set(key.entry, [...(groups.get(key.entry) ?? []), key]);
  }
  return new Map([...groups].sort(([a], [b]) => a - b));
}

/** What stands now, or of it what has these ids, read. What cannot be read any more, after an upgrade say, is BROKEN. */
export async function standingOrders(
  tx: Tx,
  now: Date,
  ids?: readonly number[],
): Promise<{ orders: StandingOrder[]; broken: { uid: string; error: SluiceError }[] }> {
  const orders: StandingOrder[] = [];
  const broken: { uid: string; error: SluiceError }[] = [];
  for (const subscription of await standingSubscriptions(tx, now, ids)) {
    const read = readOrder(subscription);
    if (read instanceof SluiceError) {
      await breakSubscription(tx, subscription.id, now);
      broken.push({ uid: subscription.uid, error: read });
    } else {
      orders.push(read);
    }
  }
  return { orders, broken };
}

/** A subscription, read. Throws what is wrong with it where it cannot be. */
export function demandOrder(subscription: Subscription): StandingOrder {
  return { subscription, ...parseOrder(subscription) };
}

function readOrder(subscription: Subscription): StandingOrder | SluiceError {
  try {
    return demandOrder(subscription);
  } catch (error) {
    if (error instanceof SluiceError) return error;
    throw error;
  }
}
