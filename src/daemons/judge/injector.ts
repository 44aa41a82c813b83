import { type Config } from '../../config/index.js';
import { injectNext, rulesTerms } from '../../rules/index.js';
import { Channel } from '../../vocabulary/index.js';
import { type Reconciler } from '../runtime/index.js';

/**
 * A rule is to be injected if and only if it is in INJECT, its delay is over and it does not expire
 * within five minutes. Each slice is a transaction that moves the rule's cursor, so whoever comes
 * next goes on where the last one ended, after a crash too.
 */
export function judgeInjector(config: Config): Reconciler {
  return {
    name: 'judge-injector',
    wakeOn: [Channel.INJECTION],
    async reconcile(shift) {
      const terms = rulesTerms(config, shift.now);
      let [seen, failed] = [0, 0];
      while (seen < shift.batch && !shift.signal.aborted) {
        const slice = await shift.db.tx((tx) => injectNext(tx, terms));
        if (!slice) return { seen, done: seen - failed, failed, more: false };
        seen++;
        if (slice.error) {
          failed++;
          shift.log.warn({ rule: slice.ruleUid, error: slice.error.message }, 'rule not placed');
        }
      }
      return { seen, done: seen - failed, failed, more: true };
    },
  };
}
