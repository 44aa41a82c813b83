import { type Config } from '../config/index.js';
import { type Tx } from '../db/index.js';
import { rulesTerms } from '../rules/index.js';
import {
  endExpired,
  flushDueTasks,
  noteProcessed,
  pauseIdleBackfills,
  retryBacklog,
  returnLapsedTasks,
  serveBackfill,
  serveNewDids,
  type ServeTally,
  type ServeTerms,
} from '../subscriptions/index.js';
import { Channel } from '../vocabulary/index.js';
import { type Reconciler, type Shift, type Tally } from './runtime/index.js';

/**
 * DIDs a transaction at most. They are held meanwhile: who attaches to one of them, or describes it,
 * waits for the page. Rules are made in sets, so that a full page costs little more than a small one.
 */
const PAGE = 1000;
/** Slices of backfills a shift: new DIDs come first again after so many. */
const SLICES_MAX = 20;
/** Tasks a shift whose consumer has gone. */
const LAPSED_MAX = 1000;

/**
 * A DID is to be shown to the subscriptions if and only if it is marked as new; a rule that could not
 * be made is due again if and only if its time in the backlog has come; a backfill is due as its rate
 * says. Subscriptions whose lifetime is over become INACTIVE first, and their backfills pause. A group
 * of DIDs becomes a task when it is full or its time to wait is over, and a task is NEW again when its
 * consumer's lease is.
 */
export function transmogrifier(config: Config): Reconciler {
  return {
    name: 'transmogrifier',
    wakeOn: [Channel.NEW_DIDS],
    async reconcile(shift) {
      const terms = { ...config.subscriptions, ...rulesTerms(config, shift.now) };
      await shift.db.tx((tx) => endExpired(tx, shift.now));
      await shift.db.tx((tx) => pauseIdleBackfills(tx, shift.now));
      const fresh = await pages(shift, (tx, limit) => serveNewDids(tx, limit, terms));
      const again = await pages(shift, (tx, limit) => retryBacklog(tx, limit, terms));
      await shift.db.tx((tx) => noteProcessed(tx, shift.now, { shown: fresh.seen > 0 }));
      const older = await slices(shift, terms);
      const tasks = await turnTasks(shift);
      return {
        seen: fresh.seen + again.seen + older.seen + tasks,
        done: fresh.done + again.done + older.done + tasks,
        failed: fresh.failed + again.failed + older.failed,
        more: fresh.more || again.more || older.more,
      };
    },
  };
}

/** Pages until nothing is left, or the batch is full. */
async function pages(
  shift: Shift,
  serve: (tx: Tx, limit: number) => Promise<ServeTally>,
): Promise<Tally> {
  const { db, batch, signal } = shift;
  const total = { seen: 0, done: 0, failed: 0, more: false };
  while (total.seen < batch && !signal.aborted) {
    const limit = Math.min(PAGE, batch);
    const tally = await db.tx((tx) => serve(tx, limit));
    add(shift, total, tally);
    if (tally.seen < limit) return total;
  }
  return { ...total, more: true };
}

/** Slices of backfills until none is due, or it is time to look at new DIDs again. */
async function slices(shift: Shift, terms: ServeTerms): Promise<Tally> {
  const { db, signal } = shift;
  const total = { seen: 0, done: 0, failed: 0, more: false };
  for (let slice = 0; slice < SLICES_MAX && !signal.aborted; slice++) {
    const tally = await db.tx((tx) => serveBackfill(tx, terms));
    if (!tally) return total;
    add(shift, total, tally);
  }
  return { ...total, more: true };
}

interface Total {
  seen: number;
  done: number;
  failed: number;
}

function add({ log }: Shift, total: Total, { seen, rules, failures, broken }: ServeTally): void {
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
}

/** Groups and leases whose time is over; gives how many tasks are NEW therefore. */
async function turnTasks({ db, now, signal }: Shift): Promise<number> {
  if (signal.aborted) return 0;
  const flushed = await db.tx((tx) => flushDueTasks(tx, now));
  return flushed + (await db.tx((tx) => returnLapsedTasks(tx, now, LAPSED_MAX)));
}
