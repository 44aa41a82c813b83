import { lit, lits, sql, type Tx } from '../db/index.js';
import { dropLocks } from '../locks/index.js';
import { recountLocks, remakeCopies } from '../replicas/index.js';
import { chargeLocks, confirmCopies, countLocksAnew, reopenCopies } from '../rules/index.js';
import { Cause, DidType, LockState, ReplicaState } from '../vocabulary/index.js';
import { type Check, type Denial, denials, type DoctorTerms } from './check.js';
import { copiesOf, holdTheLocks, locks, locksOf, rulesOf, theLock } from './holds.js';
import { stickAll } from './stuck-checks.js';

const { AVAILABLE, TEMPORARY_UNAVAILABLE, UNAVAILABLE } = ReplicaState;
const good = sql`(${lits([AVAILABLE, TEMPORARY_UNAVAILABLE])})`;

/** Locks go; what they held, counted and were charged is put right from what is left. */
async function drop(tx: Tx, found: readonly Denial[], { now }: DoctorTerms): Promise<void> {
  const gone = await dropLocks(tx, locksOf(found));
  await recountLocks(tx, copiesOf(found));
  await chargeLocks(tx, gone, { files: -1, sign: -1 });
  await countLocksAnew(tx, rulesOf(found), now);
}

export const lockWithoutRule: Check = {
  name: 'lock-without-rule',
  says: 'a lock has its rule',
  remedy: 'the lock goes; the copy stays, and nothing holds it unless another rule does',
  walk: locks,
  denials: (within) =>
    denials(
      { ...theLock, fact: sql`format('there is no rule #%s', l.rule_id)` },
      sql`locks l LEFT JOIN rules u ON u.id = l.rule_id WHERE ${within(sql`l.did_id`)} AND u.id IS NULL`,
    ),
  hold: holdTheLocks,
  mend: drop,
};

export const lockWithoutFile: Check = {
  name: 'lock-without-file',
  says: 'a lock is on a file',
  remedy: 'the lock goes, and its account is not charged for it any more',
  walk: locks,
  denials: (within) =>
    denials(
      { ...theLock, fact: sql`format('there is no file #%s', l.did_id)` },
      sql`locks l LEFT JOIN dids d ON d.id = l.did_id
          WHERE ${within(sql`l.did_id`)} AND d.type IS DISTINCT FROM ${lit(DidType.FILE)}`,
    ),
  hold: holdTheLocks,
  mend: drop,
};

export const lockWithoutReplica: Check = {
  name: 'lock-without-replica',
  says: 'a lock has its replica',
  remedy: 'the copy is in the catalogue again, UNAVAILABLE, and made anew from another one',
  walk: locks,
  denials: (within) =>
    denials(
      { ...theLock, fact: sql`'the catalogue has no such copy'` },
      sql`locks l JOIN dids d ON d.id = l.did_id AND d.type = ${lit(DidType.FILE)}
           LEFT JOIN replicas r ON r.did_id = l.did_id AND r.rse_id = l.rse_id
          WHERE ${within(sql`l.did_id`)} AND r.did_id IS NULL`,
    ),
  hold: holdTheLocks,
  mend: async (tx, found, terms) => {
    await countLocksAnew(tx, rulesOf(found), terms.now);
    await remakeCopies(tx, copiesOf(found), terms.now);
    await stickAll(tx, found, Cause.DEST_MISSING, terms);
  },
};

export const lockState: Check = {
  name: 'lock-state',
  says: 'a lock is OK if and only if its replica is good',
  remedy:
    'locks follow their copies: OK where one is good, else waiting or stuck, and then repaired',
  walk: locks,
  denials: (within) =>
    denials(
      { ...theLock, fact: sql`format('lock %s on a copy in state %s', l.state, r.state)` },
      sql`locks l JOIN replicas r ON r.did_id = l.did_id AND r.rse_id = l.rse_id
          WHERE ${within(sql`l.did_id`)} AND (l.state = ${lit(LockState.OK)}) <> (r.state IN ${good})`,
    ),
  hold: holdTheLocks,
  mend: async (tx, found, terms) => {
    await countLocksAnew(tx, rulesOf(found), terms.now);
    const isOn = (states: readonly string[]) => (denial: Denial) =>
      states.some((state) => denial.fact.endsWith(state));
    const arrived = found.filter(isOn([AVAILABLE, TEMPORARY_UNAVAILABLE]));
    const gone = found.filter(isOn([UNAVAILABLE]));
    const rest = found.filter((denial) => !arrived.includes(denial) && !gone.includes(denial));
    await confirmCopies(tx, copiesOf(arrived), terms.now);
    await stickAll(tx, gone, Cause.DEST_MISSING, terms);
    await reopenCopies(tx, copiesOf(rest), terms.now);
  },
};
