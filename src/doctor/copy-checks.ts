import { lit, lits, sql } from '../db/index.js';
import { adoptLockBytes } from '../locks/index.js';
import {
  adoptFileBytes,
  forgetPaths,
  forgetStrays,
  insertDeclarations,
  recountLocks,
} from '../replicas/index.js';
import { chargeLocks } from '../rules/index.js';
import { BadFileState, DidType, ReplicaState } from '../vocabulary/index.js';
import { byFile, type Check, denials } from './check.js';
import { copiesOf, didsOf, holdTheCopies, replicas, theCopy } from './holds.js';

const { BAD } = ReplicaState;

export const replicaWithoutFile: Check = {
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

export const copyBytes: Check = {
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

export const badUndeclared: Check = {
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

export const pathWithoutCopy: Check = {
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
