import { one, rows, sql, type Tx } from '../db/index.js';
import {
  type Cause,
  type CopyKey,
  type DidId,
  type ReplicaState,
  type RequestId,
  type RequestState,
  type RseId,
  type RuleId,
} from '../vocabulary/index.js';

/** A wanted transfer with all that its explanation needs. */
export interface WantedTransfer extends CopyKey {
  readonly id: RequestId;
  readonly uid: string;
  readonly scope: string | null;
  readonly name: string | null;
  readonly ruleId: RuleId | null;
  readonly ruleUid: string | null;
  /** The rule is what is left of a phase, and is not changed. */
  readonly ruleIsOver: boolean;
  readonly sourceExpression: string | null;
  readonly destination: string;
  readonly destinationWritable: boolean;
  readonly source: string | null;
  readonly account: string;
  readonly bytes: bigint;
  readonly bytesMoved: bigint | null;
  readonly activity: number;
  readonly priority: number;
  readonly attempt: number;
  readonly state: RequestState;
  readonly overwrite: boolean;
  readonly tool: string | null;
  readonly claimedBy: string | null;
  readonly claimedUntil: Date | null;
  readonly dueAt: Date | null;
  readonly createdAt: Date;
  readonly submittedAt: Date | null;
  readonly startedAt: Date | null;
  readonly cause: Cause | null;
  readonly error: string | null;
  readonly expected: string | null;
  readonly found: string | null;
}

/** The request of a uid. Each attempt has another one. */
export const wantedTransfer = (tx: Tx, uid: string): Promise<WantedTransfer | undefined> =>
  one<WantedTransfer>(
    tx,
    sql`SELECT q.id, q.uid, q.did_id AS "didId", q.rse_id AS "rseId", d.scope, d.name, q.rule_id AS "ruleId",
               u.uid AS "ruleUid", u.phase_of IS NOT NULL AS "ruleIsOver", u.source_replica_expression AS "sourceExpression", e.name AS destination,
               e.availability_write AS "destinationWritable", s.name AS source, a.name AS account, q.bytes,
               q.bytes_moved AS "bytesMoved", q.activity, q.priority, q.attempt, q.state, q.overwrite, q.tool,
               q.claimed_by AS "claimedBy", q.claimed_until AS "claimedUntil", q.due_at AS "dueAt",
               q.created_at AS "createdAt", q.submitted_at AS "submittedAt", q.started_at AS "startedAt",
               q.cause, q.error, q.expected, q.found
          FROM requests q JOIN rses e ON e.id = q.rse_id JOIN accounts a ON a.id = q.account_id
          LEFT JOIN dids d ON d.id = q.did_id LEFT JOIN rules u ON u.id = q.rule_id
          LEFT JOIN rses s ON s.id = q.source_rse_id
         WHERE q.uid = ${uid}::uuid`,
  );

/** An attempt that is over. */
export interface PastAttempt {
  readonly attempt: number;
  readonly cause: Cause | null;
  readonly error: string | null;
  readonly source: string | null;
  readonly at: Date;
}

/** The attempts at a copy that are over, newest first. */
export const pastAttempts = (tx: Tx, { didId, rseId }: CopyKey): Promise<PastAttempt[]> =>
  rows<PastAttempt>(
    tx,
    sql`SELECT h.attempt, h.cause, h.error, s.name AS source, h.archived_at AS at
          FROM requests_history h LEFT JOIN rses s ON s.id = h.source_rse_id
         WHERE h.did_id = ${didId} AND h.rse_id = ${rseId}
         ORDER BY h.archived_at DESC, h.id DESC LIMIT 10`,
  );

/** A copy of a file as a source, usable or not. */
export interface PossibleSource {
  readonly rseId: RseId;
  readonly rse: string;
  readonly state: ReplicaState;
  readonly readable: boolean;
  readonly gone: boolean;
  /** The shortest distance to the destination, where one is set. */
  readonly distance: number | null;
}

/** Every copy of a file but the one at the destination. */
export const possibleSources = (
  tx: Tx,
  didId: DidId,
  destination: RseId,
): Promise<PossibleSource[]> =>
  rows<PossibleSource>(
    tx,
    sql`SELECT c.rse_id AS "rseId", e.name AS rse, c.state, e.availability_read AS readable,
               e.deleted_at IS NOT NULL AS gone, x.distance
          FROM replicas c JOIN rses e ON e.id = c.rse_id
          LEFT JOIN distances x ON x.source_id = c.rse_id AND x.destination_id = ${destination}
         WHERE c.did_id = ${didId} AND c.rse_id <> ${destination} ORDER BY e.name`,
  );
