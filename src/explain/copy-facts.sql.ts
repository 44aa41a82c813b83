import { lit, one, rows, sql, type Tx } from '../db/index.js';
import { ancestorsOf } from '../dids/index.js';
import {
  BadFileState,
  type CopyKey,
  type DidId,
  type LockState,
  type ReplicaState,
  type RequestState,
  type RseId,
  type RuleId,
  type RuleState,
} from '../vocabulary/index.js';

/** Rows of a listing that anybody reads. */
export const LIST_MAX = 50;

/** A rule that holds something, as it is told in one line. */
export interface HoldingRule {
  readonly id: RuleId;
  readonly uid: string;
  /** Set: it is what is left of a phase of that rule, and is not changed. */
  readonly phaseOf: string | null;
  readonly account: string;
  readonly scope: string;
  readonly name: string;
  readonly rseExpression: string;
  readonly copies: number;
  readonly state: RuleState;
  readonly locksOk: bigint;
  readonly locks: bigint;
  readonly expiresAt: Date | null;
  readonly rules: number;
}

const ruleColumns = sql`r.id, r.uid, r.phase_of AS "phaseOf", a.name AS account, d.scope, d.name, r.rse_expression AS "rseExpression",
  r.copies, r.state, r.locks_ok AS "locksOk", r.locks_ok + r.locks_replicating + r.locks_stuck AS locks,
  r.expires_at AS "expiresAt", (count(*) OVER ())::int AS rules`;
const ruleTables = sql`rules r JOIN accounts a ON a.id = r.account_id JOIN dids d ON d.id = r.did_id`;

/** The rules that hold a file, wherever; `rules` of each row is how many there are. */
export const rulesOnFile = (tx: Tx, didId: DidId): Promise<HoldingRule[]> =>
  rows<HoldingRule>(
    tx,
    sql`SELECT ${ruleColumns} FROM ${ruleTables}
         WHERE r.id IN (SELECT l.rule_id FROM locks l WHERE l.did_id = ${didId}::bigint)
         ORDER BY r.id LIMIT ${lit(LIST_MAX)}`,
  );

/** The rules on a collection and on everything above it. */
export const rulesOnCollection = (tx: Tx, didId: DidId): Promise<HoldingRule[]> =>
  rows<HoldingRule>(
    tx,
    sql`SELECT ${ruleColumns} FROM ${ruleTables}
         WHERE r.did_id = ${didId}::bigint OR r.did_id IN (${ancestorsOf(sql`SELECT ${didId}::bigint`)})
         ORDER BY r.id LIMIT ${lit(LIST_MAX)}`,
  );

/** A rule's hold on one copy. */
export interface CopyLock extends HoldingRule {
  readonly rseId: RseId;
  readonly lockState: LockState;
  readonly cause: string | null;
  readonly nextTry: Date | null;
  /** It moves: to which RSE, why and since when; or it takes the place of one that moves from there. */
  readonly moveTo: string | null;
  readonly moveFrom: string | null;
  readonly moveCause: string | null;
  readonly moveSince: Date | null;
}

/** The locks on the copies of a file, at one RSE or everywhere. */
export const locksOn = (tx: Tx, didId: DidId, rseId: RseId | null): Promise<CopyLock[]> =>
  rows<CopyLock>(
    tx,
    sql`SELECT ${ruleColumns}, l.rse_id AS "rseId", l.state AS "lockState", s.cause, s.next_try_at AS "nextTry",
               (SELECT e.name FROM rses e WHERE e.id = v.target_rse_id) AS "moveTo",
               (SELECT e.name FROM rses e WHERE e.id = w.rse_id) AS "moveFrom",
               coalesce(v.cause, w.cause) AS "moveCause", coalesce(v.since, w.since) AS "moveSince"
          FROM locks l JOIN (${ruleTables}) ON r.id = l.rule_id
          LEFT JOIN stuck_locks s ON s.did_id = l.did_id AND s.rse_id = l.rse_id AND s.rule_id = l.rule_id
          LEFT JOIN lock_moves v ON v.did_id = l.did_id AND v.rse_id = l.rse_id AND v.rule_id = l.rule_id
          LEFT JOIN LATERAL (
            SELECT x.rse_id, x.cause, x.since FROM lock_moves x
             WHERE x.did_id = l.did_id AND x.target_rse_id = l.rse_id AND (x.rule_id + 0) = l.rule_id
             ORDER BY x.since, x.rse_id LIMIT 1) w ON true
         WHERE l.did_id = ${didId}::bigint AND (${rseId}::int IS NULL OR l.rse_id = ${rseId}::int)
         ORDER BY l.rse_id, r.id LIMIT ${lit(LIST_MAX)}`,
  );

