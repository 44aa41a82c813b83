import { type Config } from '../config/index.js';
import { type Tx } from '../db/index.js';
import { type TouchedDid, touchDids } from '../dids/index.js';
import { takeAccesses, type ToldAccess, touchCopies } from '../replicas/index.js';
import { type DidName } from '../vocabulary/index.js';
import { type Reconciler } from './runtime/index.js';

/** Accesses a transaction. */
const BATCH_MAX = 1000;

/**
 * An access is to be written down if and only if a trace told of it and nobody has yet: the copy that
 * was read, its file, the datasets that hold it or the one that is named, have been accessed then.
 * Taken and written by one transaction, so that a daemon that dies has neither. Nobody has checked
 * what a trace says: names that name nothing are passed over, and nothing but dates follows from it.
 */
export function kronos(config: Config): Reconciler {
  return {
    name: 'kronos',
    wakeOn: [],
    async reconcile({ db, batch, signal, now }) {
      const limit = Math.min(batch, BATCH_MAX);
      let seen = 0;
      let done = 0;
      while (seen < batch && !signal.aborted) {
        const { taken, touched } = await db.tx((tx) => writeDown(tx, config, { limit, now }));
        seen += taken;
        done += touched;
        if (taken < limit) return { seen, done, failed: 0, more: false };
      }
      return { seen, done, failed: 0, more: true };
    },
  };
}

async function writeDown(
  tx: Tx,
  config: Config,
  { limit, now }: { readonly limit: number; readonly now: Date },
): Promise<{ taken: number; touched: number }> {
  const { taken, accesses } = await takeAccesses(tx, limit);
  const copies = accesses.flatMap(({ file, rse, at }) =>
    file && rse ? [{ ...file, rse, at }] : [],
  );
  // DIDs before copies, as everybody takes them.
  let touched = await touchDids(tx, accesses.flatMap(didsOf));
  if (copies.length > 0) {
    const { tombstoneDelaySeconds } = config.replicas;
    touched += await touchCopies(tx, copies, now, tombstoneDelaySeconds);
  }
  return { taken, touched };
}

const didsOf = ({ file, dataset, at, times }: ToldAccess): TouchedDid[] =>
  [file, dataset].flatMap((did: DidName | null) => (did ? [{ ...did, at, times }] : []));
