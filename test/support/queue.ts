import { rows, sql } from '../../src/db/index.js';
import { queueCopies } from '../../src/requests/index.js';
import { type RequestId, RequestState, RequestType } from '../../src/vocabulary/index.js';
import { type Court } from './judge.js';

export interface Wish {
  readonly rseId: number;
  readonly activity?: number;
  readonly priority?: number;
}

let dids = 0n;

/** Puts a request for a made-up file into the queue. */
export async function enqueue(a: Court, { rseId, activity = 0, priority = 3 }: Wish) {
  const didId = 1_000_000n + (dids += 1n);
  await a.db.tx((tx) =>
    rows(
      tx,
      queueCopies(sql`
        SELECT ${didId}::bigint AS did_id, ${rseId}::int AS rse_id, 100::bigint AS bytes,
               NULL::bigint AS rule_id, ${a.accountId}::int AS account_id, ${activity}::smallint AS activity,
               ${priority}::smallint AS priority, ${RequestType.TRANSFER}::"char" AS type,
               ${RequestState.QUEUED}::"char" AS state`),
    ),
  );
  const [made] = await a.db.read((tx) =>
    rows<{ id: RequestId }>(tx, sql`SELECT id FROM requests WHERE did_id = ${didId}`),
  );
  return made?.id ?? 0n;
}

/** A request's row, or undefined. */
export async function requestRow(a: Court, id: RequestId): Promise<Record<string, unknown>> {
  const [row] = await a.db.read((tx) =>
    rows<Record<string, unknown>>(tx, sql`SELECT * FROM requests WHERE id = ${id}`),
  );
  return row ?? {};
}

/** What the history has of a request, oldest first. */
export const historyRows = (a: Court, id: RequestId): Promise<Record<string, unknown>[]> =>
  a.db.read((tx) =>
    rows(tx, sql`SELECT * FROM requests_history WHERE id = ${id} ORDER BY attempt, archived_at`),
  );
