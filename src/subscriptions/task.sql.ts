import { execute, lit, lits, one, rows, sql, type Sql, type Tx } from '../db/index.js';
import { type DidId, TaskState } from '../vocabulary/index.js';
import { type WaitingGroup } from './group-dids.js';
import { tellTasks } from './task-told.sql.js';

const { WAITING, NEW, ASSIGNED, RUNNING, DONE } = TaskState;

/**
 * Makes this transaction the only one that groups DIDs of a subscription until it ends. Gives the
 * number of its last task.
 */
export async function holdTaskCount(tx: Tx, subscriptionId: number): Promise<number> {
  const held = await one<{ taskCount: number }>(
    tx,
    sql`SELECT task_count AS "taskCount" FROM subscriptions WHERE id = ${subscriptionId}
        FOR NO KEY UPDATE`,
  );
  return held?.taskCount ?? 0;
}

/** Those of these DIDs that the subscription has in a group already. */
export async function groupedDids(
  tx: Tx,
  subscriptionId: number,
  ids: readonly DidId[],
): Promise<ReadonlySet<DidId>> {
  const found = await rows<{ didId: DidId }>(
    tx,
    sql`SELECT did_id AS "didId" FROM subscription_task_dids
        WHERE subscription_id = ${subscriptionId} AND did_id = ANY(${[...ids]}::bigint[])`,
  );
  return new Set(found.map(({ didId }) => didId));
}

/** The groups of these keys that are not full yet, one a key. */
export const waitingGroups = (
  tx: Tx,
  subscriptionId: number,
  keys: readonly string[],
): Promise<WaitingGroup[]> =>
  rows<WaitingGroup>(
    tx,
    sql`SELECT id AS "taskId", group_key AS key, dids, files, bytes FROM subscription_tasks
        WHERE subscription_id = ${subscriptionId} AND state = ${lit(WAITING)}
          AND group_key = ANY(${[...keys]}::text[])`,
  );

/** Ids for rows that are to be inserted. */
export async function newTaskIds(tx: Tx, count: number): Promise<bigint[]> {
  const found = await rows<{ id: bigint }>(
    tx,
    sql`SELECT nextval(pg_get_serial_sequence('subscription_tasks', 'id')) AS id
          FROM generate_series(1, ${count}::int)`,
  );
  return found.map(({ id }) => id);
}

/** A group as it is to be stored. */
export interface StoredGroup {
  readonly taskId: bigint;
  /** Whether there is no row of it yet. */
  readonly begins: boolean;
  readonly key: string;
  /** Null: it waits. */
  readonly number: number | null;
  readonly dids: number;
  readonly files: bigint;
  readonly bytes: bigint;
  readonly members: readonly DidId[];
}

export interface GroupTerms {
  readonly subscriptionId: number;
  readonly now: Date;
  readonly flushAfterSeconds: number | null;
}

/** Writes groups, begun now or before, with the DIDs that came into them, and tells those with a number. */
export async function writeGroups(
  tx: Tx,
  groups: readonly StoredGroup[],
  { subscriptionId, now, flushAfterSeconds }: GroupTerms,
): Promise<void> {
  const begun = groups.filter(({ begins }) => begins);
  const grown = groups.filter(({ begins }) => !begins);
  // One that waits and becomes a task makes room for the next of its key: it is written first.
  await execute(
    tx,
    sql`UPDATE subscription_tasks t
           SET number = g.number, dids = g.dids, files = g.files, bytes = g.bytes,
               updated_at = ${now}::timestamptz, state = ${stateOf(sql`g.number`)},
               flush_at = CASE WHEN g.number IS NULL THEN t.flush_at END
          FROM ${groupRows(grown)}
         WHERE t.id = g.id AND t.state = ${lit(WAITING)}`,
  );
  await execute(
    tx,
    sql`INSERT INTO subscription_tasks (id, subscription_id, number, group_key, dids, files, bytes, state,
          created_at, updated_at, flush_at)
        OVERRIDING SYSTEM VALUE
        SELECT g.id, ${subscriptionId}::int, g.number, g.key, g.dids, g.files, g.bytes, ${stateOf(sql`g.number`)},
               ${now}::timestamptz, ${now}::timestamptz,
               CASE WHEN g.number IS NULL
                 THEN ${now}::timestamptz + make_interval(secs => ${flushAfterSeconds}::float8) END
          FROM ${groupRows(begun)} ORDER BY g.id`,
  );
  const members = groups.flatMap((group) => group.members.map((id) => [id, group.taskId] as const));
  await execute(
    tx,
    sql`INSERT INTO subscription_task_dids (did_id, task_id, subscription_id)
        SELECT m.did_id, m.task_id, ${subscriptionId}::int
          FROM unnest(${members.map(([id]) => id)}::bigint[], ${members.map(([, id]) => id)}::bigint[])
            AS m(did_id, task_id) ORDER BY m.did_id`,
  );
  const numbered = groups.filter(({ number }) => number !== null);
  await countTasks(tx, subscriptionId, numbered.length);
  await tellTasks(
    tx,
    numbered.map(({ taskId }) => taskId),
  );
}

