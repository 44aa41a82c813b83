import { sql } from '../db/index.js';
import { recountLocks } from '../replicas/index.js';
import { type Check, denials } from './check.js';
import { copiesOf, holdTheCopies, replicas, theCopy } from './holds.js';

export const lockCount: Check = {
  name: 'lock-count',
  says: 'a replica counts its locks',
  remedy: 'the locks are counted again; a copy that none holds stays where it is',
  derived: true,
  walk: replicas,
  denials: (within) =>
    denials(
      {
        ...theCopy,
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

export const lockedTombstone: Check = {
  ...lockCount,
  name: 'locked-tombstone',
  says: 'nothing that is locked has a tombstone',
  remedy: 'the tombstone goes, and the locks are counted again',
  denials: (within) =>
    denials(
      {
        ...theCopy,
        fact: sql`format('is due from %s on, and %s locks hold it', r.tombstone, n.locks)`,
      },
      sql`replicas r CROSS JOIN LATERAL (
            SELECT count(*) AS locks FROM locks l WHERE l.did_id = r.did_id AND l.rse_id = r.rse_id) n
          WHERE ${within(sql`r.did_id`)} AND r.tombstone IS NOT NULL AND n.locks > 0`,
    ),
};
