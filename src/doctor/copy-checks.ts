import { execute, lit, lits, rows, sql, type Tx } from '../db/index.js';
import { adoptLockBytes } from '../locks/index.js';
import {
  adoptFileBytes,
  dropGuardsOf,
  dueAgain,
  failCopies,
  forgetPaths,
  forgetStrays,
  insertDeclarations,
  letUnreadableGo,
  recountLocks,
} from '../replicas/index.js';
import { cancelRequests, keepCancelled, queueCopies } from '../requests/index.js';
import { chargeLocks, countLocksAnew } from '../rules/index.js';
import {
  BadFileState,
  Cause,
  DidType,
  LockState,
  ReplicaState,
  RequestState,
  RequestType,
} from '../vocabulary/index.js';
import { byFile, type Check, type Denial, denials } from './check.js';
import { copiesOf, didsOf, holdTheCopies, rulesOf } from './holds.js';
import { stickAll } from './lock-checks.js';

const { BAD, BEING_DELETED, COPYING, UNAVAILABLE } = ReplicaState;
const replicas = byFile(sql`replicas`);
const theCopy = { key: sql`r.did_id`, did: sql`r.did_id`, rse: sql`r.rse_id` };

/** Copies as a set of rows (did_id, rse_id). */
const pairs = (found: readonly Denial[]) => {
  const copies = copiesOf(found);
  return sql`SELECT k.did_id, k.rse_id FROM unnest(${copies.map(({ didId }) => didId)}::bigint[],
    ${copies.map(({ rseId }) => rseId)}::int[]) AS k(did_id, rse_id)`;
};

const waitingWithoutRequest: Check = {
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

const replicaWithoutFile: Check = {
  name: 'replica-without-file',
  says: 'a replica is of a file',
  remedy: 'it is forgotten; its bytes, if there are any, are then in no catalogue',
  walk: replicas,
  denials: (within) =>
    denials(
      {
        ...theCopy,
        fact: sql`format('there is no file #%s%s', r.did_id,
          (SELECT ', it was ' || g.scope || ':' || g.name FROM deleted_dids g WHERE g.id = r.did_id
            ORDER BY g.deleted_at DESC LIMIT 1))`,
      },
      sql`replicas r LEFT JOIN dids d ON d.id = r.did_id
          WHERE ${within(sql`r.did_id`)} AND d.type IS DISTINCT FROM ${lit(DidType.FILE)}`,
    ),
  hold: holdTheCopies,
  mend: async (tx, found) => {
    await recountLocks(tx, copiesOf(found));
    await forgetStrays(tx, copiesOf(found));
  },
};

const copyBytes: Check = {
  name: 'copy-bytes',
  says: 'a replica and its locks are as large as the file',
  remedy: "the file's size counts, and what is used and charged follows",
  walk: replicas,
  denials: (within) => sql`
    ${denials(
      { ...theCopy, fact: sql`format('%s bytes, the file has %s', r.bytes, d.bytes)` },
      sql`replicas r JOIN dids d ON d.id = r.did_id AND d.type = ${lit(DidType.FILE)}
          WHERE ${within(sql`r.did_id`)} AND d.bytes <> r.bytes`,
    )}
    UNION ALL ${denials(
      {
        key: sql`l.did_id`,
        did: sql`l.did_id`,
        rse: sql`l.rse_id`,
        rule: sql`l.rule_id`,
        fact: sql`format('lock of %s bytes, the file has %s', l.bytes, d.bytes)`,
      },
      sql`locks l JOIN dids d ON d.id = l.did_id AND d.type = ${lit(DidType.FILE)}
          WHERE ${within(sql`l.did_id`)} AND l.bytes <> coalesce(d.bytes, 0)`,
    )}`,
  hold: holdTheCopies,
  mend: async (tx, found) => {
    await adoptFileBytes(tx, didsOf(found));
    const changed = await adoptLockBytes(tx, didsOf(found));
    await chargeLocks(tx, changed, { files: 0, sign: 1 });
  },
};

const deletionWithoutLease: Check = {
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

const badUndeclared: Check = {
  name: 'bad-undeclared',
  says: 'a bad copy is declared so',
  remedy: 'it is declared bad, and so replaced',
  walk: replicas,
  denials: (within) =>
    denials(
      { ...theCopy, fact: sql`'is BAD, and nobody has said why: it would never be replaced'` },
      sql`replicas r WHERE ${within(sql`r.did_id`)} AND r.state = ${lit(BAD)} AND NOT EXISTS (
            SELECT FROM bad_replicas b WHERE b.did_id = r.did_id AND b.rse_id = r.rse_id
               AND b.state IN (${lits([BadFileState.BAD, BadFileState.LOST])}))`,
    ),
  hold: holdTheCopies,
  mend: (tx, found, { now }) =>
    insertDeclarations(tx, copiesOf(found), {
      state: BadFileState.BAD,
      reason: 'found BAD without a declaration',
      cause: null,
      accountId: null,
      now,
    }),
};

/** An upload that its client calls failed stays as the client left it. */
const failedHere = sql`r.state = ${lit(UNAVAILABLE)} AND EXISTS (
  SELECT FROM requests_history h WHERE h.did_id = r.did_id AND h.rse_id = r.rse_id)`;

const uploadForgotten: Check = {
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

const unreadableKept: Check = {
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

const guardWithoutCopy: Check = {
  name: 'guard-without-copy',
  says: 'only what is there and unlocked is guarded',
  remedy: 'the guard goes',
  walk: byFile(sql`guarded_copies`),
  denials: (within) =>
    denials(
      {
        key: sql`g.did_id`,
        did: sql`g.did_id`,
        rse: sql`g.rse_id`,
        fact: sql`CASE WHEN r.did_id IS NULL THEN 'there is no such copy' ELSE 'a rule holds it' END`,
      },
      sql`guarded_copies g LEFT JOIN replicas r ON r.did_id = g.did_id AND r.rse_id = g.rse_id
          WHERE ${within(sql`g.did_id`)} AND (r.did_id IS NULL OR r.lock_cnt > 0)`,
    ),
  hold: holdTheCopies,
  mend: (tx, found) => dropGuardsOf(tx, copiesOf(found)),
};

const requestWithoutLock: Check = {
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

const pathWithoutCopy: Check = {
  name: 'path-without-copy',
  says: 'a path is of a copy',
  remedy: 'it is forgotten, and free for another file',
  walk: byFile(sql`replica_paths`),
  denials: (within) =>
    denials(
      {
        key: sql`p.did_id`,
        did: sql`p.did_id`,
        rse: sql`p.rse_id`,
        fact: sql`'no copy is at ' || p.path`,
      },
      sql`replica_paths p LEFT JOIN replicas r ON r.did_id = p.did_id AND r.rse_id = p.rse_id
          WHERE ${within(sql`p.did_id`)} AND r.did_id IS NULL`,
    ),
  mend: async (tx, found) => {
    await forgetPaths(tx, copiesOf(found));
  },
};

/** Where files are. */
export const copyChecks: readonly Check[] = [
  waitingWithoutRequest,
  replicaWithoutFile,
  copyBytes,
  deletionWithoutLease,
  badUndeclared,
  uploadForgotten,
  unreadableKept,
  guardWithoutCopy,
  requestWithoutLock,
  pathWithoutCopy,
];
