import { ring, type Tx } from '../db/index.js';
import {
  type AccountId,
  BadFileState,
  Channel,
  type CopyKey,
  ReplicaState,
} from '../vocabulary/index.js';
import { countOwnDeclarations, insertDeclarations } from './bad-replica.sql.js';
import { guardCopies } from './guarded-copy.sql.js';
import { type Copy, lockCopies, moveState, setTombstones } from './replica.sql.js';
import { EPOCH } from './tombstone.js';

/** Why copies are no good. */
export interface Badness {
  readonly reason: string;
  /** A code of the vocabulary's Cause: set where we ourselves saw it. */
  readonly cause?: string;
  /** Who says so; absent where we ourselves saw it. */
  readonly accountId?: AccountId;
  /** Default: the machine's clock. */
  readonly now?: Date;
  /** How many copies of one RSE we may declare bad by ourselves in 24 hours. */
  readonly ownDailyMax?: number;
}

/** What became of a declaration. */
export interface Declared {
  /** Bad now, and not before. */
  readonly bad: readonly Copy[];
  /** Bad already. */
  readonly known: readonly Copy[];
  /** Beyond the blast-radius limit: recorded as suspicious, still used. */
  readonly suspected: readonly Copy[];
  /** No such copy, or one that is being deleted. */
  readonly missing: readonly CopyKey[];
}

const DAY_MS = 86_400_000;
const OWN_DAILY_MAX = 1000;

/**
 * Declares copies bad, by an authorised account or by what we ourselves have read; never by a trace.
 * They are no source any more. Unlocked ones are due at once, but may not be the last to go
 * (guarded); for locked ones the doorbell wakes the necromancer, which turns their locks back and
 * orders a new copy. Our own declarations stop at a blast radius a day and RSE: a storage that lies
 * about everything for an hour must not cost every copy it has.
 */
export async function declareBad(
  tx: Tx,
  copies: readonly CopyKey[],
  badness: Badness,
): Promise<Declared> {
  const found = await lockCopies(tx, copies);
  const known = found.filter(({ state }) => state === ReplicaState.BAD);
  const candidates = found.filter(
    ({ state }) => state !== ReplicaState.BAD && state !== ReplicaState.BEING_DELETED,
  );
  const { bad, suspected } = await withinBlastRadius(tx, candidates, badness);
  if (suspected.length > 0) {
    await insertDeclarations(tx, suspected, row(badness, BadFileState.SUSPICIOUS));
  }
  if (bad.length > 0) await condemn(tx, bad, badness);
  const keys = new Set([...known, ...candidates].map(keyOf));
  return { bad, known, suspected, missing: copies.filter((copy) => !keys.has(keyOf(copy))) };
}

/**
 * Records that somebody suspects these copies. Nothing changes about the copies themselves. Gives
 * those that exist.
 */
export async function suspectCopies(
  tx: Tx,
  copies: readonly CopyKey[],
  doubt: { readonly reason: string; readonly accountId: AccountId },
): Promise<Copy[]> {
  const found = await lockCopies(tx, copies);
  await insertDeclarations(tx, found, row(doubt, BadFileState.SUSPICIOUS));
  return found;
}

async function condemn(tx: Tx, bad: readonly Copy[], badness: Badness): Promise<void> {
  const { UNAVAILABLE, COPYING, AVAILABLE, TEMPORARY_UNAVAILABLE } = ReplicaState;
  await moveState(tx, bad, {
    from: [AVAILABLE, UNAVAILABLE, COPYING, TEMPORARY_UNAVAILABLE],
    to: ReplicaState.BAD,
  });
  await insertDeclarations(tx, bad, row(badness, BadFileState.BAD));
  const unlocked = bad.filter(({ lockCnt }) => lockCnt === 0);
  await setTombstones(tx, unlocked, EPOCH);
  await guardCopies(tx, unlocked, 'bad declaration');
  await ring(tx, Channel.BAD_REPLICAS);
}

async function withinBlastRadius(
  tx: Tx,
  candidates: readonly Copy[],
  { accountId, now = new Date(), ownDailyMax = OWN_DAILY_MAX }: Badness,
): Promise<{ bad: Copy[]; suspected: Copy[] }> {
  if (accountId !== undefined) return { bad: [...candidates], suspected: [] };
  const left = new Map<number, number>();
  for (const rseId of new Set(candidates.map((copy) => copy.rseId))) {
    const since = new Date(now.getTime() - DAY_MS);
    left.set(rseId, ownDailyMax - (await countOwnDeclarations(tx, rseId, since)));
  }
  const bad: Copy[] = [];
  const suspected: Copy[] = [];
  for (const copy of candidates) {
    const room = left.get(copy.rseId) ?? 0;
    left.set(copy.rseId, room - 1);
    (room > 0 ? bad : suspected).push(copy);
  }
  return { bad, suspected };
}

const keyOf = ({ didId, rseId }: CopyKey): string => `${didId}@${rseId}`;

const row = ({ reason, cause, accountId }: Badness, state: BadFileState) => ({
  state,
  reason,
  cause: cause ?? null,
  accountId: accountId ?? null,
});
