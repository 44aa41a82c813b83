import { lockQuota } from '../accounts/index.js';
import { type Tx } from '../db/index.js';
import { InsufficientAccountLimit, InvalidObject } from '../errors/index.js';
import { demandPattern } from '../metadata/index.js';
import { type AccountId, Limits } from '../vocabulary/index.js';
import { type DidFilter } from './did-filter.js';
import { type GivenOrder, parseOrder, wantsFiles } from './subscription.js';
import { countStanding, insertSubscription } from './subscription.sql.js';

/** A standing order to be made. */
export interface SubscriptionSpec extends GivenOrder {
  readonly name: string;
  readonly accountId: AccountId;
  /** Low comes first. */
  readonly priority: number;
  readonly comments: string | null;
  /** Days; null is for ever. */
  readonly lifetimeDays: number | null;
  /** Whether it was asked to be about older DIDs too; a backfill of its own makes it so. */
  readonly retroactive?: boolean;
  readonly now: Date;
}

/**
 * Adds a subscription, ACTIVE from now on: it is about DIDs that are registered, or described within
 * a day of it, after this. Gives its uuid. Throws InvalidObject and InvalidRSEExpression that name
 * what is wrong, SubscriptionDuplicate.
 */
export async function addSubscription(tx: Tx, spec: SubscriptionSpec): Promise<string> {
  demandName(spec.name);
  const { filter } = parseOrder(spec);
  await demandPatterns(tx, filter);
  return await insertSubscription(tx, {
    ...spec,
    wantsFiles: wantsFiles(filter),
    retroactive: spec.retroactive ?? false,
    expiresAt: endOf(spec.lifetimeDays, spec.now),
  });
}

/**
 * Throws InsufficientAccountLimit where an account has `max` subscriptions in use: each is asked about
 * every new DID. Two at once do not both pass.
 */
export async function demandRoom(
  tx: Tx,
  { id, name }: { readonly id: AccountId; readonly name: string },
  { max, now }: { readonly max: number; readonly now: Date },
): Promise<void> {
  await lockQuota(tx, id);
  const count = await countStanding(tx, id, now);
  if (count < max) return;
  throw new InsufficientAccountLimit(
    `Account '${name}' has ${count} subscriptions in use, and may have ${max} (subscriptions.accountMax): deactivate one first`,
    { account: name, count, max },
  );
}

function demandName(name: string): void {
  const control = [...name].some((character) => character < ' ' || character === '\u007f');
  if (name.length >= 1 && name.length <= Limits.subscriptionNameLength && !control) return;
  throw new InvalidObject(
    `Problem validating name: 1 to ${Limits.subscriptionNameLength} printable characters`,
    { field: 'name' },
  );
}

/** Throws InvalidObject for an expression that the database cannot read. */
export async function demandPatterns(tx: Tx, { criteria }: DidFilter): Promise<void> {
  for (const { key, patterns } of criteria) {
    for (const pattern of patterns) {
      if (pattern.kind === 'regex') await demandPattern(tx, pattern.regex, `filter.${key}`);
    }
  }
}

const DAY_MS = 86_400_000;

/** When a lifetime in days ends; null never does. */
export const endOf = (days: number | null, now: Date): Date | null =>
  days === null ? null : new Date(now.getTime() + days * DAY_MS);
