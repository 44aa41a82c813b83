import { type Tx } from '../db/index.js';
import { type DidId } from '../vocabulary/index.js';
import {
  applyEntry,
  type ApplyTerms,
  type OrderFailure,
  type StandingOrder,
} from './apply-order.js';
import { collectDids } from './collect-dids.js';
import { type DescribedDid } from './described-did.js';

/** What came of an order for some DIDs. */
export interface Served {
  readonly rules: number;
  readonly tasks: number;
  /** DIDs that got something; at most, where an order has several rules. */
  readonly dids: number;
  readonly failures: readonly OrderFailure[];
}

const NOBODY: ReadonlySet<DidId> = new Set();

/**
 * Does for these DIDs, which match, what the order says: each of its rules for all of them, or tasks.
 * What is there already stays as it is. `without` tells which DIDs one of its rules (counted from 1)
 * leaves out.
 */
export async function serveOrder(
  tx: Tx,
  order: StandingOrder,
  dids: readonly DescribedDid[],
  terms: ApplyTerms,
  without: (entry: number) => Promise<ReadonlySet<DidId>> = () => Promise.resolve(NOBODY),
): Promise<Served> {
  if (dids.length === 0) return { rules: 0, tasks: 0, dids: 0, failures: [] };
  const { notify, subscription } = order;
  if (notify) {
    const collected = await collectDids(tx, subscription.id, { dids, notify, now: terms.now });
    return { ...collected, rules: 0, failures: [] };
  }
  const failures: OrderFailure[] = [];
  let rules = 0;
  for (let entry = 1; entry <= order.rules.length; entry++) {
    const left = await without(entry);
    const wanted = dids.filter(({ id }) => !left.has(id));
    if (wanted.length === 0) continue;
    const applied = await applyEntry(tx, order, { entry, dids: wanted }, terms);
    rules += applied.rules;
    failures.push(...applied.failures);
  }
  const failed = failures.reduce((sum, failure) => sum + failure.dids, 0);
  return { rules, tasks: 0, dids: Math.min(dids.length, rules + failed), failures };
}
