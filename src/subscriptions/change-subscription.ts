import { lit, ring, sql, type Sql, type Tx } from '../db/index.js';
import { Channel, SubscriptionState } from '../vocabulary/index.js';
import { demandPatterns, endOf } from './add-subscription.js';
import { hurryBacklog } from './backlog.sql.js';
import { parseFilter } from './did-filter.js';
import { parseOrder, wantsFiles, type Subscription } from './subscription.js';
import { writeSubscription } from './subscription.sql.js';
import { flushTasks } from './work-tasks.js';

/** What is to be different. What is left out stays. */
export interface SubscriptionChange {
  readonly filter?: Readonly<Record<string, unknown>>;
  readonly replicationRules?: readonly unknown[];
  readonly comments?: string;
  /** Days from now; null is for ever. */
  readonly lifetimeDays?: number | null;
  readonly priority?: number;
  /** It was asked to be about older DIDs too; a backfill of its own makes it so. */
  readonly retroactive?: boolean;
  /** Makes no more rules, whatever else is changed. */
  readonly deactivate?: boolean;
}

/**
 * Changes a subscription that the caller holds. It is UPDATED then, and in use again if it was not,
 * unless it is deactivated; rules that it has made stay. What waits for it is tried again.
 * Throws InvalidObject and InvalidRSEExpression that name what is wrong.
 */
export async function changeSubscription(
  tx: Tx,
  subscription: Subscription,
  change: SubscriptionChange,
  now: Date,
): Promise<void> {
  const { id } = subscription;
  if (change.filter ?? change.replicationRules) parseOrder({ ...subscription, ...change });
  const assignments: Sql[] = [sql`updated_at = ${now}::timestamptz`];
  if (change.filter) {
    const filter = parseFilter(change.filter);
    await demandPatterns(tx, filter);
    assignments.push(
      sql`filter = ${JSON.stringify(change.filter)}::json`,
      sql`wants_files = ${wantsFiles(filter)}`,
    );
  }
  if (change.replicationRules) {
    // What was gathered in another way becomes tasks as it is.
    await flushTasks(tx, id, now);
    assignments.push(sql`replication_rules = ${JSON.stringify(change.replicationRules)}::json`);
  }
  const { comments, lifetimeDays, priority } = change;
  if (comments !== undefined) assignments.push(sql`comments = ${comments}`);
  if (priority !== undefined) assignments.push(sql`priority = ${priority}`);
  if (change.retroactive) assignments.push(sql`retroactive = true`);
  if (lifetimeDays !== undefined) {
    assignments.push(sql`expires_at = ${endOf(lifetimeDays, now)}::timestamptz`);
  }
  if (change.deactivate) {
    assignments.push(
      sql`state = ${lit(SubscriptionState.INACTIVE)}`,
      sql`ended_at = ${now}::timestamptz`,
    );
  } else {
    assignments.push(sql`state = ${lit(SubscriptionState.UPDATED)}`);
  }
  await writeSubscription(tx, id, assignments);
  if (!change.deactivate && (await hurryBacklog(tx, id, now)) > 0) await ring(tx, Channel.NEW_DIDS);
}
