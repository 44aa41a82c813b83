import { bytesToFree } from '../daemons/reaper/free-space.js';
import { type Tx } from '../db/index.js';
import { type Did, findDid } from '../dids/index.js';
import { ReplicaNotFound } from '../errors/index.js';
import { type Copy, copiesOf, type GuardedCopy, guardsOf } from '../replicas/index.js';
import { findRse, type Rse } from '../rses/index.js';
import { type DidName, ReplicaState, type RseId } from '../vocabulary/index.js';
import {
  type CopyLock,
  type Declaration,
  declarationsOn,
  type DidFlags,
  flagsOf,
  type LiveRequest,
  locksOn,
  type PendingEvaluation,
  pendingEvaluation,
  requestFor,
} from './copy-facts.sql.js';
import { type Desk } from './rule-facts.js';
import { lastBeats } from './workers.js';

/** A copy by the names of its file and of its RSE. */
export interface CopyName extends DidName {
  readonly rse: string;
}

/** All that is told of one copy. */
export interface CopyFacts extends Desk {
  readonly did: Did;
  readonly rse: Rse;
  readonly copy: Copy;
  /** Other copies of the file that are good. */
  readonly others: number;
  /** Those of them that stay: nothing is to end them, or only while another one is there. */
  readonly lasting: number;
  readonly locks: readonly CopyLock[];
  readonly pending: PendingEvaluation | undefined;
  readonly guard: GuardedCopy | undefined;
  readonly flags: DidFlags | undefined;
  readonly request: LiveRequest | undefined;
  readonly declaration: Declaration | undefined;
  /** Rules hold the file at other RSEs. */
  readonly heldElsewhere: boolean;
  /** Bytes that the RSE has to give to have its MinFreeSpace. */
  readonly bytesWanted: bigint;
  readonly beats: ReadonlyMap<string, Date>;
}

/** Reads them. Throws RSENotFound, DataIdentifierNotFound, ReplicaNotFound. */
export async function readCopyFacts(tx: Tx, name: CopyName, desk: Desk): Promise<CopyFacts> {
  const rse = await findRse(tx, name.rse);
  const did = await findDid(tx, name);
  const copies = await copiesOf(tx, [did.id]);
  const copy = copies.find(({ rseId }) => rseId === rse.id);
  if (!copy) {
    throw new ReplicaNotFound(`${name.scope}:${name.name} has no replica at RSE '${name.rse}'`, {
      scope: name.scope,
      name: name.name,
      rse: name.rse,
    });
  }
  const others = copies.filter(
    ({ rseId, state }) => rseId !== rse.id && state === ReplicaState.AVAILABLE,
  );
  const guards = await guardsOf(tx, [did.id]);
  const guardAt = (at: RseId) => guards.find(({ rseId }) => rseId === at);
  const declarations = await declarationsOn(tx, did.id);
  return {
    ...desk,
    did,
    rse,
    copy,
    others: others.length,
    lasting: others.filter(({ rseId, tombstone }) => tombstone === null || guardAt(rseId)).length,
    locks: await locksOn(tx, did.id, rse.id),
    pending: await pendingEvaluation(tx, did.id),
    guard: copy.lockCnt === 0 ? guardAt(rse.id) : undefined,
    flags: await flagsOf(tx, did.id),
    request: await requestFor(tx, { didId: did.id, rseId: rse.id }),
    declaration: declarations.find(({ rseId }) => rseId === rse.id),
    heldElsewhere: copies.some(({ rseId, lockCnt }) => rseId !== rse.id && lockCnt > 0),
    bytesWanted: await bytesToFree(tx, rse),
    beats: await lastBeats(tx),
  };
}
