import { type Config } from '../../config/index.js';
import { ring, type Tx } from '../../db/index.js';
import {
  type Ending,
  endRequests,
  renewRequests,
  submittedRequests,
  unclaimRequests,
} from '../../requests/index.js';
import { type TransferOutcome } from '../../transfertools/index.js';
import { Cause, Channel, type RequestId, RequestState } from '../../vocabulary/index.js';
import { IDLE, type Reconciler, type Shift } from '../runtime/index.js';
import { type Movements } from './movements.js';

/**
 * A movement is to be polled if and only if this process has begun it and its request is SUBMITTED by
 * this worker. What has ended is DONE or FAILED with its cause; the lease of what goes on is renewed
 * well before it runs out; a movement whose request is gone, or another worker's, is cancelled. A
 * request whose movement no tool knows is left to its lease.
 */
export function conveyorPoller(config: Config, movements: Movements): Reconciler {
  const leaseMs = config.requests.leaseSeconds * 1000;
  let renewAt = 0;
  return {
    name: 'conveyor-poller',
    // A deletion may be that of a copy whose bytes are still moving: they must not come after it.
    wakeOn: [Channel.REQUESTS, Channel.DELETION],
    async reconcile(shift) {
      // In this order: what was begun is SUBMITTED in the table by the time we look there.
      const begun = movements.ids;
      if (begun.length === 0 || shift.signal.aborted) return IDLE;
      const ours = await shift.db.read((tx) => submittedRequests(tx, begun, shift.worker));
      await movements.cancel(begun.filter((id) => !ours.has(id)));
      const outcomes = await movements.poll([...ours]);
      const ended = await settle(shift, movements, outcomes);
      const running = outcomes.filter(isRunning).map(({ requestId }) => requestId);
      if (running.length > 0 && shift.now.getTime() >= renewAt) {
        renewAt = shift.now.getTime() + leaseMs / 4;
        const until = new Date(shift.now.getTime() + leaseMs);
        await shift.db.tx((tx) => renewRequests(tx, running, shift.worker, until));
      }
      return { seen: ended.done + ended.failed, ...ended, more: false };
    },
    wakeBy: (wake) => movements.watch(wake),
    /** What has ended is settled; what was ended by us is given back. */
    async stop(shift) {
      const outcomes = await movements.close();
      const cut = outcomes.filter(({ cause }) => cause === Cause.CANCELLED);
      await settle(
        shift,
        movements,
        outcomes.filter((outcome) => !cut.includes(outcome)),
      );
      const ids = cut.map(({ requestId }) => requestId);
      if (ids.length > 0) await shift.db.tx((tx) => giveBack(tx, ids, shift.worker));
    },
  };
}

async function giveBack(tx: Tx, ids: readonly RequestId[], worker: string): Promise<void> {
  await unclaimRequests(tx, ids, worker);
  await ring(tx, Channel.REQUESTS);
}

const isRunning = ({ state }: TransferOutcome): boolean => state === 'RUNNING';

async function settle(
  shift: Shift,
  movements: Movements,
  outcomes: readonly TransferOutcome[],
): Promise<{ done: number; failed: number }> {
  const endings = outcomes.flatMap((outcome) => endingOf(outcome) ?? []);
  if (endings.length === 0) return { done: 0, failed: 0 };
  const settled = await shift.db.tx(async (tx) => {
    const ids = await endRequests(tx, endings, shift.worker, shift.now);
    await ring(tx, Channel.TRANSFERS);
    // A place has become free.
    await ring(tx, Channel.REQUESTS);
    return ids;
  });
  movements.forget(endings.map(({ id }) => id));
  const ours = endings.filter(({ id }) => settled.has(id));
  const failed = ours.filter(({ state }) => state === RequestState.FAILED);
  const notes = new Map(outcomes.map(({ requestId, message }) => [requestId, message]));
  for (const { id, state, bytesMoved, cause, error, expected, found } of ours) {
    if (state === RequestState.DONE)
      shift.log.info({ request: id, bytes: bytesMoved, note: notes.get(id) }, 'transfer done');
    else shift.log.warn({ request: id, cause, error, expected, found }, 'transfer failed');
  }
  return { done: ours.length - failed.length, failed: failed.length };
}

function endingOf(outcome: TransferOutcome): Ending | undefined {
  if (outcome.state !== 'DONE' && outcome.state !== 'FAILED') return undefined;
  const failed = outcome.state === 'FAILED';
  return {
    id: outcome.requestId,
    state: failed ? RequestState.FAILED : RequestState.DONE,
    sourceRseId: null,
    bytesMoved: outcome.bytesMoved,
    cause: failed ? (outcome.cause ?? Cause.STORAGE_ERROR) : null,
    error: failed ? (outcome.message ?? null) : null,
    expected: outcome.expected ?? null,
    found: outcome.found ?? null,
    leftover: outcome.leftover === true,
    destinationFailed: failed && outcome.side === 'destination',
  };
}
