import { UnsupportedOperation, UnsupportedStatus } from '../errors/index.js';
import { TaskState, TaskStateCodec } from '../vocabulary/index.js';

const { NEW, ASSIGNED, RUNNING, DONE, FAILED, WAITING } = TaskState;

/** What a consumer may make of a task; what stays as it is only renews its lease. */
const NEXT: Readonly<Record<TaskState, readonly TaskState[]>> = {
  [WAITING]: [],
  [NEW]: [NEW, ASSIGNED, RUNNING, DONE, FAILED],
  [ASSIGNED]: [NEW, ASSIGNED, RUNNING, DONE, FAILED],
  [RUNNING]: [NEW, RUNNING, DONE, FAILED],
  [DONE]: [DONE],
  [FAILED]: [NEW, FAILED],
};

/** A task as far as its next state turns on it. */
export interface TaskHold {
  readonly number: number;
  readonly state: TaskState;
  /** Who works on it, where somebody said so. */
  readonly consumer: string | null;
}

/** What somebody wants to make of it. */
export interface TaskWish {
  readonly state: TaskState;
  /** What the caller believes it to be; undefined where that does not matter. */
  readonly from?: TaskState | undefined;
  /** Who asks; undefined is nobody in particular. */
  readonly consumer?: string | undefined;
}

/**
 * Throws UnsupportedStatus for a state that does not follow, UnsupportedOperation where it is not what
 * the caller believes, or somebody else's. Pure.
 */
export function demandTransition(task: TaskHold, wish: TaskWish): void {
  const name = TaskStateCodec.name(task.state);
  if (wish.from !== undefined && wish.from !== task.state) {
    throw new UnsupportedOperation(
      `Task ${task.number} is ${name}, not ${TaskStateCodec.name(wish.from)}`,
      { task: task.number, state: name },
    );
  }
  const next = NEXT[task.state];
  if (!next.includes(wish.state)) {
    const names = next.map((state) => TaskStateCodec.name(state)).join(', ');
    throw new UnsupportedStatus(
      `Task ${task.number} is ${name}, after which comes ${names}, not ${TaskStateCodec.name(wish.state)}`,
      { task: task.number, state: name },
    );
  }
  const { consumer } = wish;
  if (consumer === undefined || task.consumer === null || task.consumer === consumer) return;
  throw new UnsupportedOperation(`Task ${task.number} is ${name} by '${task.consumer}'`, {
    task: task.number,
    consumer: task.consumer,
  });
}
