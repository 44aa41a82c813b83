import { type Tx } from '../db/index.js';
import { claimDids } from '../dids/index.js';
import { BackfillState } from '../vocabulary/index.js';
import { type OrderFailure } from './apply-order.js';
import { advanceBackfill, type Backfill, claimBackfill, moveBackfill } from './backfill.sql.js';
import { describeDids } from './described-did.js';
import { endedEntry } from './ended-entries.js';
import { likelyDids, type WalkPage } from './likely-dids.sql.js';
import { matchDids } from './match-dids.js';
import { serveOrder } from './serve-order.js';
import { NOTHING, type ServeTally, type ServeTerms, standingOrders } from './serve-orders.js';

/** DIDs a slice at most: as for new ones, a full page costs little more than a small one. */
const SLICE = 1000;
/** A slice is what may be served in ten seconds. */
const SLICES_A_MINUTE = 6;

const sliceOf = ({ perMinute }: Backfill): number =>
  Math.min(SLICE, Math.max(1, Math.ceil(perMinute / SLICES_A_MINUTE)));

/**
 * Serves one slice of the backfill that has been due longest; undefined where none can go on now. What is made and
 * how far it got are one transaction: it may be broken off, or done by several daemons at once, and
 * nothing is done twice. It stops before a DID that somebody else is writing to, until that is over.
 */
export async function serveBackfill(tx: Tx, terms: ServeTerms): Promise<ServeTally | undefined> {
  const { now } = terms;
  const backfill = await claimBackfill(tx, now);
  if (!backfill) return undefined;
  const { subscriptionId } = backfill;
  const { orders, broken } = await standingOrders(tx, now, [subscriptionId]);
  const [order] = orders;
  if (!order) {
    const error = broken[0]?.error.message ?? 'the subscription is not in use any more';
    const state = BackfillState.PAUSED;
    await moveBackfill(tx, subscriptionId, [BackfillState.RUNNING], { state, error, now });
    return { ...NOTHING, broken };
  }
  const page = await heldPage(
    tx,
    await likelyDids(tx, order.filter, {
      after: backfill.cursorId,
      until: backfill.untilId,
      limit: sliceOf(backfill),
      now,
    }),
  );
  const [matched = []] = await matchDids(tx, [order.filter], await describeDids(tx, page.ids, now));
  if (page.to <= backfill.cursorId && !page.isLast) return undefined;
  const ids = matched.map(({ id }) => id);
  const served = await serveOrder(tx, order, matched, { ...terms, anew: true }, (entry) =>
    backfill.again ? Promise.resolve(new Set()) : endedEntry(tx, order, entry, ids),
  );
  await advanceBackfill(tx, backfill, {
    ...served,
    ...page,
    matched: matched.length,
    served: served.dids,
    failed: sum(served.failures),
    now,
  });
  return {
    ...NOTHING,
    seen: page.seen,
    rules: served.rules + served.tasks,
    failures: served.failures,
  };
}

/** A page as far as nobody else holds its DIDs, which are held then. */
async function heldPage(tx: Tx, page: WalkPage): Promise<WalkPage> {
  const held = new Set(await claimDids(tx, page.ids));
  const at = page.ids.findIndex((id) => !held.has(id));
  const stop = page.ids[at];
  if (stop === undefined) return page;
  return { ids: page.ids.slice(0, at), seen: at, to: stop - 1n, isLast: false };
}

const sum = (failures: readonly OrderFailure[]): number =>
  failures.reduce((all, { dids }) => all + dids, 0);
