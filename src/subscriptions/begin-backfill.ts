import { ring, type Tx } from '../db/index.js';
import { SubscriptionNotFound, UnsupportedOperation } from '../errors/index.js';
import { BackfillState, BackfillStateCodec, Channel } from '../vocabulary/index.js';
import {
  type Backfill,
  type BackfillSpec,
  insertBackfill,
  moveBackfill,
  selectBackfill,
} from './backfill.sql.js';
import { type Subscription } from './subscription.js';
import { standingSubscriptions } from './subscription.sql.js';

const { RUNNING, PAUSED, DONE, CANCELLED } = BackfillState;

/**
 * Shows the DIDs that are there now to a subscription that the caller holds, from the first one, a
 * slice at a time. `instead` of a backfill of it that is not over. Throws UnsupportedOperation where
 * the subscription is not in use, or has a backfill that is not over.
 */
export async function beginBackfill(
  tx: Tx,
  subscription: Subscription,
  spec: BackfillSpec,
  { instead = false }: { readonly instead?: boolean } = {},
): Promise<Backfill> {
  await demandStanding(tx, subscription, spec.now);
  const begun = await insertBackfill(tx, subscription.id, spec, instead);
  if (begun) {
    await ring(tx, Channel.NEW_DIDS);
    return begun;
  }
  const { state } = await findBackfill(tx, subscription);
  throw new UnsupportedOperation(
    `A backfill of subscription '${subscription.name}' is ${BackfillStateCodec.name(state)}: cancel it first, or change its rate`,
    { subscription: subscription.name, state },
  );
}

/** The last backfill of a subscription. Throws SubscriptionNotFound where it never had one. */
export async function findBackfill(tx: Tx, { id, name }: Subscription): Promise<Backfill> {
  const found = await selectBackfill(tx, id);
  if (found) return found;
  throw new SubscriptionNotFound(`Subscription '${name}' has had no backfill`, { name });
}

/** What is to become of a backfill. What is left out stays. */
export interface BackfillChange {
  readonly state?: BackfillState | undefined;
  readonly perMinute?: number | undefined;
}

/** The states from which each one follows; DONE comes by itself. */
const FROM: Readonly<Record<BackfillState, readonly BackfillState[]>> = {
  [RUNNING]: [RUNNING, PAUSED],
  [PAUSED]: [RUNNING, PAUSED],
  [CANCELLED]: [RUNNING, PAUSED, CANCELLED],
  [DONE]: [],
};

/**
 * Pauses, resumes or cancels a backfill of a subscription that the caller holds, or changes its rate: at
 * the end of the slice that is being served. Rules that were made stay. Throws SubscriptionNotFound,
 * UnsupportedOperation where it is over, or the subscription is not in use.
 */
export async function changeBackfill(
  tx: Tx,
  subscription: Subscription,
  change: BackfillChange,
  now: Date,
): Promise<Backfill> {
  const before = await findBackfill(tx, subscription);
  const state = change.state ?? before.state;
  if (state === RUNNING) await demandStanding(tx, subscription, now);
  const { perMinute } = change;
  const moved = await moveBackfill(tx, subscription.id, FROM[state], { state, perMinute, now });
  if (!moved) {
    throw new UnsupportedOperation(
      `The backfill of subscription '${subscription.name}' is ${BackfillStateCodec.name(before.state)}; it cannot become ${BackfillStateCodec.name(state)}`,
      { subscription: subscription.name, state },
    );
  }
  if (state === RUNNING) await ring(tx, Channel.NEW_DIDS);
  return await findBackfill(tx, subscription);
}

async function demandStanding(tx: Tx, { id, name }: Subscription, now: Date): Promise<void> {
  const [standing] = await standingSubscriptions(tx, now, [id]);
  if (standing) return;
  throw new UnsupportedOperation(
    `Subscription '${name}' is not in use: set its state to ACTIVE, or give it a lifetime, first`,
    { subscription: name },
  );
}
