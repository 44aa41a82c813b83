import { lit, lits, type Sql, sql } from '../../src/db/index.js';
import {
  BadFileState,
  DidAvailability,
  DidType,
  LockState,
  ReplicaState,
  RequestState,
  RuleGrouping,
  RuleState,
} from '../../src/vocabulary/index.js';

/** What must be true of the catalogue when every daemon is at rest, and the rows that deny it. */
export interface Invariant {
  readonly says: string;
  readonly denials: Sql;
}

const { AVAILABLE, TEMPORARY_UNAVAILABLE, UNAVAILABLE, COPYING, BAD, BEING_DELETED } = ReplicaState;
const good = sql`(${lits([AVAILABLE, TEMPORARY_UNAVAILABLE])})`;

const locks: readonly Invariant[] = [
  {
    says: 'a replica counts its locks',
    denials: sql`SELECT r.did_id, r.rse_id, r.lock_cnt, count(l.rule_id) AS locks
      FROM replicas r LEFT JOIN locks l ON l.did_id = r.did_id AND l.rse_id = r.rse_id
      GROUP BY r.did_id, r.rse_id HAVING r.lock_cnt <> count(l.rule_id)`,
  },
  {
    says: 'nothing that is locked has a tombstone',
    denials: sql`SELECT r.* FROM replicas r WHERE r.tombstone IS NOT NULL AND EXISTS (
      SELECT FROM locks l WHERE l.did_id = r.did_id AND l.rse_id = r.rse_id)`,
  },
  {
    says: 'a lock has its replica, its rule and its file',
    denials: sql`SELECT l.* FROM locks l
       LEFT JOIN replicas r ON r.did_id = l.did_id AND r.rse_id = l.rse_id
       LEFT JOIN rules u ON u.id = l.rule_id LEFT JOIN dids d ON d.id = l.did_id
      WHERE r.did_id IS NULL OR u.id IS NULL OR d.id IS NULL OR d.type <> ${lit(DidType.FILE)}
         OR l.bytes <> coalesce(d.bytes, 0) OR r.bytes <> l.bytes`,
  },
  {
    says: 'an OK lock has a good replica',
    denials: sql`SELECT l.*, r.state AS replica FROM locks l JOIN replicas r USING (did_id, rse_id)
      WHERE l.state = ${lit(LockState.OK)} AND r.state NOT IN ${good}`,
  },
  {
    says: 'a lock on a good replica is OK',
    denials: sql`SELECT l.*, r.state AS replica FROM locks l JOIN replicas r USING (did_id, rse_id)
      WHERE l.state <> ${lit(LockState.OK)} AND r.state IN ${good}`,
  },
  {
    says: 'a REPLICATING lock waits for a request, or for a copy that rests of what went bad',
    denials: sql`SELECT l.*, r.state AS replica FROM locks l JOIN replicas r USING (did_id, rse_id)
      WHERE l.state = ${lit(LockState.REPLICATING)}
        AND NOT EXISTS (SELECT FROM requests q WHERE q.did_id = l.did_id AND q.rse_id = l.rse_id)
        AND NOT (r.state = ${lit(BAD)} AND (
          EXISTS (SELECT FROM replicas o WHERE o.did_id = l.did_id AND o.state = ${lit(TEMPORARY_UNAVAILABLE)})
          OR EXISTS (SELECT FROM dids d WHERE d.id = l.did_id AND d.expired_at IS NOT NULL))
          AND NOT EXISTS (
            SELECT FROM replicas o WHERE o.did_id = l.did_id AND o.state = ${lit(AVAILABLE)}))`,
  },
  {
    says: 'a STUCK lock has its cause, and a stuck cause its lock',
    denials: sql`SELECT l.*, s.cause FROM locks l FULL JOIN stuck_locks s USING (did_id, rse_id, rule_id)
      WHERE l.state IS NULL OR (l.state = ${lit(LockState.STUCK)} AND s.cause IS NULL)
         OR (l.state = ${lit(LockState.OK)} AND s.cause IS NOT NULL)`,
  },
  {
    says: 'a lock is STUCK only where no source is left',
    denials: sql`SELECT l.* FROM locks l JOIN rules u ON u.id = l.rule_id
      WHERE l.state = ${lit(LockState.STUCK)} AND u.source_replica_expression IS NULL
        AND u.state <> ${lit(RuleState.SUSPENDED)} AND EXISTS (
        SELECT FROM replicas o WHERE o.did_id = l.did_id AND o.state = ${lit(AVAILABLE)})`,
  },
];

