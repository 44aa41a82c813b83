import { execute, ring, rows, sql, type Tx } from '../../db/index.js';
import { type Deletion, forgetClaims, giveBackClaims, recallClaims } from '../../replicas/index.js';
import { cancelRequests, keepCancelled, wakeRequests } from '../../requests/index.js';
import { type Rse } from '../../rses/index.js';
import { confirmCopies } from '../../rules/index.js';
import { Channel, type CopyKey, type DidId, ReplicaState } from '../../vocabulary/index.js';
import { noteFreed } from './free-space.js';

/** The claim whose copies are settled. */
export interface Claim {
  readonly rse: Rse;
  readonly token: string;
  readonly now: Date;
}

const { AVAILABLE, TEMPORARY_UNAVAILABLE, UNAVAILABLE } = ReplicaState;

/**
 * The bytes are gone: forgets the copies, and sets those going that a rule has met meanwhile. Gives
 * how many were settled.
 */
export async function settleGone(
  tx: Tx,
  { rse, token }: Claim,
  deletions: readonly Deletion[],
): Promise<number> {
  if (deletions.length === 0) return 0;
  const didIds = deletions.map(({ didId }) => didId);
  const { files, bytes } = await forgetClaims(tx, { rseId: rse.id, token }, didIds, deletions);
  await noteFreed(tx, rse, bytes);
  // All forgotten: a rule has met none of them.
  if (files === didIds.length) return files;
  return files + (await recall(tx, rse, didIds));
}

/** Copies in deletion that a rule waits for become COPYING, their requests QUEUED. */
async function recall(tx: Tx, rse: Rse, didIds: readonly DidId[]): Promise<number> {
  const met = await rows(
    tx,
    sql`WITH recalled AS (${recallClaims(rse.id, didIds)}),
          woken AS (${wakeRequests(sql`SELECT did_id, rse_id FROM recalled`)})
        SELECT did_id FROM recalled`,
  );
  if (met.length > 0) await ring(tx, Channel.REQUESTS);
  return met.length;
}

export interface Kept {
  /** What the copies were before the claim. */
  readonly state: ReplicaState;
  /** Of those that nothing locks: when they are due again. */
  readonly tombstone: Date;
}

/**
 * The bytes stay: gives the copies back as they were. Those that a rule has met meanwhile are what it
 * wanted (AVAILABLE: its locks are OK), are waited for anew (UNAVAILABLE), or are left to the
 * necromancer (BAD).
 */
export async function settleKept(
  tx: Tx,
  { rse, token, now }: Claim,
  didIds: readonly DidId[],
  { state, tombstone }: Kept,
): Promise<void> {
  if (didIds.length === 0) return;
  if (state === UNAVAILABLE) await recall(tx, rse, didIds);
  const back = { rseId: rse.id, token, state, tombstone };
  const met = await giveBackClaims(tx, back, didIds);
  if (met.length === 0) return;
  await cancel(tx, met, now);
  if (state === AVAILABLE || state === TEMPORARY_UNAVAILABLE) await confirmCopies(tx, met, now);
  else await ring(tx, Channel.BAD_REPLICAS);
}

/** What a rule waited for has never left: its request is not needed. */
async function cancel(tx: Tx, copies: readonly CopyKey[], now: Date): Promise<void> {
  const pairs = sql`SELECT * FROM unnest(${copies.map(({ didId }) => didId)}::bigint[],
                                         ${copies.map(({ rseId }) => rseId)}::int[]) k(did_id, rse_id)`;
  await execute(
    tx,
    sql`WITH cancelled AS (${cancelRequests(pairs)})
        ${keepCancelled(sql`SELECT * FROM cancelled`, now)}`,
  );
}
