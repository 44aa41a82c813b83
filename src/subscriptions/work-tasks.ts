import { type Tx } from '../db/index.js';
import { type FullTask, holdTask, tasksById } from './list-tasks.sql.js';
import { demandTransition, type TaskWish } from './task-transition.js';
import {
  flushGroups,
  holdTaskCount,
  subscriptionsToFlush,
  takeTasks,
  type TaskClaim,
  type TaskWrite,
  writeTask,
} from './task.sql.js';

/** Gives a consumer up to so many NEW tasks, which are ASSIGNED then, in the order of their numbers. */
export async function claimTasks(
  tx: Tx,
  subscriptionId: number,
  claim: TaskClaim,
): Promise<FullTask[]> {
  return await tasksById(tx, await takeTasks(tx, subscriptionId, claim));
}

/** What a consumer says of a task. */
export type TaskChange = TaskWrite & TaskWish;

/**
 * Sets the state of a task, and gives it as it is then. Throws SubscriptionNotFound where there is no
 * such task, UnsupportedStatus and UnsupportedOperation as demandTransition does.
 */
export async function changeTask(
  tx: Tx,
  subscriptionId: number,
  number: number,
  change: TaskChange,
): Promise<FullTask> {
  const task = await holdTask(tx, subscriptionId, number);
  demandTransition({ ...task, number }, change);
  await writeTask(tx, task.id, task.state, change);
  const [written] = await tasksById(tx, [task.id]);
  return written ?? { ...task, content: null };
}

/** Groups that are not full become tasks all the same; gives how many. */
export async function flushTasks(tx: Tx, subscriptionId: number, now: Date): Promise<number> {
  const taskCount = await holdTaskCount(tx, subscriptionId);
  return await flushGroups(tx, subscriptionId, { now, taskCount, dueOnly: false });
}

/** The same for every group whose time to wait is over, of up to 100 subscriptions. */
export async function flushDueTasks(tx: Tx, now: Date): Promise<number> {
  let flushed = 0;
  for (const id of await subscriptionsToFlush(tx, now)) {
    const taskCount = await holdTaskCount(tx, id);
    flushed += await flushGroups(tx, id, { now, taskCount, dueOnly: true });
  }
  return flushed;
}
