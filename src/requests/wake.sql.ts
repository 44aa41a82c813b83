import { lit, sql, type Sql } from '../db/index.js';
import { RequestState } from '../vocabulary/index.js';

/**
 * CTE body: requests that waited for the copy in their way to be forgotten are QUEUED. `from` gives
 * (did_id, rse_id). Gives (did_id, rse_id).
 */
export const wakeRequests = (from: Sql): Sql => sql`
  UPDATE requests q SET state = ${lit(RequestState.QUEUED)}, due_at = NULL
    FROM (${from}) f
   WHERE q.did_id = f.did_id AND q.rse_id = f.rse_id AND q.state = ${lit(RequestState.WAITING)}
  RETURNING q.did_id, q.rse_id`;
