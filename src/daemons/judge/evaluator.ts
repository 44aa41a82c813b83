import { type Config } from '../../config/index.js';
import { evaluateNext, rulesTerms } from '../../rules/index.js';
import { Channel } from '../../vocabulary/index.js';
import { type Reconciler } from '../runtime/index.js';

/**
 * A collection is to be evaluated if and only if it stands in updated_dids: something was attached to
 * it or detached from it, and the rules on it and above it have not been told. Each one is a
 * transaction, in slices where it is large, and several where they are small; evaluators take different
 * ones.
 */
export function judgeEvaluator(config: Config): Reconciler {
  return {
    name: 'judge-evaluator',
    wakeOn: [Channel.EVALUATION],
    async reconcile(shift) {
      const terms = rulesTerms(config, shift.now);
      let [seen, failed] = [0, 0];
      while (seen < shift.batch && !shift.signal.aborted) {
        const tally = await shift.db.tx((tx) => evaluateNext(tx, terms, shift.batch - seen));
        if (!tally) return { seen, done: seen, failed, more: false };
        seen += tally.evaluations;
        failed += tally.failedRules;
      }
      return { seen, done: seen, failed, more: true };
    },
  };
}
