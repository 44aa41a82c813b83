import { type Tx } from '../db/index.js';
import { type DescribedDid } from './described-did.js';
import { didSizes } from './did-sizes.js';
import { groupDids, type Member } from './group-dids.js';
import { type NotifyAction } from './notify-action.js';
import {
  groupedDids,
  holdTaskCount,
  newTaskIds,
  type StoredGroup,
  waitingGroups,
  writeGroups,
} from './task.sql.js';

/** What came of DIDs that were put into groups. */
export interface Collected {
  /** Those that were in none before. */
  readonly dids: number;
  /** Groups that became tasks. */
  readonly tasks: number;
}

/**
 * Puts DIDs into the groups of a subscription that notifies, each once for ever; groups that are full
 * become tasks and are told. A fixed number of statements, however many DIDs. Who groups for the same
 * subscription at the same time waits.
 */
export async function collectDids(
  tx: Tx,
  subscriptionId: number,
  { dids, notify, now }: { dids: readonly DescribedDid[]; notify: NotifyAction; now: Date },
): Promise<Collected> {
  const taskCount = await holdTaskCount(tx, subscriptionId);
  const ids = dids.map(({ id }) => id);
  const known = await groupedDids(tx, subscriptionId, ids);
  const fresh = dids.filter(({ id }) => !known.has(id));
  if (fresh.length === 0) return { dids: 0, tasks: 0 };
  const members = await membersOf(tx, fresh, notify.groupBy.key);
  const keys = [...new Set(members.map(({ key }) => key))];
  const waiting = await waitingGroups(tx, subscriptionId, keys);
  const groups = groupDids(members, waiting, notify.groupBy);
  const begun = groups.filter(({ taskId }) => taskId === null).length;
  const newIds = await newTaskIds(tx, begun);
  let number = taskCount;
  const stored = groups.map(({ isFull, taskId, ...group }): StoredGroup => ({
    ...group,
    begins: taskId === null,
    taskId: taskId ?? (newIds.shift() as bigint),
    number: isFull ? ++number : null,
  }));
  const { flushAfterSeconds } = notify;
  await writeGroups(tx, stored, { subscriptionId, now, flushAfterSeconds });
  return { dids: fresh.length, tasks: number - taskCount };
}

const KEY_MAX = 255;

async function membersOf(
  tx: Tx,
  dids: readonly DescribedDid[],
  key: string | null,
): Promise<Member[]> {
  const sizes = await didSizes(tx, dids);
  return [...dids]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map((did) => {
      const { length = 0n, bytes = 0n } = sizes.get(did.id) ?? {};
      return {
        id: did.id,
        files: length > 0n ? length : 1n,
        bytes,
        key: key === null ? '' : valueOf(did, key),
      };
    });
}

/** A key's value as one text; empty where it has none, whatever Python would call that. */
function valueOf(did: DescribedDid, key: string): string {
  const text = did.texts(key).join(',').slice(0, KEY_MAX);
  return text === 'None' ? '' : text;
}