/** What waits for the judge on a DID or anything above it. */
export interface PendingEvaluation {
  readonly evaluations: bigint;
  readonly since: Date | null;
  readonly scope: string | null;
  readonly name: string | null;
}

export const pendingEvaluation = (tx: Tx, didId: DidId): Promise<PendingEvaluation | undefined> =>
  one<PendingEvaluation>(
    tx,
    sql`SELECT count(*) OVER () AS evaluations, u.created_at AS since, d.scope, d.name
          FROM updated_dids u JOIN dids d ON d.id = u.did_id
         WHERE u.did_id = ${didId}::bigint OR u.did_id IN (${ancestorsOf(sql`SELECT ${didId}::bigint`)})
         ORDER BY u.id LIMIT 1`,
  );

/** What is said against copies of a file, newest first. */
export interface Declaration {
  readonly rseId: RseId;
  readonly state: BadFileState;
  readonly reason: string | null;
  readonly cause: string | null;
  readonly at: Date;
  readonly account: string | null;
  /** Until when it rests. */
  readonly until: Date | null;
}

const TOLD = sql`(${lit(BadFileState.BAD)}, ${lit(BadFileState.LOST)}, ${lit(BadFileState.TEMPORARY_UNAVAILABLE)})`;

export const declarationsOn = (tx: Tx, didId: DidId): Promise<Declaration[]> =>
  rows<Declaration>(
    tx,
    sql`SELECT b.rse_id AS "rseId", b.state, b.reason, b.cause, b.created_at AS at, a.name AS account,
               b.expires_at AS until
          FROM bad_replicas b LEFT JOIN accounts a ON a.id = b.account_id
         WHERE b.did_id = ${didId}::bigint AND b.state IN ${TOLD} ORDER BY b.id DESC LIMIT ${lit(LIST_MAX)}`,
  );

/** What is not in the columns that everybody reads of a DID. */
export interface DidFlags {
  readonly hidden: boolean;
  readonly obsolete: boolean;
  readonly suppressed: boolean;
  readonly transient: boolean;
  readonly isNew: boolean | null;
  readonly closedAt: Date | null;
  readonly eolAt: Date | null;
  readonly keepsLast: boolean;
}

export const flagsOf = (tx: Tx, didId: DidId): Promise<DidFlags | undefined> =>
  one<DidFlags>(
    tx,
    sql`SELECT d.hidden, d.obsolete, d.suppressed, d.transient, d.is_new AS "isNew", d.closed_at AS "closedAt",
               d.eol_at AS "eolAt",
               EXISTS (SELECT FROM settings s WHERE s.section = 'keep_last_copy' AND s.option = d.scope
                          AND s.value = 'true') AS "keepsLast"
          FROM dids d WHERE d.id = ${didId}`,
  );

/** The request for a copy, as far as it tells what is waited for. */
export interface LiveRequest {
  readonly uid: string;
  readonly state: RequestState;
  readonly dueAt: Date | null;
}

export const requestFor = (tx: Tx, { didId, rseId }: CopyKey): Promise<LiveRequest | undefined> =>
  one<LiveRequest>(
    tx,
    sql`SELECT uid, state, due_at AS "dueAt" FROM requests WHERE did_id = ${didId} AND rse_id = ${rseId}`,
  );

/** Copies of the files of a collection at one RSE. */
export interface CollectionCopies {
  readonly rseId: RseId;
  readonly state: ReplicaState;
  readonly files: bigint;
  readonly bytes: bigint;
}

/** Files of a collection that are looked at. */
export const FILES_MAX = 200_000;

/** Where the files at or below a collection are, by RSE and state; of the first 200,000 of them. */
export const copiesBelow = (tx: Tx, files: ReturnType<typeof sql>): Promise<CollectionCopies[]> =>
  rows<CollectionCopies>(
    tx,
    sql`SELECT c.rse_id AS "rseId", c.state, count(*) AS files, sum(c.bytes)::bigint AS bytes
          FROM (SELECT b.did_id FROM (${files}) b LIMIT ${lit(FILES_MAX)}) f
          JOIN replicas c ON c.did_id = f.did_id GROUP BY 1, 2 ORDER BY 3 DESC, 1`,
  );
