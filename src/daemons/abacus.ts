import { foldAccountUsage } from '../accounts/index.js';
import { type Tx } from '../db/index.js';
import { foldCollections } from '../dids/index.js';
import { sortMetadataIndex } from '../metadata/index.js';
import { foldRseUsage } from '../rses/index.js';
import { type Reconciler } from './runtime/index.js';

/** Deltas a transaction. */
const BATCH_MAX = 5000;

const folds: readonly ((tx: Tx, limit: number) => Promise<number>)[] = [
  foldRseUsage,
  foldAccountUsage,
  foldCollections,
  sortMetadataIndex,
];

/**
 * A delta is to be folded if and only if it is there. Readers always sum the folded row and the open
 * deltas, so folding changes no answer: it keeps reading cheap. So it is with the index of own metadata.
 */
export function abacus(): Reconciler {
  return {
    name: 'abacus',
    wakeOn: [],
    async reconcile({ batch, db, signal }) {
      const limit = Math.min(batch, BATCH_MAX);
      let seen = 0;
      let more = false;
      for (const fold of folds) {
        if (signal.aborted) break;
        const folded = await db.tx((tx) => fold(tx, limit));
        seen += folded;
        more ||= folded === limit;
      }
      return { seen, done: seen, failed: 0, more };
    },
  };
}
