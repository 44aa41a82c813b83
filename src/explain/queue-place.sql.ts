import { lit, rows, sql, type Tx } from '../db/index.js';
import { RequestState, type RseId } from '../vocabulary/index.js';

/** Requests that are counted; more are "at least so many". */
export const COUNT_MAX = 100_000;

/** A queue, and the first of somebody's requests in it. */
export interface Waiter {
  readonly rseId: RseId;
  readonly activity: number;
  readonly priority: number;
  readonly requestId: bigint;
}

/** How a queue stands. Counts end at COUNT_MAX. */
export interface QueuePlace {
  readonly rseId: RseId;
  readonly activity: number;
  /** Requests that are served before the waiter's first one. */
  readonly before: number;
}

/** The places of waiters in their queues, by the queue's own index. */
export const queuePlaces = async (tx: Tx, waiters: readonly Waiter[]): Promise<QueuePlace[]> => {
  if (waiters.length === 0) return [];
  const queue = sql`SELECT priority, id FROM requests q
     WHERE q.state = ${lit(RequestState.QUEUED)} AND q.rse_id = w.rse_id AND q.activity = w.activity`;
  return await rows<QueuePlace>(
    tx,
    sql`SELECT w.rse_id AS "rseId", w.activity, b.n AS before
          FROM unnest(${waiters.map(({ rseId }) => rseId)}::int[],
                      ${waiters.map(({ activity }) => activity)}::smallint[],
                      ${waiters.map(({ priority }) => priority)}::smallint[],
                      ${waiters.map(({ requestId }) => requestId)}::bigint[])
               AS w(rse_id, activity, priority, request_id)
         CROSS JOIN LATERAL (
           SELECT count(*)::int AS n FROM (
             ${queue} AND (q.priority > w.priority OR (q.priority = w.priority AND q.id < w.request_id))
             ORDER BY q.priority DESC, q.id LIMIT ${lit(COUNT_MAX)}) x) b`,
  );
};
