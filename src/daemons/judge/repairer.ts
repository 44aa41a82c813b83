import { type Config } from '../../config/index.js';
import { repairNext, rulesTerms } from '../../rules/index.js';
import { type Reconciler } from '../runtime/index.js';

/**
 * A rule is to be repaired if and only if it is STUCK and its time has come (repair_at): a stuck lock
 * is due, or its placement is to be tried again. Each rule is a transaction of at most a slice.
 */
export function judgeRepairer(config: Config): Reconciler {
  return {
    name: 'judge-repairer',
    wakeOn: [],
    async reconcile(shift) {
      const terms = rulesTerms(config, shift.now);
      let seen = 0;
      while (seen < shift.batch && !shift.signal.aborted) {
        if (!(await shift.db.tx((tx) => repairNext(tx, terms)))) {
          return { seen, done: seen, failed: 0, more: false };
        }
        seen++;
      }
      return { seen, done: seen, failed: 0, more: true };
    },
  };
}
