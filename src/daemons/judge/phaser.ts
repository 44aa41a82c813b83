import { type Config } from '../../config/index.js';
import { nextPhases, rulesTerms } from '../../rules/index.js';
import { type Reconciler } from '../runtime/index.js';

/**
 * A rule is to be looked at if and only if it has phases and the time of its next look has come
 * (phase_look_at): its phase has lasted as long as it should, or nobody has read the data for so long.
 * Beginning the next phase and taking over the wire id are one transaction; what the former phase
 * holds is released by the cleaner, once the next one is OK.
 */
export function judgePhaser(config: Config): Reconciler {
  return {
    name: 'judge-phaser',
    wakeOn: [],
    async reconcile(shift) {
      const terms = rulesTerms(config, shift.now);
      let [seen, done] = [0, 0];
      while (seen < shift.batch && !shift.signal.aborted) {
        const tally = await shift.db.tx((tx) => nextPhases(tx, terms));
        if (!tally) return { seen, done, failed: 0, more: false };
        seen += tally.seen;
        done += tally.begun;
      }
      return { seen, done, failed: 0, more: true };
    },
  };
}