/** (rule_id, file): every file below each rule's DID, once. */
const below = sql`WITH RECURSIVE tree(rule_id, id, type) AS (
    SELECT u.id, d.id, d.type FROM rules u JOIN dids d ON d.id = u.did_id
    UNION
    SELECT t.rule_id, d.id, d.type FROM tree t JOIN contents c ON c.parent_id = t.id
      JOIN dids d ON d.id = c.child_id WHERE t.type <> ${lit(DidType.FILE)}),
  wanted AS (SELECT rule_id, id AS file FROM tree WHERE type = ${lit(DidType.FILE)})`;

/** Rules whose placement is complete. */
const placed = sql`u.state IN (${lits([RuleState.OK, RuleState.REPLICATING, RuleState.STUCK])})
  AND u.inject_at IS NULL`;

const rules: readonly Invariant[] = [
  {
    says: 'a rule counts its locks by state',
    denials: sql`SELECT u.id, u.locks_ok, u.locks_replicating, u.locks_stuck, array_agg(l.state) AS states
      FROM rules u LEFT JOIN locks l ON l.rule_id = u.id GROUP BY u.id
      HAVING u.locks_ok <> count(*) FILTER (WHERE l.state = ${lit(LockState.OK)})
          OR u.locks_replicating <> count(*) FILTER (WHERE l.state = ${lit(LockState.REPLICATING)})
          OR u.locks_stuck <> count(*) FILTER (WHERE l.state = ${lit(LockState.STUCK)})`,
  },
  {
    says: "a rule's state follows its counters",
    denials: sql`SELECT u.id, u.state, u.locks_ok, u.locks_replicating, u.locks_stuck, u.inject_at
      FROM rules u WHERE u.state <> ${lit(RuleState.SUSPENDED)}
        -- What is about to expire is not placed any more.
        AND NOT (u.state = ${lit(RuleState.INJECT)} AND u.expires_at IS NOT NULL)
        AND u.state <> CASE
        WHEN u.locks_stuck > 0 OR u.inject_at IS NOT NULL THEN ${lit(RuleState.STUCK)}
        WHEN u.locks_replicating > 0 THEN ${lit(RuleState.REPLICATING)} ELSE ${lit(RuleState.OK)} END`,
  },
  {
    says: 'a placed rule has its copies of every file',
    denials: sql`${below}
      SELECT u.id, w.file, u.copies, u.did_grouping, count(l.rse_id) AS locks
        FROM rules u JOIN wanted w ON w.rule_id = u.id JOIN dids top ON top.id = u.did_id
        LEFT JOIN locks l ON l.rule_id = u.id AND l.did_id = w.file
       WHERE ${placed}
       GROUP BY u.id, w.file, top.type
      HAVING count(l.rse_id) < u.copies
          OR (count(l.rse_id) > u.copies
              AND NOT (u.did_grouping = ${lit(RuleGrouping.DATASET)} AND top.type = ${lit(DidType.CONTAINER)}))`,
  },
  {
    says: 'a rule holds nothing that is not below its DID',
    denials: sql`${below}
      SELECT l.* FROM locks l LEFT JOIN wanted w ON w.rule_id = l.rule_id AND w.file = l.did_id
       WHERE w.file IS NULL`,
  },
];

