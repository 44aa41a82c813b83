import { lit, lits, sql } from '../db/index.js';
import { causeUnknown, dropLocks, forgetCauses, isOfRule, retryAtOnce } from '../locks/index.js';
import { recountLocks, remakeCopies } from '../replicas/index.js';
import {
  chargeLocks,
  confirmCopies,
  countLocksAnew,
  reopenCopies,
  scheduleRepair,
  stickCopies,
} from '../rules/index.js';
import { Cause, DidType, LockState, ReplicaState } from '../vocabulary/index.js';
import { byFile, type Check, type Denial, denials, type DoctorTerms } from './check.js';
import { copiesOf, holdTheCopies, holdTheLocks, locksOf, rulesOf } from './holds.js';
import { type Tx } from '../db/index.js';

const { AVAILABLE, TEMPORARY_UNAVAILABLE, UNAVAILABLE } = ReplicaState;
const good = sql`(${lits([AVAILABLE, TEMPORARY_UNAVAILABLE])})`;
const locks = byFile(sql`locks`);
const replicas = byFile(sql`replicas`);
const theLock = {
  key: sql`l.did_id`,
  did: sql`l.did_id`,
  rse: sql`l.rse_id`,
  rule: sql`l.rule_id`,
};

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

const lockCount: Check = {
  name: 'lock-count',
  says: 'a replica counts its locks',
  remedy: 'the locks are counted again; a copy that none holds stays where it is',
  derived: true,
  walk: replicas,
  denials: (within) =>
    denials(
      {
        key: sql`r.did_id`,
        did: sql`r.did_id`,
        rse: sql`r.rse_id`,
        fact: sql`format('counts %s locks, has %s', r.lock_cnt, n.locks)`,
      },
      sql`replicas r CROSS JOIN LATERAL (
            SELECT count(*) AS locks FROM locks l WHERE l.did_id = r.did_id AND l.rse_id = r.rse_id) n
          WHERE ${within(sql`r.did_id`)} AND r.lock_cnt <> n.locks`,
    ),
  hold: holdTheCopies,
  mend: async (tx, found) => {
    await recountLocks(tx, copiesOf(found));
  },
};

const lockedTombstone: Check = {
  ...lockCount,
  name: 'locked-tombstone',
  says: 'nothing that is locked has a tombstone',
  remedy: 'the tombstone goes, and the locks are counted again',
  denials: (within) =>
    denials(
      {
        key: sql`r.did_id`,
        did: sql`r.did_id`,
        rse: sql`r.rse_id`,
        fact: sql`format('is due from %s on, and %s locks hold it', r.tombstone, n.locks)`,
      },
      sql`replicas r CROSS JOIN LATERAL (
            SELECT count(*) AS locks FROM locks l WHERE l.did_id = r.did_id AND l.rse_id = r.rse_id) n
          WHERE ${within(sql`r.did_id`)} AND r.tombstone IS NOT NULL AND n.locks > 0`,
    ),
};

const lockWithoutReplica: Check = {
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

/** Locks go; what they held, counted and were charged is put right from what is left. */
async function drop(tx: Tx, found: readonly Denial[], { now }: DoctorTerms): Promise<void> {
  const gone = await dropLocks(tx, locksOf(found));
  await recountLocks(tx, copiesOf(found));
  await chargeLocks(tx, gone, { files: -1, sign: -1 });
  await countLocksAnew(tx, rulesOf(found), now);
}

const lockWithoutRule: Check = {
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

const lockWithoutFile: Check = {
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

const lockState: Check = {
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

const isStuck = sql`l.state = ${lit(LockState.STUCK)}`;

const stuckWithoutCause: Check = {
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

const causeWithoutLock: Check = {
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

/** What holds copies. */
export const lockChecks: readonly Check[] = [
  lockCount,
  lockedTombstone,
  lockWithoutRule,
  lockWithoutFile,
  lockWithoutReplica,
  lockState,
  stuckWithoutCause,
  causeWithoutLock,
];
