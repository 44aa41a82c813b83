import { type Config } from '../../config/index.js';
import { expireNext, releaseParents, rulesTerms } from '../../rules/index.js';
import { Channel } from '../../vocabulary/index.js';
import { type Reconciler } from '../runtime/index.js';

/**
 * A rule is to be removed if and only if it has expired, is not locked, and has no child rule that
 * is not OK yet. Its locks go in slices, a transaction each; with the last one the rule goes into
 * history; a parent whose child is OK waits no more. Removing takes away protection and nothing else: the reaper decides what is deleted.
 */
export function judgeCleaner(config: Config): Reconciler {
  return {
    name: 'judge-cleaner',
    wakeOn: [Channel.RULES],
    async reconcile(shift) {
      const { sliceLocks, ...terms } = rulesTerms(config, shift.now);
      await shift.db.tx((tx) => releaseParents(tx, shift.now));
      let [seen, done] = [0, 0];
      while (seen < shift.batch && !shift.signal.aborted) {
        const removal = await shift.db.tx((tx) =>
          expireNext(tx, { ...terms, locksMax: sliceLocks }),
        );
        if (!removal) return { seen, done, failed: 0, more: false };
        seen++;
        done += removal.rules;
      }
      return { seen, done, failed: 0, more: true };
    },
  };
}
