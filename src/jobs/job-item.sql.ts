import { lit, one, only, sql, type Sql, type Tx } from '../db/index.js';
import { type DidId, JobItemState, type RseId, type RuleId } from '../vocabulary/index.js';
import { type Counts } from './job.js';

const { PENDING, MOVING, DONE, FAILED } = JobItemState;

/** How many items a statement touched, and their bytes. */
export interface Touched {
  readonly count: bigint;
  readonly bytes: bigint;
}

const touched = (of: Sql): Sql =>
  sql`SELECT count(*) AS count, coalesce(sum(bytes), 0)::bigint AS bytes FROM ${of}`;

export const asTotal = ({ count, bytes }: Touched): Counts => ({ total: count, totalBytes: bytes });
export const asDone = ({ count, bytes }: Touched): Counts => ({ done: count, doneBytes: bytes });
export const asFailed = ({ count, bytes }: Touched): Counts => ({
  failed: count,
  failedBytes: bytes,
});

/** The counts of several statements together. */
export function sumCounts(...counts: readonly Counts[]): Counts {
  const sum: Record<string, bigint> = {};
  for (const count of counts) {
    for (const [key, value] of Object.entries(count) as [string, bigint][]) {
      sum[key] = (sum[key] ?? 0n) + value;
    }
  }
  return sum;
}

/**
 * CTE body: what a job is about. `from` gives (did_id, rse_id, rule_id, bytes, target_rse_id); what is
 * listed already stays as it is. Gives (bytes).
 */
export const addItems = (jobId: bigint, from: Sql): Sql => sql`
  INSERT INTO job_items (job_id, did_id, rse_id, rule_id, bytes, target_rse_id, state)
  SELECT ${jobId}::bigint, f.did_id, f.rse_id, f.rule_id, f.bytes, f.target_rse_id, ${lit(PENDING)}::"char"
    FROM (${from}) f
  ON CONFLICT (job_id, did_id, rse_id, rule_id) DO NOTHING
  RETURNING bytes`;

/** Adds items; gives how many are new. */
export const listItems = (tx: Tx, jobId: bigint, from: Sql): Promise<Touched> =>
  only<Touched>(tx, sql`WITH added AS (${addItems(jobId, from)}) ${touched(sql`added`)}`);

/** The pending items of a job, alias i. */
export const pending = (jobId: bigint): Sql =>
  sql`job_items i WHERE i.job_id = ${jobId}::bigint AND i.state = ${lit(PENDING)}`;

/** Where a job goes on: a pending item. */
export interface PendingItem {
  readonly ruleId: RuleId;
  readonly didId: DidId;
  readonly rseId: RseId;
  readonly targetRseId: RseId | null;
}

/** The first pending item of rules after this one, in the order of rules. */
export const firstPending = (
  tx: Tx,
  jobId: bigint,
  afterRule: RuleId,
): Promise<PendingItem | undefined> =>
  one<PendingItem>(
    tx,
    sql`SELECT i.rule_id AS "ruleId", i.did_id AS "didId", i.rse_id AS "rseId",
               i.target_rse_id AS "targetRseId"
          FROM ${pending(jobId)} AND i.rule_id > ${afterRule}::bigint
         ORDER BY i.rule_id, i.did_id, i.rse_id LIMIT 1`,
  );

/** What items come to. */
export interface Verdict {
  readonly state: typeof DONE | typeof FAILED | typeof MOVING | typeof PENDING;
  readonly error?: string;
}

/** Pending items `i` for which the condition holds come to an end, or on their way. */
export const settleItems = (
  tx: Tx,
  jobId: bigint,
  condition: Sql,
  { state, error }: Verdict,
): Promise<Touched> =>
  only<Touched>(
    tx,
    sql`WITH settled AS (
        UPDATE job_items i SET state = ${lit(state)}, error = ${error ?? null}
         WHERE i.job_id = ${jobId}::bigint AND i.state = ${lit(PENDING)} AND ${condition}
        RETURNING i.bytes)
      ${touched(sql`settled`)}`,
  );