const stateOf = (number: Sql): Sql =>
  sql`CASE WHEN ${number} IS NULL THEN ${lit(WAITING)} ELSE ${lit(NEW)} END::"char"`;

const groupRows = (groups: readonly StoredGroup[]): Sql => sql`
  unnest(${groups.map(({ taskId }) => taskId)}::bigint[], ${groups.map(({ number }) => number)}::int[],
         ${groups.map(({ key }) => key)}::text[], ${groups.map(({ dids }) => dids)}::int[],
         ${groups.map(({ files }) => files)}::bigint[], ${groups.map(({ bytes }) => bytes)}::bigint[])
    AS g(id, number, key, dids, files, bytes)`;

async function countTasks(tx: Tx, subscriptionId: number, more: number): Promise<void> {
  if (more === 0) return;
  await execute(
    tx,
    sql`UPDATE subscriptions SET task_count = task_count + ${more} WHERE id = ${subscriptionId}`,
  );
}

/**
 * Groups of a subscription that wait become tasks, in the order in which they were begun; gives how
 * many. Its count must be held.
 */
export async function flushGroups(
  tx: Tx,
  subscriptionId: number,
  { now, taskCount, dueOnly }: { now: Date; taskCount: number; dueOnly: boolean },
): Promise<number> {
  const due = dueOnly ? sql`AND t.flush_at <= ${now}::timestamptz` : sql``;
  const flushed = await rows<{ id: bigint }>(
    tx,
    sql`WITH due AS MATERIALIZED (
          SELECT t.id, (${taskCount}::int + row_number() OVER (ORDER BY t.id))::int AS number
            FROM subscription_tasks t
           WHERE t.subscription_id = ${subscriptionId} AND t.state = ${lit(WAITING)} ${due})
        UPDATE subscription_tasks t
           SET state = ${lit(NEW)}, number = due.number, flush_at = NULL,
               updated_at = ${now}::timestamptz
          FROM due WHERE t.id = due.id
        RETURNING t.id`,
  );
  await countTasks(tx, subscriptionId, flushed.length);
  await tellTasks(
    tx,
    flushed.map(({ id }) => id),
  );
  return flushed.length;
}

/** Subscriptions with a group whose time to wait is over; at most 100. */
export async function subscriptionsToFlush(tx: Tx, now: Date): Promise<number[]> {
  const found = await rows<{ id: number }>(
    tx,
    sql`SELECT DISTINCT subscription_id AS id FROM subscription_tasks
        WHERE state = ${lit(WAITING)} AND flush_at IS NOT NULL AND flush_at <= ${now}::timestamptz
        ORDER BY 1 LIMIT ${lit(100)}`,
  );
  return found.map(({ id }) => id);
}

/** Who takes tasks, how many, and for how long. */
export interface TaskClaim {
  readonly count: number;
  readonly consumer: string | null;
  /** Null: until its state is set. */
  readonly leaseSeconds: number | null;
  readonly now: Date;
}

/** Tasks that one claim takes at most. */
const CLAIM_MAX = 100;

