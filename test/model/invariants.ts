import { join, lit, lits, prepared, type Sql, sql } from '../../src/db/index.js';
import { checks, type DoctorTerms, everything } from '../../src/doctor/index.js';
import {
  Cause,
  DidAvailability,
  DidType,
  LockState,
  ReplicaState,
  RequestState,
  RuleState,
} from '../../src/vocabulary/index.js';

/** What must be true of the catalogue when every daemon is at rest, and the rows that deny it. */
export interface Invariant {
  readonly says: string;
  readonly denials: Sql;
}

const { AVAILABLE, TEMPORARY_UNAVAILABLE, COPYING, BAD, BEING_DELETED } = ReplicaState;
const good = sql`(${lits([AVAILABLE, TEMPORARY_UNAVAILABLE])})`;

/** Nobody is at work: nothing may be so for a while. */
const AT_REST: DoctorTerms = {
  now: new Date('9000-01-01T00:00:00Z'),
  since: new Date('9000-01-01T00:00:00Z'),
  atRest: true,
  lockRetrySeconds: 0,
  lockRetrySecondsMax: 0,
  expressRetrySeconds: 0,
  tombstoneDelaySeconds: 0,
  sliceLocks: 1,
};

/** What is true when nobody is at work, and no business of the doctor's while somebody is. */
const atRest: readonly Invariant[] = [
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
    // Bytes that are gone are only suspicious: a storage without its mount misses everything.
    says: 'a lock is STUCK only where no source is left, or the bytes of what is left are gone',
    denials: sql`SELECT l.*, s.cause, s.next_try_at FROM locks l JOIN rules u ON u.id = l.rule_id
      LEFT JOIN stuck_locks s ON s.did_id = l.did_id AND s.rse_id = l.rse_id AND s.rule_id = l.rule_id
      WHERE l.state = ${lit(LockState.STUCK)} AND u.source_replica_expression IS NULL
        AND s.cause IS DISTINCT FROM ${Cause.SOURCE_MISSING}
        AND u.state <> ${lit(RuleState.SUSPENDED)} AND EXISTS (
        SELECT FROM replicas o WHERE o.did_id = l.did_id AND o.state = ${lit(AVAILABLE)})`,
  },
  {
    says: 'every rule that does not end is placed',
    denials: sql`SELECT u.id, u.state, u.inject_at FROM rules u
      WHERE u.state = ${lit(RuleState.INJECT)} AND u.expires_at IS NULL`,
  },
  {
    says: 'nothing is on its way without a request, and nobody is left deleting',
    denials: sql`SELECT r.* FROM replicas r WHERE r.state = ${lit(BEING_DELETED)}
      OR (r.state = ${lit(COPYING)} AND NOT EXISTS (
        SELECT FROM requests q WHERE q.did_id = r.did_id AND q.rse_id = r.rse_id))`,
  },
  {
    says: 'every movement has come to its end, or waits for a source that is away, or whose bytes are',
    denials: sql`SELECT q.* FROM requests q WHERE q.state <> ${lit(RequestState.WAITING)}
      OR q.cause IS DISTINCT FROM ${Cause.SOURCE_MISSING}
         AND NOT EXISTS (SELECT FROM replicas o WHERE o.did_id = q.did_id
                            AND o.state = ${lit(TEMPORARY_UNAVAILABLE)})`,
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
];

/** The doctor's checks of the whole catalogue, and what is true at rest besides. */
export const invariants: readonly Invariant[] = [
  ...checks.map(({ name, says, denials }) => ({
    says: `${says} (${name})`,
    denials: denials(everything, AT_REST),
  })),
  ...atRest,
];

/** What people and clients leave undone for a while may be so for longer than any sequence lasts. */
const LONGER_MS = 365 * 86_400_000;

/**
 * What denies, at the end of a transaction, a thing that the doctor says is always true, whoever is
 * at work: rows (says, fact). One statement, which each connection plans once.
 */
export const denialsAtWork = (now: Date): Sql => {
  const terms = { ...AT_REST, now, since: new Date(now.getTime() - LONGER_MS), atRest: false };
  const each = checks.map(
    ({ name, says, denials }) => sql`
      SELECT ${`${says} (${name})`}::text AS says, row_to_json(d)::text AS fact
        FROM (${denials(everything, terms)}) d`,
  );
  return prepared('denials_at_work', join(each, ' UNION ALL '));
};
