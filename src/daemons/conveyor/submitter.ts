import { type Config } from '../../config/index.js';
import { execute, ring, sql, type Tx } from '../../db/index.js';
import { insertPaths } from '../../replicas/index.js';
import {
  type Bucket,
  busyBuckets,
  CLAIM_MAX,
  type ClaimedRequest,
  claimRequests,
  endRequests,
  inFlight,
  postponeRequests,
  shareSlots,
  submitRequests,
  unclaimRequests,
} from '../../requests/index.js';
import { type TransferTool } from '../../transfertools/index.js';
import { Cause, Channel } from '../../vocabulary/index.js';
import { IDLE, type Reconciler, type Shift } from '../runtime/index.js';
import { type Movements } from './movements.js';
import {
  type EarlyTransfer,
  type PlannedTransfer,
  planTransfer,
  type UnplannedTransfer,
} from './plan-transfer.js';
import { readTransferFacts } from './transfer-facts.js';

/**
 * A request is to be submitted if and only if it is QUEUED and its destination has a free place.
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
      const claimed = await claim(shift, config);
      if (claimed.length === 0) return IDLE;
      const facts = await shift.db.read((tx) => readTransferFacts(tx, claimed, shift.now));
      const plans = claimed.map((request) => planTransfer(request, facts, movements.ways));
      const planned = plans.filter((plan): plan is PlannedTransfer => 'job' in plan);
      const unplanned = plans.filter((plan): plan is UnplannedTransfer => 'cause' in plan);
      const early = plans.filter((plan): plan is EarlyTransfer => 'waitFor' in plan);
      await refuse(shift, unplanned);
      await postpone(shift, config, early);
      const done = await submit(shift, movements, planned);
      return { seen: claimed.length, done, failed: unplanned.length, more: true };
    },
  };
}

async function claim(shift: Shift, config: Config): Promise<ClaimedRequest[]> {
  const { perStorageMax, inFlightMax, leaseSeconds } = config.requests;
  const until = new Date(shift.now.getTime() + leaseSeconds * 1000);
  return await shift.db.tx(async (tx) => {
    const buckets = await busyBuckets(tx);
    if (buckets.length === 0) return [];
    const shares = shareSlots(turned(buckets), await inFlight(tx), {
      perStorage: perStorageMax,
      inFlight: inFlightMax,
      claims: Math.min(shift.batch, CLAIM_MAX),
    });
    return shares.length === 0 ? [] : await claimRequests(tx, shares, shift.worker, until);
  });
}

/** Where buckets are equal, another one is the first each time. */
function turned(buckets: readonly Bucket[]): Bucket[] {
  const at = Math.floor(Math.random() * buckets.length);
  return [...buckets.slice(at), ...buckets.slice(0, at)];
}

async function submit(
  shift: Shift,
  movements: Movements,
  planned: readonly PlannedTransfer[],
): Promise<number> {
  let done = 0;
  for (const tool of new Set(planned.map((plan) => plan.tool))) {
    const transfers = planned.filter((plan) => plan.tool === tool);
    done += await give(shift, movements, tool, transfers);
  }
  return done;
}

/** The table says SUBMITTED before the tool begins, so that no movement is unknown to it. */
async function give(
  shift: Shift,
  movements: Movements,
  tool: TransferTool,
  transfers: readonly PlannedTransfer[],
): Promise<number> {
  const submissions = transfers.map(({ request, sourceRseId }) => ({
    id: request.id,
    sourceRseId,
    tool: tool.name,
    externalId: null,
  }));
  const ours = await shift.db.tx(async (tx) => {
    const submitted = await submitRequests(tx, submissions, shift.worker, shift.now);
    await rememberPaths(
      tx,
      transfers.filter(({ request }) => submitted.has(request.id)),
    );
    return submitted;
  });
  const jobs = transfers.filter(({ request }) => ours.has(request.id)).map(({ job }) => job);
  try {
    await movements.begin(tool, jobs);
  } catch (error) {
    await shift.db.tx((tx) => unclaimRequests(tx, [...ours], shift.worker));
    throw error;
  }
  for (const { request, job } of transfers.filter((transfer) => ours.has(transfer.request.id))) {
    const { source, destination, bytes } = job;
    const { path, endpoint } = destination;
    const ends = { from: source.endpoint.rse, to: endpoint.rse, path, bytes };
    shift.log.info(
      { request: request.id, rule: request.ruleId, attempt: request.attempt, ...ends },
      'transfer begins',
    );
  }
  return jobs.length;
}

/** Where a path is not computed from the name, it must be known before bytes stand there. */
async function rememberPaths(tx: Tx, transfers: readonly PlannedTransfer[]): Promise<void> {
  const named = transfers.filter(({ newPath }) => newPath !== null);
  if (named.length === 0) return;
  const column = <T>(value: (plan: PlannedTransfer) => T) => named.map(value);
  const from = sql`SELECT * FROM unnest(
    ${column(({ request }) => request.didId)}::bigint[], ${column(({ request }) => request.rseId)}::int[],
    ${column(({ newPath }) => newPath)}::text[]) AS n(did_id, rse_id, path)`;
  await execute(tx, insertPaths(from));
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

/** Until the first look again at a source that is on its way. */
const LOOK_SECONDS = 5;

/** The longer a request waits for its source, the longer until the next look. */
async function postpone(
  shift: Shift,
  { requests }: Config,
  early: readonly EarlyTransfer[],
): Promise<void> {
  if (early.length === 0) return;
  const postponements = early.map(({ request, waitFor }) => {
    const ageSeconds = (shift.now.getTime() - request.createdAt.getTime()) / 1000;
    const waitSeconds = Math.max(
      LOOK_SECONDS,
      Math.min(requests.backoffSecondsMax, ageSeconds / 4),
    );
    const dueAt = new Date(shift.now.getTime() + waitSeconds * 1000);
    return { id: request.id, dueAt, cause: Cause.NO_SOURCE, error: waitFor };
  });
  await shift.db.tx((tx) => postponeRequests(tx, postponements, shift.worker));
}