const copies: readonly Invariant[] = [
  {
    says: 'a replica is of a file, and as large',
    denials: sql`SELECT r.* FROM replicas r LEFT JOIN dids d ON d.id = r.did_id
      WHERE d.id IS NULL OR d.type <> ${lit(DidType.FILE)} OR d.bytes <> r.bytes`,
  },
  {
    says: 'nothing is on its way without a request, and nobody is left deleting',
    denials: sql`SELECT r.* FROM replicas r WHERE r.state = ${lit(BEING_DELETED)}
      OR (r.state = ${lit(COPYING)} AND NOT EXISTS (
        SELECT FROM requests q WHERE q.did_id = r.did_id AND q.rse_id = r.rse_id))`,
  },
  {
    // An upload that its client calls failed stays as the client left it.
    says: 'what nobody holds and nobody can read is due, or guarded',
    denials: sql`SELECT r.* FROM replicas r
      WHERE r.lock_cnt = 0 AND r.tombstone IS NULL AND (r.state IN (${lits([COPYING, BAD])})
        OR (r.state = ${lit(UNAVAILABLE)} AND EXISTS (
          SELECT FROM requests_history h WHERE h.did_id = r.did_id AND h.rse_id = r.rse_id)))`,
  },
  {
    says: 'every movement has come to its end, or waits for a source that is away for a while',
    denials: sql`SELECT q.* FROM requests q WHERE q.state <> ${lit(RequestState.WAITING)}
      OR NOT EXISTS (SELECT FROM replicas o WHERE o.did_id = q.did_id
                        AND o.state = ${lit(TEMPORARY_UNAVAILABLE)})`,
  },
  {
    says: 'only what is there and unlocked is guarded',
    denials: sql`SELECT g.* FROM guarded_copies g LEFT JOIN replicas r USING (did_id, rse_id)
      WHERE r.did_id IS NULL OR r.lock_cnt > 0`,
  },
  {
    says: 'a bad copy is declared so',
    denials: sql`SELECT r.* FROM replicas r WHERE r.state = ${lit(BAD)} AND NOT EXISTS (
      SELECT FROM bad_replicas b WHERE b.did_id = r.did_id AND b.rse_id = r.rse_id
         AND b.state IN (${lits([BadFileState.BAD, BadFileState.LOST])}))`,
  },
  {
    says: 'a file is lost where a copy is bad and no other one is good',
    denials: sql`SELECT d.id, d.name, d.availability FROM dids d
      WHERE d.type = ${lit(DidType.FILE)} AND d.expired_at IS NULL
        AND (d.availability = ${lit(DidAvailability.LOST)}) <> (
          NOT EXISTS (SELECT FROM replicas o WHERE o.did_id = d.id AND o.state IN ${good})
          AND (EXISTS (SELECT FROM replicas b WHERE b.did_id = d.id AND b.state = ${lit(BAD)})
            -- Somebody deleted what was left of it, by name or with its last rule.
            OR d.availability = ${lit(DidAvailability.LOST)}))`,
  },
  {
    says: 'a request that waits has a lock that wants it',
    denials: sql`SELECT q.* FROM requests q WHERE q.state = ${lit(RequestState.WAITING)} AND NOT EXISTS (
      SELECT FROM locks l WHERE l.did_id = q.did_id AND l.rse_id = q.rse_id)`,
  },
];

const sums: readonly Invariant[] = [
  {
    says: 'an account is charged for its locks',
    denials: sql`SELECT account_id, rse_id, sum(files) AS files, sum(bytes) AS bytes FROM (
        SELECT account_id, rse_id, files, bytes FROM account_usage
        UNION ALL SELECT account_id, rse_id, files, bytes FROM account_usage_deltas
        UNION ALL SELECT u.account_id, l.rse_id, -1, -l.bytes FROM locks l JOIN rules u ON u.id = l.rule_id) x
      GROUP BY account_id, rse_id HAVING sum(files) <> 0 OR sum(bytes) <> 0`,
  },
  {
    says: 'a storage element is used by its replicas',
    denials: sql`SELECT rse_id, sum(files) AS files, sum(bytes) AS bytes FROM (
        SELECT rse_id, files, used AS bytes FROM rse_usage WHERE source = 'rucio'
        UNION ALL SELECT rse_id, files, bytes FROM rse_usage_deltas
        UNION ALL SELECT rse_id, -1, -bytes FROM replicas) x
      GROUP BY rse_id HAVING sum(files) <> 0 OR sum(bytes) <> 0`,
  },
  {
    says: 'a dataset is as long and as large as its content',
    denials: sql`SELECT did_id, sum(length) AS length, sum(bytes) AS bytes FROM (
        SELECT did_id, length, bytes FROM collections
        UNION ALL SELECT did_id, length, bytes FROM collection_deltas
        UNION ALL SELECT c.parent_id, -1, -coalesce(f.bytes, 0) FROM contents c
          JOIN dids f ON f.id = c.child_id JOIN dids d ON d.id = c.parent_id
         WHERE d.type = ${lit(DidType.DATASET)}) x
      GROUP BY did_id HAVING sum(length) <> 0 OR sum(bytes) <> 0`,
  },
  {
    says: 'content is of what exists',
    denials: sql`SELECT c.* FROM contents c LEFT JOIN dids p ON p.id = c.parent_id
       LEFT JOIN dids d ON d.id = c.child_id WHERE p.id IS NULL OR d.id IS NULL`,
  },
  {
    says: 'every change of content has had its consequences',
    denials: sql`SELECT u.* FROM updated_dids u`,
  },
];

export const invariants: readonly Invariant[] = [...locks, ...rules, ...copies, ...sums];
