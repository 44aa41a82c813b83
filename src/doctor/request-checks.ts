import { execute, lit, lits, rows, sql, type Tx } from '../db/index.js';
import { failCopies } from '../replicas/index.js';
import { cancelRequests, keepCancelled, queueCopies } from '../requests/index.js';
import { countLocksAnew } from '../rules/index.js';
import { Cause, LockState, ReplicaState, RequestState, RequestType } from '../vocabulary/index.js';
import { byFile, type Check, type Denial, denials } from './check.js';
import { copiesOf, holdTheCopies, replicas, rulesOf, theCopy } from './holds.js';
import { stickAll } from './stuck-checks.js';

const { BEING_DELETED, COPYING, UNAVAILABLE } = ReplicaState;

/** Copies as a set of rows (did_id, rse_id). */
const pairs = (found: readonly Denial[]) => {
  const copies = copiesOf(found);
  return sql`SELECT k.did_id, k.rse_id FROM unnest(${copies.map(({ didId }) => didId)}::bigint[],
    ${copies.map(({ rseId }) => rseId)}::int[]) AS k(did_id, rse_id)`;
};

export const waitingWithoutRequest: Check = {
  name: 'waiting-without-request',
  says: 'a copy that a lock waits for has a request',
  remedy: 'its locks are stuck, and the repairer asks for the copy again',
  walk: replicas,
  // A client may be writing it: uploads have their time.
  denials: (within, terms) =>
    denials(
      {
        ...theCopy,
        rule: sql`l.rule_id`,
        fact: sql`format('in state %s, and nobody brings it', r.state)`,
      },
      sql`replicas r CROSS JOIN LATERAL (
            SELECT x.rule_id FROM locks x WHERE x.did_id = r.did_id AND x.rse_id = r.rse_id
               AND x.state = ${lit(LockState.REPLICATING)} ORDER BY x.rule_id LIMIT 1) l
          WHERE ${within(sql`r.did_id`)} AND r.state IN (${lits([COPYING, UNAVAILABLE, BEING_DELETED])})
            AND coalesce(r.accessed_at, '-infinity') <= ${terms.since}::timestamptz
            AND NOT EXISTS (SELECT FROM requests q WHERE q.did_id = r.did_id AND q.rse_id = r.rse_id)`,
    ),
  hold: holdTheCopies,
  mend: async (tx, found, terms) => {
    await countLocksAnew(tx, rulesOf(found), terms.now);
    const leaving = found.filter(({ fact }) => fact.startsWith(`in state ${BEING_DELETED}`));
    const others = found.filter((denial) => !leaving.includes(denial));
    await waitBehindDeletion(tx, leaving);
    await execute(tx, failCopies(pairs(others)));
    await stickAll(tx, others, Cause.LOST_WORKER, terms);
  },
};

/** What is wanted again while it is deleted has a request that waits for the end of that. */
async function waitBehindDeletion(tx: Tx, found: readonly Denial[]): Promise<void> {
  const { TRANSFER, STAGEIN } = RequestType;
  await rows(
    tx,
    queueCopies(sql`
      SELECT k.did_id, k.rse_id, r.bytes, u.id AS rule_id, u.account_id, u.activity, u.priority,
             CASE WHEN e.staging_area THEN ${lit(STAGEIN)}::"char" ELSE ${lit(TRANSFER)}::"char" END AS type,
             ${lit(RequestState.WAITING)}::"char" AS state
        FROM (${pairs(found)}) k
        JOIN replicas r ON r.did_id = k.did_id AND r.rse_id = k.rse_id
        JOIN rses e ON e.id = k.rse_id
        CROSS JOIN LATERAL (SELECT l.rule_id FROM locks l WHERE l.did_id = k.did_id AND l.rse_id = k.rse_id
                             ORDER BY l.rule_id LIMIT 1) l
        JOIN rules u ON u.id = l.rule_id`),
  );
}

export const requestWithoutLock: Check = {
  name: 'request-without-lock',
  says: 'a request has a copy, and a lock that wants it',
  remedy: 'it is cancelled, and kept in the history',
  walk: byFile(sql`requests`),
  denials: (within, terms) =>
    denials(
      {
        key: sql`q.did_id`,
        did: sql`q.did_id`,
        rse: sql`q.rse_id`,
        fact: sql`format('asked for at %s; %s', q.created_at,
          CASE WHEN r.did_id IS NULL THEN 'the catalogue has no such copy' ELSE 'nothing holds the copy' END)`,
      },
      sql`requests q LEFT JOIN replicas r ON r.did_id = q.did_id AND r.rse_id = q.rse_id
          WHERE ${within(sql`q.did_id`)} AND (r.did_id IS NULL OR q.created_at <= ${terms.since}::timestamptz
            AND NOT EXISTS (SELECT FROM locks l WHERE l.did_id = q.did_id AND l.rse_id = q.rse_id))`,
    ),
  hold: holdTheCopies,
  mend: async (tx, found, { now }) => {
    await execute(
      tx,
      sql`WITH cancelled AS (${cancelRequests(pairs(found))})
          ${keepCancelled(sql`SELECT * FROM cancelled`, now)}`,
    );
    await execute(tx, failCopies(pairs(found)));
  },
};
