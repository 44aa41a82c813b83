import { type Config } from '../../config/index.js';
import { type MoveKey } from '../../locks/index.js';
import { expireNext, letGoNext, releaseParents, rulesTerms } from '../../rules/index.js';
import { Channel } from '../../vocabulary/index.js';
import { type Reconciler, type Shift } from '../runtime/index.js';

/** Locks on the move that are looked at in a transaction, and transactions of these a shift. */
const MOVES = 5000;
const PAGES = 4;
/** Rules of few locks that end in one transaction. */
const RULES = 100;

/**
 * A rule is to be removed if and only if it has expired, is not locked, and has no child rule that
 * is not OK yet. Its locks go in slices, a transaction each, those of rules of few locks together; with
 * the last one the rule goes into history; a parent whose child is OK waits no more.
 *
 * A lock is to be let go if and only if another was made to take its place and that one is OK. A shift
 * looks at some pages of these, and the next shift goes on behind them.
 *
 * Removing takes away protection and nothing else: the reaper decides what is deleted.
 */
export function judgeCleaner(config: Config): Reconciler {
  let after: MoveKey | undefined;
  const letGo = async (shift: Shift): Promise<number> => {
    let released = 0;
    for (let page = 0; page < PAGES && !shift.signal.aborted; page++) {
      const terms = rulesTerms(config, shift.now);
      const look = await shift.db.tx((tx) => letGoNext(tx, after, MOVES, terms));
      released += look.released;
      after = look.next;
      if (!after) break;
    }
    return released;
  };
  return {
    name: 'judge-cleaner',
    wakeOn: [Channel.RULES],
    async reconcile(shift) {
      const { sliceLocks, ...terms } = rulesTerms(config, shift.now);
      // Others wait for the copies that are let go: half a second at most, where a placement may take one.
      const locksMax = Math.ceil(sliceLocks / 2);
      await shift.db.tx((tx) => releaseParents(tx, shift.now));
      const released = await letGo(shift);
      let [seen, done] = [released, released];
      for (let left = shift.batch; left > 0 && !shift.signal.aborted;) {
        const rulesMax = Math.min(left, RULES);
        const removal = await shift.db.tx((tx) => expireNext(tx, { ...terms, locksMax, rulesMax }));
        if (!removal) return { seen, done, failed: 0, more: released > 0 };
        left -= Math.max(1, removal.rules);
        seen += Math.max(1, removal.rules);
        done += removal.rules;
      }
      return { seen, done, failed: 0, more: true };
    },
  };
}
