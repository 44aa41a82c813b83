import { execute, sql, type Tx } from '../../db/index.js';
import { insertPaths } from '../../replicas/index.js';
import {
  submitRequests,
  type TransferBound,
  type TransferRoom,
  unclaimRequests,
} from '../../requests/index.js';
import { type TransferTool } from '../../transfertools/index.js';
import { type Shift } from '../runtime/index.js';
import { type Movements } from './movements.js';
import { type EarlyTransfer, limited, type PlannedTransfer } from './plan-transfer.js';
import { lastRoomAtSources } from './transfer-limits.js';

/** Transfers to begin, under the limits that the claim has read. */
export interface Departure {
  readonly planned: readonly PlannedTransfer[];
  readonly bounds: readonly TransferBound[];
}

/** How many have begun, and those that found the last place at their source taken meanwhile. */
export interface Departed {
  readonly done: number;
  readonly late: readonly EarlyTransfer[];
}

/**
 * Hands planned transfers to their tools. The table says SUBMITTED before a tool begins, so that no
 * movement is unknown to it.
 */
export async function beginTransfers(
  shift: Shift,
  movements: Movements,
  { planned, bounds }: Departure,
): Promise<Departed> {
  let done = 0;
  const late: EarlyTransfer[] = [];
  for (const tool of new Set(planned.map((plan) => plan.tool))) {
    const transfers = planned.filter((plan) => plan.tool === tool);
    const departed = await give(shift, movements, { planned: transfers, bounds }, tool);
    done += departed.done;
    late.push(...departed.late);
  }
  return { done, late };
}

async function give(
  shift: Shift,
  movements: Movements,
  { planned, bounds }: Departure,
  tool: TransferTool,
): Promise<Departed> {
  const { transfers, late, ours } = await shift.db.tx(async (tx) => {
    const admitted = admit(planned, await lastRoomAtSources(tx, bounds));
    const submissions = admitted.transfers.map(({ request, sourceRseId }) => ({
      id: request.id,
      sourceRseId,
      tool: tool.name,
      externalId: null,
    }));
    const submitted = await submitRequests(tx, submissions, shift.worker, shift.now);
    await rememberPaths(
      tx,
      admitted.transfers.filter(({ request }) => submitted.has(request.id)),
    );
    return { ...admitted, ours: submitted };
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
  return { done: jobs.length, late };
}

/** Of these transfers, those for which limits have room at the sources. */
function admit(planned: readonly PlannedTransfer[], room: TransferRoom | undefined) {
  const transfers: PlannedTransfer[] = [];
  const late: EarlyTransfer[] = [];
  for (const plan of planned) {
    const source = { rseId: plan.sourceRseId, activity: plan.request.activity };
    if (room?.admits(source) === false) {
      late.push(limited(plan.request, plan.job.source.endpoint.rse));
      continue;
    }
    room?.take(source);
    transfers.push(plan);
  }
  return { transfers, late };
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
