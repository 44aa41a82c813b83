import { lit, sql, type Tx } from '../db/index.js';
import { causeUnknown, forgetCauses, isOfRule, retryAtOnce } from '../locks/index.js';
import { countLocksAnew, reopenCopies, scheduleRepair, stickCopies } from '../rules/index.js';
import { type Cause, LockState } from '../vocabulary/index.js';
import { byFile, type Check, type Denial, denials, type DoctorTerms } from './check.js';
import { copiesOf, holdTheLocks, locks, locksOf, rulesOf, theLock } from './holds.js';

/** Copies that nobody brings: their locks are stuck, and tried again at once. */
export async function stickAll(
  tx: Tx,
  found: readonly Denial[],
  cause: Cause,
  terms: DoctorTerms,
): Promise<void> {
  const copies = copiesOf(found);
  await reopenCopies(tx, copies, terms.now);
  const failures = copies.map((copy) => ({ ...copy, cause, error: found[0]?.fact ?? null }));
  await stickCopies(tx, failures, retryAtOnce(terms.now));
}

const isStuck = sql`l.state = ${lit(LockState.STUCK)}`;

export const stuckWithoutCause: Check = {
  name: 'stuck-without-cause',
  says: 'a stuck lock has its cause, and with it a time to be tried again',
  remedy: 'it is tried again at once',
  walk: locks,
  denials: (within) =>
    denials(
      { ...theLock, fact: sql`'is stuck and would never be tried again'` },
      sql`locks l WHERE ${within(sql`l.did_id`)} AND ${isStuck} AND NOT EXISTS (
            SELECT FROM stuck_locks s WHERE s.did_id = l.did_id AND s.rse_id = l.rse_id
               AND ${isOfRule(sql`s`, sql`l.rule_id`)})`,
    ),
  hold: holdTheLocks,
  mend: async (tx, found, terms) => {
    await causeUnknown(tx, locksOf(found), retryAtOnce(terms.now));
    await countLocksAnew(tx, rulesOf(found), terms.now);
    await scheduleRepair(tx, rulesOf(found));
  },
};

export const causeWithoutLock: Check = {
  name: 'cause-without-lock',
  says: 'a cause is of a lock that waits or is stuck',
  remedy: 'the cause goes',
  walk: byFile(sql`stuck_locks`),
  denials: (within) =>
    denials(
      {
        key: sql`s.did_id`,
        did: sql`s.did_id`,
        rse: sql`s.rse_id`,
        rule: sql`s.rule_id`,
        fact: sql`format('%s, but %s', s.cause, CASE WHEN l.did_id IS NULL THEN 'there is no lock' ELSE 'the lock is OK' END)`,
      },
      sql`stuck_locks s LEFT JOIN locks l ON l.did_id = s.did_id AND l.rse_id = s.rse_id
             AND ${isOfRule(sql`l`, sql`s.rule_id`)}
          WHERE ${within(sql`s.did_id`)} AND (l.did_id IS NULL OR l.state = ${lit(LockState.OK)})`,
    ),
  hold: holdTheLocks,
  mend: async (tx, found) => {
    await forgetCauses(tx, locksOf(found));
  },
};
