import { Limits } from '../vocabulary/index.js';
import { type GroupBy } from './notify-action.js';

/** A DID on its way into a group. */
export interface Member {
  readonly id: bigint;
  /** At least one. */
  readonly files: bigint;
  readonly bytes: bigint;
  /** What it has in common with others of its group. */
  readonly key: string;
}

/** A group that waits to be full. */
export interface WaitingGroup {
  /** Null: it begins now. */
  readonly taskId: bigint | null;
  readonly key: string;
  readonly dids: number;
  readonly files: bigint;
  readonly bytes: bigint;
}

/** A group after some DIDs came. */
export interface Group extends WaitingGroup {
  /** Those that came. */
  readonly members: readonly bigint[];
  readonly isFull: boolean;
}

/**
 * Puts DIDs into groups, in their order: into the one that waits for their key, or into a new one. A
 * group never has more than `files` or `bytes` unless one DID alone does; one that has as much, or
 * that the next DID would not fit into, is full. Gives every group that something came into, or that
 * became full, in the order in which they became so. Pure.
 */
export function groupDids(
  members: readonly Member[],
  waiting: readonly WaitingGroup[],
  groupBy: GroupBy,
): Group[] {
  const open = new Map(waiting.map((group) => [group.key, draftOf(group)]));
  const full: Draft[] = [];
  for (const member of members) {
    let group = open.get(member.key) ?? draftOf({ ...EMPTY, key: member.key });
    if (group.dids > 0 && !fits(group, member, groupBy)) {
      full.push(group);
      group = draftOf({ ...EMPTY, key: member.key });
    }
    group.members.push(member.id);
    group.dids += 1;
    group.files += member.files;
    group.bytes += member.bytes;
    if (isReached(group, groupBy)) {
      full.push(group);
      open.delete(member.key);
    } else {
      open.set(member.key, group);
    }
  }
  const grown = [...open.values()].filter((group) => group.members.length > 0);
  return [
    ...full.map((group) => ({ ...group, isFull: true })),
    ...grown.map((group) => ({ ...group, isFull: false })),
  ];
}

const EMPTY = { taskId: null, dids: 0, files: 0n, bytes: 0n };

/** A group while DIDs are put into it. */
interface Draft extends WaitingGroup {
  dids: number;
  files: bigint;
  bytes: bigint;
  readonly members: bigint[];
}

const draftOf = (group: WaitingGroup): Draft => ({ ...group, members: [] });

function fits(group: Draft, { files, bytes }: Member, by: GroupBy): boolean {
  if (by.files !== null && group.files + files > BigInt(by.files)) return false;
  return by.bytes === null || group.bytes + bytes <= BigInt(by.bytes);
}

const isReached = ({ dids, files, bytes }: Draft, by: GroupBy): boolean =>
  dids >= Limits.taskDids ||
  (by.files !== null && files >= BigInt(by.files)) ||
  (by.bytes !== null && bytes >= BigInt(by.bytes));
