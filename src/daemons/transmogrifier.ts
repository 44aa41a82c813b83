import { type Config } from '../config/index.js';
import { type Tx } from '../db/index.js';
import { rulesTerms } from '../rules/index.js';
import {
  endExpired,
  noteProcessed,
  retryBacklog,
  serveNewDids,
  type ServeTally,
} from '../subscriptions/index.js';
import { Channel } from '../vocabulary/index.js';
import { type Reconciler, type Shift, type Tally } from './runtime/index.js';

/**
 * DIDs a transaction at most. They are held meanwhile: who attaches to one of them, or describes it,
 * waits for the page. Rules are made in sets, so that a full page costs little more than a small one.
 */
const PAGE = 1000;

/**
 * A DID is to be shown to the subscriptions if and only if it is marked as new; a rule that could not
 * be made is due again if and only if its time in the backlog has come. Subscriptions whose lifetime
 * is over become INACTIVE first.
 */
export function transmogrifier(config: Config): Reconciler {
  return {
    name: 'transmogrifier',
    wakeOn: [Channel.NEW_DIDS],
    async reconcile(shift) {
      const terms = { ...config.subscriptions, ...rulesTerms(config, shift.now) };
      await shift.db.tx((tx) => endExpired(tx, shift.now));
      const fresh = await pages(shift, (tx, limit) => serveNewDids(tx, limit, terms));
      const again = await pages(shift, (tx, limit) => retryBacklog(tx, limit, terms));
      if (fresh.seen > 0) await shift.db.tx((tx) => noteProcessed(tx, shift.now));
      return {
        seen: fresh.seen + again.seen,
        done: fresh.done + again.done,
        failed: fresh.failed + again.failed,
        more: fresh.more || again.more,
      };
    },
  };
}

/** Pages until nothing is left, or the batch is full. */
async function pages(
  { db, batch, signal, log }: Shift,
  serve: (tx: Tx, limit: number) => Promise<ServeTally>,
): Promise<Tally> {
  const total = { seen: 0, done: 0, failed: 0, more: false };
  while (total.seen < batch && !signal.aborted) {
    const limit = Math.min(PAGE, batch);
    const { seen, rules, failures, broken } = await db.tx((tx) => serve(tx, limit));
    for (const { subscriptionUid, entry, dids, error } of failures) {
      log.warn(
        { subscription: subscriptionUid, rule: entry, dids, error: error.message },
        'rule not made; its DIDs wait',
      );
      total.failed += dids;
    }
    for (const { uid, error } of broken) {
      log.error({ subscription: uid, error: error.message }, 'subscription cannot be read');
    }
    total.seen += seen;
    total.done += rules;
    if (seen < limit) return total;
  }
  return { ...total, more: true };
}