/** NEW tasks, the lowest numbers first, become ASSIGNED. Gives their ids; two never take the same. */
export async function takeTasks(
  tx: Tx,
  subscriptionId: number,
  { count, consumer, leaseSeconds, now }: TaskClaim,
): Promise<bigint[]> {
  const taken = await rows<{ id: bigint }>(
    tx,
    sql`WITH picked AS MATERIALIZED (
          SELECT id FROM subscription_tasks
           WHERE subscription_id = ${subscriptionId} AND state = ${lit(NEW)}
           ORDER BY number LIMIT least(${count}::int, ${lit(CLAIM_MAX)}) FOR NO KEY UPDATE SKIP LOCKED)
        UPDATE subscription_tasks t
           SET state = ${lit(ASSIGNED)}, consumer = ${consumer}, attempts = t.attempts + 1,
               updated_at = ${now}::timestamptz,
               lease_until = ${now}::timestamptz + make_interval(secs => ${leaseSeconds}::float8)
          FROM picked WHERE t.id = picked.id
        RETURNING t.id`,
  );
  return taken.map(({ id }) => id);
}

/** What a task is to be like. Undefined stays as it is. */
export interface TaskWrite {
  readonly state: TaskState;
  readonly consumer?: string | undefined;
  readonly externalId?: string | undefined;
  readonly error?: string | undefined;
  readonly leaseSeconds?: number | undefined;
  readonly now: Date;
}

/** Writes a task that is held and in the state `from`. */
export async function writeTask(
  tx: Tx,
  id: bigint,
  from: TaskState,
  { state, consumer, externalId, error, leaseSeconds, now }: TaskWrite,
): Promise<void> {
  const working = state === ASSIGNED || state === RUNNING;
  const begins = working && from === NEW;
  await execute(
    tx,
    sql`UPDATE subscription_tasks
           SET state = ${lit(state)}, updated_at = ${now}::timestamptz,
               attempts = attempts + ${begins ? 1 : 0},
               consumer = ${state === NEW ? sql`NULL` : sql`coalesce(${consumer ?? null}, consumer)`},
               external_id = coalesce(${externalId ?? null}, external_id),
               error = ${state === DONE ? sql`NULL` : sql`coalesce(${error ?? null}, error)`},
               lease_until = ${working ? leaseOf(leaseSeconds, now) : sql`NULL`}
         WHERE id = ${id} AND state = ${lit(from)}`,
  );
  if (state === NEW && from !== NEW) await tellTasks(tx, [id]);
}

const leaseOf = (seconds: number | undefined, now: Date): Sql =>
  seconds === undefined
    ? sql`lease_until`
    : sql`${now}::timestamptz + make_interval(secs => ${seconds}::float8)`;

/** Tasks that their consumer has not said anything of until their lease ended are NEW again. */
export async function returnLapsedTasks(tx: Tx, now: Date, limit: number): Promise<number> {
  const returned = await rows<{ id: bigint }>(
    tx,
    sql`WITH lapsed AS MATERIALIZED (
          SELECT id FROM subscription_tasks
           WHERE lease_until IS NOT NULL AND lease_until <= ${now}::timestamptz
             AND state IN (${lits([ASSIGNED, RUNNING])})
           ORDER BY lease_until LIMIT ${lit(limit)} FOR NO KEY UPDATE SKIP LOCKED)
        UPDATE subscription_tasks t
           SET state = ${lit(NEW)}, lease_until = NULL, updated_at = ${now}::timestamptz,
               error = 'the lease of ' || coalesce(t.consumer, 'its consumer') || ' ended', consumer = NULL
          FROM lapsed WHERE t.id = lapsed.id
        RETURNING t.id`,
  );
  await tellTasks(
    tx,
    returned.map(({ id }) => id),
  );
  return returned.length;
}

/** Forgets tasks that were DONE before a moment, with what was in them; at most `limit`. */
export const forgetTasks = (tx: Tx, before: Date, limit: number): Promise<number> =>
  execute(
    tx,
    sql`WITH gone AS (
          DELETE FROM subscription_tasks WHERE id IN (
            SELECT id FROM subscription_tasks
             WHERE state = ${lit(DONE)} AND updated_at < ${before}::timestamptz
             ORDER BY updated_at LIMIT ${lit(limit)} FOR UPDATE SKIP LOCKED)
          RETURNING id),
        dids AS (DELETE FROM subscription_task_dids d USING gone WHERE d.task_id = gone.id)
        SELECT FROM gone`,
  );
