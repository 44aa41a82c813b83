import { type FullTask, type TaskDid, type TaskRow } from '../../subscriptions/index.js';
import { DidTypeCodec, TaskStateCodec } from '../../vocabulary/index.js';

/** A task in a list. */
export const presentTask = (task: TaskRow) => ({
  task: task.number,
  state: TaskStateCodec.name(task.state),
  attempts: task.attempts,
  key: task.key === '' ? null : task.key,
  did_count: task.dids,
  files: task.files,
  bytes: task.bytes,
  consumer: task.consumer,
  external_id: task.externalId,
  error: task.error,
  created_at: task.createdAt,
  updated_at: task.updatedAt,
  lease_until: task.leaseUntil,
  ...(task.flushAt !== null && { flush_at: task.flushAt }),
});

/** A task with its DIDs. */
export const presentFullTask = (task: FullTask) => ({ ...presentTask(task), dids: task.content });

/** A DID of a task. */
export const presentTaskDid = ({ scope, name, type }: TaskDid) => ({
  scope,
  name,
  did_type: DidTypeCodec.name(type),
});
