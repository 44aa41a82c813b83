import { type Config } from '../../config/index.js';
import {
  countDueDrift,
  lookAtExpressions,
  handOverDriftedNext,
  rulesTerms,
  sweepForDrift,
} from '../../rules/index.js';
import { Channel, type RuleId } from '../../vocabulary/index.js';
import { type Reconciler, type Shift } from '../runtime/index.js';

/**
 * A rule has drifted if and only if it has a lock at an RSE that its expression does not name now. It is
 * found when an expression names less than it did, and by a slow walk over all rules; it ends when the
 * RSE is named again or the last such lock is gone. Its copies are placed anew if and only if the rule's
 * policy says so (`sluice.repair.drift` of its meta is `replace`): new ones first, the old ones go when
 * those are OK.
 */
export function judgeDrifter(config: Config): Reconciler {
  let after: RuleId = -1n;
  return {
    name: 'judge-drifter',
    wakeOn: [Channel.RSES],
    async reconcile(shift) {
      const terms = rulesTerms(config, shift.now);
      const seen = await shift.db.tx((tx) => lookAtExpressions(tx, terms));
      const sweep = await shift.db.tx((tx) => sweepForDrift(tx, after, terms));
      after = sweep.next ?? -1n;
      const counted = await shift.db.tx((tx) => countDueDrift(tx, terms));
      const replaced = await replaceAll(shift, config);
      const done = seen + sweep.found + counted.changed + replaced.locks;
      return { seen: done, done, failed: 0, more: replaced.more || (counted.due > 0 && done > 0) };
    },
  };
}

/** Each rule is a transaction of at most a slice. */
async function replaceAll(
  shift: Shift,
  config: Config,
): Promise<{ readonly locks: number; readonly more: boolean }> {
  const terms = rulesTerms(config, shift.now);
  let locks = 0;
  for (let rules = 0; rules < shift.batch && !shift.signal.aborted; rules++) {
    const made = await shift.db.tx((tx) => handOverDriftedNext(tx, terms));
    if (!made) return { locks, more: false };
    locks += made.placed + made.released;
  }
  return { locks, more: true };
}
