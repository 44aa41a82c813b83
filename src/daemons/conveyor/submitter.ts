import { type Config } from '../../config/index.js';
import { ring } from '../../db/index.js';
import {
  type Bucket,
  busyBuckets,
  CLAIM_MAX,
  type ClaimedRequest,
  claimRequests,
  endRequests,
  postponeRequests,
  shareSlots,
  type TransferBound,
  transferBounds,
  type TransferRoom,
} from '../../requests/index.js';
import { Cause, Channel } from '../../vocabulary/index.js';
import { IDLE, type Reconciler, type Shift } from '../runtime/index.js';
import { beginTransfers } from './begin-transfers.js';
import { type Movements } from './movements.js';
import {
  type EarlyTransfer,
  type PlannedTransfer,
  planTransfer,
  type TransferPlan,
  type UnplannedTransfer,
} from './plan-transfer.js';
import { readTransferFacts, type TransferFacts } from './transfer-facts.js';
import { roomAtDestinations, roomAtSources } from './transfer-limits.js';
import { type TransferWay } from './transfer-ways.js';

/**
 * A request is to be submitted if and only if it is QUEUED, its destination has a free place, and no
 * transfer limit at its destination or at its source is reached.
 * Claim (SUBMITTING), commit; choose source, protocols and tool; SUBMITTED, commit; only then does
 * the tool get the job. A process that dies in between leaves a lease that runs out: nothing has
 * moved, or what moved went to a temporary name.
 */
export function conveyorSubmitter(config: Config, movements: Movements): Reconciler {
  return {
    name: 'conveyor-submitter',
    wakeOn: [Channel.REQUESTS],
    async reconcile(shift) {
      if (shift.signal.aborted) return IDLE;
      const { claimed, bounds } = await claim(shift, config);
      if (claimed.length === 0) return IDLE;
      const { facts, room } = await shift.db.read(async (tx) => ({
        facts: await readTransferFacts(tx, claimed, shift.now),
        room: await roomAtSources(tx, bounds),
      }));
      const plans = planAll(claimed, facts, movements.ways, room);
      const planned = plans.filter((plan): plan is PlannedTransfer => 'job' in plan);
      const unplanned = plans.filter((plan): plan is UnplannedTransfer => 'cause' in plan);
      const early = plans.filter((plan): plan is EarlyTransfer => 'waitFor' in plan);
      await refuse(shift, unplanned);
      await postpone(shift, config, early);
      const { done, late } = await beginTransfers(shift, movements, { planned, bounds });
      await postpone(shift, config, late);
      return { seen: claimed.length, done, failed: unplanned.length, more: true };
    },
  };
}

/** What a shift has claimed, and the transfer limits that it obeys. */
interface Claim {
  readonly claimed: readonly ClaimedRequest[];
  readonly bounds: readonly TransferBound[];
}

async function claim(shift: Shift, config: Config): Promise<Claim> {
  const { perStorageMax, inFlightMax, leaseSeconds } = config.requests;
  const until = new Date(shift.now.getTime() + leaseSeconds * 1000);
  return await shift.db.tx(async (tx) => {
    const buckets = await busyBuckets(tx);
    if (buckets.length === 0) return { claimed: [], bounds: [] };
    const bounds = await transferBounds(tx);
    const { loads, room } = await roomAtDestinations(tx, bounds);
    const shares = shareSlots(turned(buckets), loads, {
      perStorage: perStorageMax,
      inFlight: inFlightMax,
      claims: Math.min(shift.batch, CLAIM_MAX),
      ...(room && { room }),
    });
    const none = shares.length === 0;
    return { claimed: none ? [] : await claimRequests(tx, shares, shift.worker, until), bounds };
  });
}

/** A plan for each request in turn; those that can begin take their places at the sources. */
function planAll(
  claimed: readonly ClaimedRequest[],
  facts: TransferFacts,
  ways: readonly TransferWay[],
  room: TransferRoom | undefined,
): TransferPlan[] {
  return claimed.map((request) => {
    const { activity } = request;
    const mayRead = (rseId: number) => room?.admits({ rseId, activity }) ?? true;
    const plan = planTransfer(request, facts, ways, mayRead);
    if ('job' in plan) room?.take({ rseId: plan.sourceRseId, activity });
    return plan;
  });
}

/** Where buckets are equal, another one is the first each time. */
function turned(buckets: readonly Bucket[]): Bucket[] {
  const at = Math.floor(Math.random() * buckets.length);
  return [...buckets.slice(at), ...buckets.slice(0, at)];
}

/** Why it cannot be done is the finisher's to judge. */
async function refuse(shift: Shift, unplanned: readonly UnplannedTransfer[]): Promise<void> {
  if (unplanned.length === 0) return;
  const endings = unplanned.map(({ request, state, cause, error }) => ({
    id: request.id,
    state,
    cause,
    error,
    sourceRseId: null,
    bytesMoved: 0n,
    // What the attempt before found stays the best explanation of a missing source.
    expected: cause === Cause.NO_SOURCE ? request.expected : null,
    found: cause === Cause.NO_SOURCE ? request.found : null,
  }));
  await shift.db.tx(async (tx) => {
    await endRequests(tx, endings, shift.worker, shift.now);
    await ring(tx, Channel.TRANSFERS);
  });
}

/** Until the first look again at a source that is on its way, or read by as many as may. */
const LOOK_SECONDS = 5;

/** Places at a source become free all the time. */
const PLACE_SECONDS_MAX = 30;

/** The longer a request waits for its source, the longer until the next look. */
async function postpone(
  shift: Shift,
  { requests }: Config,
  early: readonly EarlyTransfer[],
): Promise<void> {
  if (early.length === 0) return;
  const postponements = early.map(({ request, reason, waitFor }) => {
    const limit = reason === Cause.SOURCE_LIMIT ? PLACE_SECONDS_MAX : requests.backoffSecondsMax;
    const ageSeconds = (shift.now.getTime() - request.createdAt.getTime()) / 1000;
    const waitSeconds = Math.max(LOOK_SECONDS, Math.min(limit, ageSeconds / 4));
    const dueAt = new Date(shift.now.getTime() + waitSeconds * 1000);
    return { id: request.id, dueAt, cause: reason, error: waitFor };
  });
  await shift.db.tx((tx) => postponeRequests(tx, postponements, shift.worker));
}
