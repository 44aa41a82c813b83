import { lit, one, rows, sql, type Sql, type Tx } from '../db/index.js';
import { SubscriptionNotFound } from '../errors/index.js';
import { type DidId, type DidName, type DidType, TaskState } from '../vocabulary/index.js';
import { contentOf } from './task-told.sql.js';

/** A task, or a group that waits to become one. */
export interface TaskRow {
  readonly id: bigint;
  /** Null while it waits. */
  readonly number: number | null;
  readonly state: TaskState;
  readonly attempts: number;
  /** What its DIDs have in common; empty where nothing. */
  readonly key: string;
  readonly dids: number;
  readonly files: bigint;
  readonly bytes: bigint;
  readonly consumer: string | null;
  readonly externalId: string | null;
  readonly error: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly flushAt: Date | null;
  readonly leaseUntil: Date | null;
}

/** A task with the names of its DIDs, as its event has them; null where they are too many. */
export interface FullTask extends TaskRow {
  readonly content: readonly object[] | null;
}

const columns = sql`t.id, t.number, t.state, t.attempts, t.group_key AS key, t.dids, t.files, t.bytes,
  t.consumer, t.external_id AS "externalId", t.error, t.created_at AS "createdAt",
  t.updated_at AS "updatedAt", t.flush_at AS "flushAt", t.lease_until AS "leaseUntil"`;

/** Tasks of these ids, with their DIDs, in the order of their numbers. */
export const tasksById = (tx: Tx, ids: readonly bigint[]): Promise<FullTask[]> =>
  rows<FullTask>(
    tx,
    sql`SELECT ${columns}, ${contentOf} AS content FROM subscription_tasks t WHERE t.id = ANY(${[...ids]}::bigint[])
        ORDER BY t.number`,
  );

const noTask = (number: number): SubscriptionNotFound =>
  new SubscriptionNotFound(`The subscription has no task ${number}`, { task: number });

/** One task, held until the transaction ends. Throws SubscriptionNotFound. */
export async function holdTask(tx: Tx, subscriptionId: number, number: number): Promise<TaskRow> {
  const found = await one<TaskRow>(
    tx,
    sql`SELECT ${columns} FROM subscription_tasks t
        WHERE t.subscription_id = ${subscriptionId} AND t.number = ${number} FOR NO KEY UPDATE`,
  );
  if (found) return found;
  throw noTask(number);
}

/** One task with its DIDs. Throws SubscriptionNotFound. */
export async function findTask(tx: Tx, subscriptionId: number, number: number): Promise<FullTask> {
  const found = await one<FullTask>(
    tx,
    sql`SELECT ${columns}, ${contentOf} AS content FROM subscription_tasks t
        WHERE t.subscription_id = ${subscriptionId} AND t.number = ${number}`,
  );
  if (found) return found;
  throw noTask(number);
}

const PAGE = 500;
const DIDS_PAGE = 5000;
type Read = <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;

/**
 * Tasks of a subscription, of one state or of all, in the order of their numbers; then, where they are
 * asked for, groups that wait. Page by page, each a short statement of its own.
 */
export async function* listTasks(
  read: Read,
  subscriptionId: number,
  state?: TaskState,
): AsyncGenerator<TaskRow> {
  const ofState = state === undefined ? sql`true` : sql`t.state = ${lit(state)}`;
  const waits = sql`t.state = ${lit(TaskState.WAITING)}`;
  if (state !== TaskState.WAITING) {
    for (let after = 0; ;) {
      const where = sql`t.number > ${after} AND ${ofState}`;
      const page = await read((tx) => taskPage(tx, subscriptionId, where, sql`t.number`));
      yield* page;
      const last = page.at(-1)?.number;
      if (last === undefined || last === null || page.length < PAGE) break;
      after = last;
    }
  }
  if (state !== undefined && state !== TaskState.WAITING) return;
  for (let after = 0n; ;) {
    const where = sql`t.id > ${after}::bigint AND ${waits}`;
    const page = await read((tx) => taskPage(tx, subscriptionId, where, sql`t.id`));
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    after = last.id;
  }
}

const taskPage = (tx: Tx, subscriptionId: number, where: Sql, order: Sql): Promise<TaskRow[]> =>
  rows<TaskRow>(
    tx,
    sql`SELECT ${columns} FROM subscription_tasks t
        WHERE t.subscription_id = ${subscriptionId} AND ${where} ORDER BY ${order} LIMIT ${lit(PAGE)}`,
  );

/** A DID of a task. */
export interface TaskDid extends DidName {
  readonly id: DidId;
  readonly type: DidType;
}

/** The DIDs of a task, by their ids, page by page; those that were erased since are left out. */
export async function* listTaskDids(read: Read, taskId: bigint): AsyncGenerator<TaskDid> {
  for (let after = 0n; ;) {
    const page = await read((tx) =>
      rows<TaskDid>(
        tx,
        sql`SELECT d.id, d.scope, d.name, d.type FROM subscription_task_dids m
              JOIN dids d ON d.id = m.did_id
             WHERE m.task_id = ${taskId}::bigint AND m.did_id > ${after}::bigint
             ORDER BY m.did_id LIMIT ${lit(DIDS_PAGE)}`,
      ),
    );
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < DIDS_PAGE) return;
    after = last.id;
  }
}
