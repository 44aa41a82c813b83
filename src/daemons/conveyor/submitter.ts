import { type Config } from '../../config/index.js';
import { ring, rows, sql, type Tx } from '../../db/index.js';
import {
  busyBuckets,
  CLAIM_MAX,
  type ClaimedRequest,
  claimRequests,
  endRequests,
  inFlight,
  shareSlots,
  submitRequests,
  unclaimRequests,
} from '../../requests/index.js';
import { resolveRses } from '../../rses/index.js';
import { type TransferTool } from '../../transfertools/index.js';
import { Cause, Channel, RequestState, type RseId } from '../../vocabulary/index.js';
import { IDLE, type Reconciler, type Shift, type Tally } from '../runtime/index.js';
import { type PlannedTransfer, planTransfer, type UnplannedTransfer } from './plan-transfer.js';
import { readTransferFacts, type TransferFacts } from './transfer-facts.js';

/**
 * A request is to be submitted if and only if it is QUEUED and its destination has a free place.
 * Claim (SUBMITTING), commit; choose source, protocols and tool; SUBMITTED, commit; only then does
 * the tool get the job. A process that dies in between leaves a lease that runs out: nothing has
 * moved, or what moved went to a temporary name.
 */
export function conveyorSubmitter(config: Config, tools: readonly TransferTool[]): Reconciler {
  return {
    name: 'conveyor-submitter',
    wakeOn: [Channel.REQUESTS],
    async reconcile(shift) {
      if (shift.signal.aborted) return IDLE;
      const claimed = await claim(shift, config);
      if (claimed.length === 0) return IDLE;
      const facts = await shift.db.read(async (tx) => ({
        ...(await readTransferFacts(tx, claimed)),
        allowedSources: await readAllowedSources(tx, claimed),
      }));
      return submit(shift, tools, claimed, facts);
    },
  };
}

async function claim(shift: Shift, config: Config): Promise<ClaimedRequest[]> {
  const { perStorageMax, inFlightMax, leaseSeconds } = config.requests;
  const until = new Date(shift.now.getTime() + leaseSeconds * 1000);
  return shift.db.tx(async (tx) => {
    const buckets = await busyBuckets(tx);
    if (buckets.length === 0) return [];
    const busy = await inFlight(tx);
    const under = [...busy.values()].reduce((sum, count) => sum + count, 0);
    const total = Math.min(shift.batch, CLAIM_MAX, Math.max(0, inFlightMax - under));
    const shares = shareSlots(buckets, busy, { perStorage: perStorageMax, total });
    return shares.length === 0 ? [] : claimRequests(tx, shares, shift.worker, until);
  });
}

async function submit(
  shift: Shift,
  tools: readonly TransferTool[],
  claimed: readonly ClaimedRequest[],
  facts: TransferFacts,
): Promise<Tally> {
  const plans = claimed.map((request) => planTransfer(request, facts));
  const planned = plans.filter((plan): plan is PlannedTransfer => 'job' in plan);
  const able = ({ job }: PlannedTransfer) =>
    tools.find((tool) => tool.canMove(job.source.endpoint, job.destination.endpoint));
  const unplanned = [
    ...plans.filter((plan): plan is UnplannedTransfer => !('job' in plan)),
    ...planned.filter((plan) => !able(plan)).map(({ request }) => unmovable(request)),
  ];
  let done = 0;
  for (const tool of tools) {
    const transfers = planned.filter((plan) => able(plan) === tool);
    if (transfers.length > 0) done += await give(shift, tool, transfers);
  }
  await refuse(shift, unplanned);
  return { seen: claimed.length, done, failed: unplanned.length, more: true };
}

/** The table says SUBMITTED before the tool begins, so that no movement is unknown to it. */
async function give(
  shift: Shift,
  tool: TransferTool,
  transfers: readonly PlannedTransfer[],
): Promise<number> {
  const submissions = transfers.map(({ request, sourceRseId }) => ({
    id: request.id,
    sourceRseId,
    tool: tool.name,
    externalId: null,
  }));
  const ours = await shift.db.tx((tx) => submitRequests(tx, submissions, shift.worker, shift.now));
  const jobs = transfers.filter(({ request }) => ours.has(request.id)).map(({ job }) => job);
  try {
    await tool.submit(jobs);
  } catch (error) {
    await shift.db.tx((tx) => unclaimRequests(tx, [...ours], shift.worker));
    throw error;
  }
  for (const { requestId, source, destination, bytes } of jobs) {
    const { path } = destination;
    shift.log.debug(
      { request: requestId, from: source.endpoint.rse, to: destination.endpoint.rse, path, bytes },
      'transfer begins',
    );
  }
  return jobs.length;
}

async function refuse(shift: Shift, unplanned: readonly UnplannedTransfer[]): Promise<void> {
  if (unplanned.length === 0) return;
  const endings = unplanned.map(({ request, state, cause, error }) => ({
    id: request.id,
    state,
    cause,
    error,
    sourceRseId: null,
    bytesMoved: 0n,
    expected: null,
    found: null,
  }));
  await shift.db.tx(async (tx) => {
    await endRequests(tx, endings, shift.worker, shift.now);
    await ring(tx, Channel.TRANSFERS);
  });
}

const unmovable = (request: ClaimedRequest): UnplannedTransfer => ({
  request,
  state: RequestState.MISMATCH_SCHEME,
  cause: Cause.NO_PROTOCOL,
  error: 'no transfer tool can move between these protocols',
});

/** The sources that the rules of these requests allow; an expression without a result allows none. */
async function readAllowedSources(
  tx: Tx,
  claimed: readonly ClaimedRequest[],
): Promise<Map<bigint, ReadonlySet<RseId>>> {
  const wanted = await rows<{ id: bigint; expression: string }>(
    tx,
    sql`SELECT id, source_replica_expression AS expression FROM rules
         WHERE id = ANY(${claimed.flatMap(({ ruleId }) => ruleId ?? [])}::bigint[])
           AND source_replica_expression IS NOT NULL`,
  );
  const byExpression = new Map<string, ReadonlySet<RseId>>();
  for (const expression of new Set(wanted.map((rule) => rule.expression))) {
    const rses = await resolveRses(tx, expression).catch(() => []);
    byExpression.set(expression, new Set(rses.map(({ id }) => id)));
  }
  const byRule = new Map(wanted.map(({ id, expression }) => [id, byExpression.get(expression)]));
  return new Map(
    claimed.flatMap(({ id, ruleId }) => {
      const allowed = ruleId === null ? undefined : byRule.get(ruleId);
      return allowed ? [[id, allowed] as const] : [];
    }),
  );
}
