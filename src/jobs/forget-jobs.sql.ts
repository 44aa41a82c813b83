import { execute, lit, sql, type Tx } from '../db/index.js';

/** Forgets at most `limit` items of jobs that ended before then, and jobs without any. Gives how many. */
export async function forgetJobs(tx: Tx, before: Date, limit: number): Promise<number> {
  const over = sql`SELECT id FROM jobs WHERE ended_at < ${before}::timestamptz`;
  const items = await execute(
    tx,
    sql`DELETE FROM job_items WHERE ctid = ANY (ARRAY(
          SELECT i.ctid FROM job_items i WHERE i.job_id IN (${over}) LIMIT ${lit(limit)}))`,
  );
  if (items === limit) return items;
  return (
    items +
    (await execute(
      tx,
      sql`DELETE FROM jobs j WHERE j.id IN (${over})
             AND NOT EXISTS (SELECT FROM job_items i WHERE i.job_id = j.id)`,
    ))
  );
}
