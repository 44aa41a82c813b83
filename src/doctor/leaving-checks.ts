import { lit, sql } from '../db/index.js';
import { dropGuardsOf, dueAgain, letUnreadableGo } from '../replicas/index.js';
import { ReplicaState } from '../vocabulary/index.js';
import { byFile, type Check, denials } from './check.js';
import { copiesOf, holdTheCopies, replicas, theCopy } from './holds.js';

// Copies that are to go, or should be.

const { BAD, BEING_DELETED, COPYING, UNAVAILABLE } = ReplicaState;

export const deletionWithoutLease: Check = {
  name: 'deletion-without-lease',
  says: 'a copy that is being deleted is somebody’s, or due again',
  remedy: 'it is due at once: the reaper looks whether its bytes are still there',
  walk: replicas,
  denials: (within) =>
    denials(
      { ...theCopy, fact: sql`'nobody deletes it, and nobody would ever look at it'` },
      sql`replicas r WHERE ${within(sql`r.did_id`)} AND r.state = ${lit(BEING_DELETED)}
            AND r.lock_cnt = 0 AND r.tombstone IS NULL`,
    ),
  hold: holdTheCopies,
  mend: async (tx, found) => {
    await dueAgain(tx, copiesOf(found));
  },
};

/** An upload that its client calls failed stays as the client left it. */
const failedHere = sql`r.state = ${lit(UNAVAILABLE)} AND EXISTS (
  SELECT FROM requests_history h WHERE h.did_id = r.did_id AND h.rse_id = r.rse_id)`;

export const uploadForgotten: Check = {
  name: 'upload-forgotten',
  says: 'what a client began to write is said to be there within a day',
  remedy: 'it is UNAVAILABLE, due, and guarded: it goes while another good copy is there',
  walk: replicas,
  // What a lock waits for is the business of waiting-without-request, and what is asked for, a movement's.
  denials: (within, terms) =>
    denials(
      {
        ...theCopy,
        fact: sql`format('being written since %s, and nobody has said that it is there',
          coalesce(r.accessed_at::text, 'ever'))`,
      },
      sql`replicas r WHERE ${within(sql`r.did_id`)} AND r.state = ${lit(COPYING)}
            AND r.lock_cnt = 0 AND r.tombstone IS NULL
            AND coalesce(r.accessed_at, '-infinity') <= ${terms.since}::timestamptz
            AND NOT EXISTS (SELECT FROM locks l WHERE l.did_id = r.did_id AND l.rse_id = r.rse_id)
            AND NOT EXISTS (SELECT FROM requests q WHERE q.did_id = r.did_id AND q.rse_id = r.rse_id)`,
    ),
  hold: holdTheCopies,
  mend: (tx, found) => letUnreadableGo(tx, copiesOf(found)),
};

export const unreadableKept: Check = {
  name: 'unreadable-kept',
  says: 'what nobody holds and nobody can read is due',
  remedy: 'it is due, and guarded: it goes while another good copy is there',
  walk: replicas,
  denials: (within, terms) =>
    denials(
      { ...theCopy, fact: sql`format('in state %s, held by nothing, kept for ever', r.state)` },
      sql`replicas r WHERE ${within(sql`r.did_id`)} AND r.lock_cnt = 0 AND r.tombstone IS NULL
            AND (r.state = ${lit(BAD)} OR coalesce(r.accessed_at, '-infinity') <= ${terms.since}::timestamptz
              AND ${failedHere})
            AND NOT EXISTS (SELECT FROM locks l WHERE l.did_id = r.did_id AND l.rse_id = r.rse_id)`,
    ),
  hold: holdTheCopies,
  mend: (tx, found) => letUnreadableGo(tx, copiesOf(found)),
};

export const guardWithoutCopy: Check = {
  name: 'guard-without-copy',
  says: 'only what is there is guarded',
  remedy: 'the guard goes',
  walk: byFile(sql`guarded_copies`),
  denials: (within) =>
    denials(
      {
        key: sql`g.did_id`,
        did: sql`g.did_id`,
        rse: sql`g.rse_id`,
        fact: sql`'there is no such copy'`,
      },
      sql`guarded_copies g LEFT JOIN replicas r ON r.did_id = g.did_id AND r.rse_id = g.rse_id
          WHERE ${within(sql`g.did_id`)} AND r.did_id IS NULL`,
    ),
  hold: holdTheCopies,
  mend: (tx, found) => dropGuardsOf(tx, copiesOf(found)),
};
