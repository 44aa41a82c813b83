import { setTimeout as pause } from 'node:timers/promises';
import { type Config } from '../../config/index.js';
import { ring } from '../../db/index.js';
import {
  type Ending,
  endRequests,
  renewRequests,
  submittedRequests,
  unclaimRequests,
} from '../../requests/index.js';
import { type TransferOutcome, type TransferTool } from '../../transfertools/index.js';
import { Cause, Channel, type RequestId, RequestState } from '../../vocabulary/index.js';
import { IDLE, type Reconciler, type Shift } from '../runtime/index.js';

/** Between two looks at movements under way. */
const LOOK_MS = 100;

/**
 * A movement is to be polled if and only if its request is SUBMITTED by this worker. What has ended
 * is DONE or FAILED with its cause; the lease of what goes on is renewed well before it runs out; what
 * is not ours any more is cancelled; what the tool does not know is queued again.
 */
export function conveyorPoller(config: Config, tools: readonly TransferTool[]): Reconciler {
  const leaseMs = config.requests.leaseSeconds * 1000;
  let renewAt = 0;
  return {
    name: 'conveyor-poller',
    wakeOn: [Channel.REQUESTS],
    async reconcile(shift) {
      if (shift.signal.aborted) return IDLE;
      const mine = await shift.db.read((tx) => submittedRequests(tx, shift.worker));
      if (mine.length === 0) return IDLE;
      const outcomes = await Promise.all(
        tools.map((tool) =>
          tool.poll(mine.filter((request) => request.tool === tool.name).map(({ id }) => id)),
        ),
      );
      const all = outcomes.flat();
      const ended = await settle(shift, all);
      const running = all
        .filter(({ state }) => state === 'RUNNING')
        .map(({ requestId }) => requestId);
      if (shift.now.getTime() >= renewAt && running.length > 0) {
        renewAt = shift.now.getTime() + leaseMs / 4;
        await renew(shift, tools, running, new Date(shift.now.getTime() + leaseMs));
      }
      if (ended === 0)
        await pause(LOOK_MS, undefined, { signal: shift.signal }).catch(() => undefined);
      return { seen: ended, done: ended, failed: 0, more: running.length > 0 };
    },
    async stop() {
      await Promise.all(tools.map((tool) => tool.close()));
    },
  };
}

async function settle(shift: Shift, outcomes: readonly TransferOutcome[]): Promise<number> {
  const endings = outcomes.flatMap((outcome) => endingOf(outcome) ?? []);
  const unknown = outcomes
    .filter(({ state }) => state === 'UNKNOWN')
    .map(({ requestId }) => requestId);
  if (endings.length + unknown.length === 0) return 0;
  await shift.db.tx(async (tx) => {
    if (endings.length > 0) {
      await endRequests(tx, endings, shift.worker, shift.now);
      await ring(tx, Channel.TRANSFERS);
    }
    if (unknown.length > 0) await unclaimRequests(tx, unknown, shift.worker);
    // A place has become free.
    await ring(tx, Channel.REQUESTS);
  });
  for (const { id, state, cause, error, expected, found } of endings) {
    if (state === RequestState.FAILED) {
      shift.log.warn({ request: id, cause, error, expected, found }, 'transfer failed');
    }
  }
  return endings.length + unknown.length;
}

/** Another worker may have what we could not renew: our movement must not end in its way. */
async function renew(
  shift: Shift,
  tools: readonly TransferTool[],
  running: readonly RequestId[],
  until: Date,
): Promise<void> {
  const kept = await shift.db.tx((tx) => renewRequests(tx, running, shift.worker, until));
  const lost = running.filter((id) => !kept.has(id));
  if (lost.length > 0) await Promise.all(tools.map((tool) => tool.cancel(lost)));
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
  };
}