/** Pending items that rows `e` (did_id, rse_id, rule_id, state, error) tell the end of. Gives it by state. */
export async function settleEach(
  tx: Tx,
  jobId: bigint,
  ends: Sql,
): Promise<{ readonly done: Touched; readonly failed: Touched }> {
  const found = await only<{
    done: bigint;
    doneBytes: bigint;
    failed: bigint;
    failedBytes: bigint;
  }>(
    tx,
    sql`WITH settled AS (
        UPDATE job_items i SET state = e.state, error = e.error
          FROM (${ends}) e
         WHERE i.job_id = ${jobId}::bigint AND i.state = ${lit(PENDING)} AND i.did_id = e.did_id
           AND i.rse_id = e.rse_id AND i.rule_id = e.rule_id
        RETURNING i.bytes, i.state)
      SELECT count(*) FILTER (WHERE state = ${lit(DONE)}) AS done,
             coalesce(sum(bytes) FILTER (WHERE state = ${lit(DONE)}), 0)::bigint AS "doneBytes",
             count(*) FILTER (WHERE state = ${lit(FAILED)}) AS failed,
             coalesce(sum(bytes) FILTER (WHERE state = ${lit(FAILED)}), 0)::bigint AS "failedBytes"
        FROM settled`,
  );
  return {
    done: { count: found.done, bytes: found.doneBytes },
    failed: { count: found.failed, bytes: found.failedBytes },
  };
}

/** Pending items whose locks are on the move now. */
export const noteMoves = (tx: Tx, jobId: bigint, ruleIds: readonly RuleId[]): Promise<Touched> =>
  only<Touched>(
    tx,
    sql`WITH settled AS (
        UPDATE job_items i SET state = ${lit(MOVING)}, target_rse_id = m.target_rse_id
          FROM lock_moves m
         WHERE i.job_id = ${jobId}::bigint AND i.state = ${lit(PENDING)}
           AND i.rule_id = ANY (${[...ruleIds]}::bigint[])
           AND m.did_id = i.did_id AND m.rse_id = i.rse_id AND (m.rule_id + 0) = i.rule_id
        RETURNING i.bytes)
      ${touched(sql`settled`)}`,
  );

/** What has become of locks on the move. */
export interface Arrivals {
  readonly seen: number;
  /** Where the next look goes on. */
  readonly last: bigint | null;
  /** The lock has gone from where it was. */
  readonly done: Touched;
}

/**
 * Looks at the next moving items by file: where the old lock has gone they are DONE; where nothing
 * takes its place any more they are PENDING again.
 */
export async function followItems(
  tx: Tx,
  jobId: bigint,
  after: DidId,
  limit: number,
): Promise<Arrivals> {
  const { count, bytes, ...page } = await only<Touched & { seen: number; last: bigint | null }>(
    tx,
    sql`WITH page AS MATERIALIZED (
        SELECT i.did_id, i.rse_id, i.rule_id FROM job_items i
         WHERE i.job_id = ${jobId}::bigint AND i.state = ${lit(MOVING)} AND i.did_id > ${after}::bigint
         ORDER BY i.did_id, i.rse_id, i.rule_id LIMIT ${lit(limit)}),
      seen AS MATERIALIZED (
        SELECT p.*,
               EXISTS (SELECT FROM locks l WHERE l.did_id = p.did_id AND l.rse_id = p.rse_id
                          AND (l.rule_id + 0) = p.rule_id OFFSET 0) AS stands,
               EXISTS (SELECT FROM lock_moves m WHERE m.did_id = p.did_id AND m.rse_id = p.rse_id
                          AND (m.rule_id + 0) = p.rule_id OFFSET 0) AS moves
          FROM page p),
      settled AS (
        UPDATE job_items i SET state = CASE WHEN s.stands THEN ${lit(PENDING)}::"char" ELSE ${lit(DONE)}::"char" END
          FROM seen s
         WHERE i.job_id = ${jobId}::bigint AND i.did_id = s.did_id AND i.rse_id = s.rse_id
           AND i.rule_id = s.rule_id AND i.state = ${lit(MOVING)} AND NOT (s.stands AND s.moves)
        RETURNING i.bytes, i.state),
      ended AS (SELECT bytes FROM settled WHERE state = ${lit(DONE)})
      SELECT (SELECT count(*)::int FROM page) AS seen, (SELECT max(did_id) FROM page) AS last,
             e.* FROM (${touched(sql`ended`)}) e`,
  );
  return { ...page, done: { count, bytes } };
}

/** Whether a job has items in one of these states. */
export async function hasItems(tx: Tx, jobId: bigint, state: JobItemState): Promise<boolean> {
  const found = await one(
    tx,
    sql`SELECT FROM job_items WHERE job_id = ${jobId} AND state = ${lit(state)} LIMIT 1`,
  );
  return found !== undefined;
}
