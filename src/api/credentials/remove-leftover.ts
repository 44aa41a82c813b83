import { type Principal } from '../../accounts/index.js';
import { type Database } from '../../db/index.js';
import { type Log } from '../../log/index.js';
import { mayRegisterReplicas } from '../../policy/index.js';
import { type StorageRegistry } from '../../protocols/index.js';
import { claimRemoval, endRemoval, lockUploadedCopy } from '../../replicas/index.js';
import { ReplicaState } from '../../vocabulary/index.js';
import { isTaken, type SignedFile } from './signed-file.js';

export interface LeftoverContext {
  readonly db: Database;
  readonly storages: StorageRegistry;
  readonly log: Log;
  readonly now: Date;
}

/** Longer than the call below may take. */
const CLAIM_MS = 60_000;
const CALL_MS = 30_000;

/**
 * Removes what a failed upload left at a path, or the client believes that the file is there already
 * and never says that it is. A leftover has no copy that the catalogue counts on, no transfer on its
 * way, and no upload by another account. Only who may write there removes it, and only what is known
 * to be an upload's: a copy of one of the caller's files that still waits for its bytes, or a path
 * that the caller was given a URL to write to. What else stands there is left alone: perhaps somebody
 * is about to register it. The claim keeps an upload from ending while its bytes go.
 */
export async function removeLeftover(
  { db, storages, log, now }: LeftoverContext,
  caller: Principal,
  file: SignedFile,
): Promise<void> {
  if (isTaken(file) || !mayRegisterReplicas(caller, file.writer)) return;
  const driver = storages.driver(file.endpoint, { signal: AbortSignal.timeout(CALL_MS) });
  const where = { rseId: file.rse.id, path: file.path };
  try {
    // Most often nothing is there, and nothing has to be claimed.
    if ((await driver.stat(file.path)) === null) return;
    const { accountId } = caller;
    const until = new Date(now.getTime() + CLAIM_MS);
    const claimed = await db.tx(async (tx) => {
      const known = file.own && file.state === ReplicaState.COPYING;
      if (!(await claimRemoval(tx, where, { accountId, now, until, known }))) return false;
      if (file.didId === undefined) return true;
      const copy = await lockUploadedCopy(tx, file.didId, file.rse.id);
      if (!isTaken({ state: copy?.state }) && !copy?.requested) return true;
      await endRemoval(tx, where);
      return false;
    });
    if (!claimed) return;
    await driver.remove(file.path);
    await db.tx((tx) => endRemoval(tx, where));
    log.info({ rse: file.rse.name, path: file.path }, 'the leftover of an upload is removed');
  } catch (error) {
    // The client will meet the storage itself, and say what it thinks of it.
    log.warn(
      { rse: file.rse.name, path: file.path, err: error },
      'a leftover could not be removed',
    );
  }
}
